import Control
import Trail
import VaultFormat

/// The text for people in an evidence pack. `log verify-pack` makes it anew and compares: what it writes for a pack of version 1 never changes.
enum EvidenceText {
  static func text(_ manifest: EvidenceManifest, _ records: [EvidenceRecord]) -> String {
    var text = """
      Evidence from the trail of a Strongroom vault / Strongroom 保险库访问日志证据

      case / 案件: \(manifest.matter)
      vault / 保险库: \(manifest.vault)
      made / 制作时间: \(LogWords.time(manifest.made))
      reviewer / 审阅人: \(manifest.reviewer.label) (\(TrailReviewers.fingerprint(of: manifest.reviewer.publicKey)))
      evidence key / 证据公钥: \(Hex.encode(manifest.signer))
      records / 记录: \(manifest.chosenCount) (+\(manifest.contextCount))
      keys of the segments in this pack / 含日志段密钥: \(manifest.isOpened ? "yes / 是" : "no / 否")

      """
    for filter in manifest.filters { text += "filter / 筛选: \(filter.name) = \(filter.value)\n" }
    text += """

      Check it with / 校验方法: strongroom log verify-pack FILE --genesis KEY --signer KEY
      The program prints these records anew from the signed bytes; docs/format/evidence.md says what that proves.
      Other records may exist that were not chosen. / 可能存在未选取的其他记录。

      """
    var handles = HandleTable()
    var segment: UInt64 = 0
    for record in records {
      // Each segment says anew which handles are open.
      if record.segment != segment { handles = HandleTable() }
      segment = record.segment
      let entry = handles.complete(segment: record.segment, sequence: record.sequence, record.record)
      text += "\n" + lines(entry, isContext: record.isContext)
    }
    return text
  }

  private static func lines(_ entry: LogEntry, isContext: Bool) -> String {
    let record = entry.record
    var text = "#\(entry.sequence) \(LogWords.time(record.wall)) \(record.action.name) \(LogWords.outcome(record.outcome))"
    if record.errno != 0 { text += " " + LogWords.errno(record.errno) }
    text += isContext ? " (context / 上下文)\n" : "\n"
    func add(_ name: String, _ value: String?) { if let value, !value.isEmpty { text += "  \(name): \(value)\n" } }
    func actor(_ actor: Record.Actor) -> String {
      var words = "\(Escaping.shown(actor.name)) uid=\(actor.uid)"
      if actor.pid != 0 { words += " pid=\(actor.pid)" }
      if let program = actor.program { words += " program=\(Escaping.shown(program))" }
      if let login = actor.loginUID { words += " login=\(login)" }
      return words
    }
    func object(_ place: Record.Object) -> String {
      var words = place.path.isEmpty ? "" : Escaping.shown(place.path) + " "
      words += "node=\(place.node)"
      if let size = place.size { words += " size=\(size)" }
      return words
    }
    add("user", record.actor.map(actor))
    add("opened by", record.opener.map(actor))
    add("path", record.object.map(object))
    add("target", record.target.map(object))
    add("handle", record.handle.map { String($0.value) })
    add("range", record.range.map { "offset=\($0.offset) asked=\($0.asked) returned=\($0.returned)" })
    add("decision", record.decision.map { LogWords.reason($0) })
    add("count", record.count.map { String($0) })
    add(
      "bytes",
      record.usage.map { "read=\($0.readByteCount) different=\($0.distinctByteCount) written=\($0.writtenByteCount)" })
    for detail in record.details { add(Escaping.shown(detail.key), Escaping.shown(detail.value)) }
    return text
  }
}
