import Control
import VaultFormat

/// A record as JSON Lines (docs/log-fields.md, "JSON Lines"). Names never change; fields that a record does not have are absent.
package enum RecordJSON {
  package static func object(_ entry: LogEntry) -> JSONObject {
    let record = entry.record
    var object = JSONObject()
    object.set("sequence", entry.sequence)
    object.set("segment", entry.segment)
    object.set("time", LogWords.time(record.wall))
    object.set("boot_ns", record.boot)
    object.set("action", record.action.name)
    object.set("outcome", LogWords.outcome(record.outcome))
    if record.errno != 0 { object.set("errno", LogWords.errno(record.errno)) }
    if let actor = record.actor { set(actor, to: &object) }
    if let opener = record.opener {
      var inner = JSONObject()
      set(opener, to: &inner)
      object.set("opener", inner)
    }
    if let place = record.object { set(place, "", to: &object) }
    if let target = record.target { set(target, "target_", to: &object) }
    object.set("handle", record.handle?.value)
    if let range = record.range {
      object.set("offset", range.offset)
      object.set("asked", range.asked)
      object.set("returned", range.returned)
    }
    if let decision = record.decision {
      object.set("decision", LogWords.decision(decision))
      object.set("rule", LogWords.rule(decision)?.value)
      if let rights = LogWords.missing(decision) { object.set("missing", rights.names) }
    }
    object.set("count", record.count)
    if let usage = record.usage {
      object.set("bytes_read", usage.readByteCount)
      object.set("bytes_distinct", usage.distinctByteCount)
      object.set("bytes_written", usage.writtenByteCount)
    }
    if !record.details.isEmpty {
      var details = JSONObject()
      var seen: Set<String> = []
      for detail in record.details where seen.insert(detail.key).inserted { details.set(detail.key, detail.value) }
      object.set("details", details)
    }
    return object
  }

  private static func set(_ actor: Record.Actor, to object: inout JSONObject) {
    if !actor.name.isEmpty { object.set("user", actor.name) }
    object.set("uid", actor.uid)
    if actor.pid != 0 { object.set("pid", actor.pid) }
    object.set("program", actor.program)
    object.set("login_uid", actor.loginUID)
  }

  private static func set(_ place: Record.Object, _ prefix: String, to object: inout JSONObject) {
    if place.node != .none { object.set(prefix + "node", place.node.value) }
    if !place.path.isEmpty { object.set(prefix + "path", LogWords.path(place.path)) }
    object.set(prefix + "size", place.size)
  }
}
