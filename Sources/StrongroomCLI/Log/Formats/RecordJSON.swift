import Control
import VaultFormat

/// A record as JSON Lines (docs/log-fields.md, "JSON Lines"). Names never change; fields that a record does not have are absent.
package enum RecordJSON {
  /// The fields that other formats have places of their own for.
  struct Fields: OptionSet {
    let rawValue: Int
    static let sequence = Fields(rawValue: 1 << 0)
    static let time = Fields(rawValue: 1 << 1)
    static let action = Fields(rawValue: 1 << 2)
    static let errno = Fields(rawValue: 1 << 3)
    /// `user`, `uid`, `pid` and `program` of who did it.
    static let actor = Fields(rawValue: 1 << 4)
    /// `node`, `path` and `size`.
    static let object = Fields(rawValue: 1 << 5)
    /// `target_node`, `target_path` and `target_size`.
    static let target = Fields(rawValue: 1 << 6)
    static let count = Fields(rawValue: 1 << 7)
    static let rule = Fields(rawValue: 1 << 8)
  }

  package static func line(_ entry: LogEntry) -> String {
    var writer = JSONWriter()
    writer.line { write(entry, to: &$0) }
    return String(decoding: writer.bytes.dropLast(), as: UTF8.self)
  }

  static func write(_ entry: LogEntry, to json: inout JSONWriter, without mapped: Fields = []) {
    let record = entry.record
    if !mapped.contains(.sequence) { json.set("sequence", entry.sequence) }
    json.set("segment", entry.segment)
    if !mapped.contains(.time) { json.set("time", time: record.wall) }
    json.set("boot_ns", signed: record.boot)
    if !mapped.contains(.action) { json.set("action", word: LogWords.action(record.action)) }
    json.set("outcome", word: LogWords.outcomeWord(record.outcome))
    if record.errno != 0, !mapped.contains(.errno) { json.set("errno", LogWords.errno(record.errno)) }
    if let actor = record.actor { write(actor, to: &json, isMapped: mapped.contains(.actor)) }
    if let opener = record.opener { json.object("opener") { write(opener, to: &$0) } }
    if let place = record.object, !mapped.contains(.object) {
      if place.node != .none { json.set("node", place.node.value) }
      if !place.path.isEmpty { json.set("path", path: place.path) }
      json.set("size", place.size)
    }
    if let target = record.target, !mapped.contains(.target) {
      if target.node != .none { json.set("target_node", target.node.value) }
      if !target.path.isEmpty { json.set("target_path", path: target.path) }
      json.set("target_size", target.size)
    }
    json.set("handle", record.handle?.value)
    if let range = record.range {
      json.set("offset", range.offset)
      json.set("asked", range.asked)
      json.set("returned", range.returned)
    }
    if let decision = record.decision {
      json.set("decision", LogWords.decision(decision))
      if !mapped.contains(.rule) { json.set("rule", LogWords.rule(decision)?.value) }
      if let rights = LogWords.missing(decision) { json.set("missing", rights.names) }
    }
    if !mapped.contains(.count) { json.set("count", record.count) }
    if let usage = record.usage {
      json.set("bytes_read", usage.readByteCount)
      json.set("bytes_distinct", usage.distinctByteCount)
      json.set("bytes_written", usage.writtenByteCount)
    }
    if !record.details.isEmpty { json.object("details") { write(record.details, to: &$0) } }
  }

  /// A key that is there twice counts once: JSON has one value for a name.
  private static func write(_ details: [Record.Detail], to json: inout JSONWriter) {
    for (index, detail) in details.enumerated() where !details[..<index].contains(where: { $0.key == detail.key }) {
      json.set(named: detail.key, detail.value)
    }
  }

  private static func write(_ actor: Record.Actor, to json: inout JSONWriter, isMapped: Bool = false) {
    if !isMapped {
      if !actor.name.isEmpty { json.set("user", actor.name) }
      json.set("uid", UInt64(actor.uid))
      if actor.pid != 0 { json.set("pid", signed: Int64(actor.pid)) }
      json.set("program", actor.program)
    }
    json.set("login_uid", actor.loginUID.map { UInt64($0) })
  }
}
