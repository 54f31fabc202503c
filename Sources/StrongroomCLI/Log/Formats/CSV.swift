import VaultFormat

/// Comma-separated values (RFC 4180), for spreadsheets.
package enum CSV {
  /// One record line without its end. Controls and bidi marks are escaped as on the terminal, so that a line is a line; a cell that a
  /// spreadsheet would take for a formula begins with an apostrophe.
  package static func line(_ cells: [String]) -> String { cells.map { cell($0) }.joined(separator: ",") }

  private static func cell(_ text: String) -> String {
    var cell = text
    if let first = cell.unicodeScalars.first, "=+-@".unicodeScalars.contains(first), Int64(cell) == nil { cell = "'" + cell }
    guard cell.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x20 || $0 == 0x3b }) else { return cell }
    return quoted(cell)
  }

  /// In quotes, with those inside doubled. By scalars: a quote before a combining mark or a joiner is one character with it, and a quote all the same.
  static func quoted(_ text: String) -> String {
    var quoted = String.UnicodeScalarView()
    quoted.append("\"")
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted.append(scalar) }
      quoted.append(scalar)
    }
    quoted.append("\"")
    return String(quoted)
  }
}

/// A record as a line of CSV (docs/log-fields.md, "CSV").
package enum RecordCSV {
  package static let fields = [
    "sequence", "segment", "time", "action", "outcome", "errno", "user", "uid", "pid", "program", "login_uid", "opener",
    "opener_uid",
    "node", "path", "size", "target_node", "target_path", "handle", "offset", "asked", "returned", "decision", "rule", "missing",
    "count", "bytes_read", "bytes_distinct", "bytes_written", "details",
  ]

  package static func line(_ entry: LogEntry) -> String {
    let record = entry.record
    func number(_ value: UInt64?) -> String { value.map { String($0) } ?? "" }
    let actor = record.actor
    var cells: [String] = [
      String(entry.sequence), String(entry.segment), LogWords.time(record.wall), record.action.name,
      LogWords.outcome(record.outcome),
      record.errno == 0 ? "" : LogWords.errno(record.errno), Escaping.shown(actor?.name ?? ""),
      number(actor.map { UInt64($0.uid) }),
      actor.map { $0.pid == 0 ? "" : String($0.pid) } ?? "", Escaping.shown(actor?.program ?? ""),
      number(actor?.loginUID.map { UInt64($0) }), Escaping.shown(record.opener?.name ?? ""),
      number(record.opener.map { UInt64($0.uid) }),
    ]
    cells += [
      number(record.object.flatMap { $0.node == .none ? nil : $0.node.value }), Escaping.shown(record.object?.path ?? []),
      number(record.object?.size), number(record.target?.node.value), Escaping.shown(record.target?.path ?? []),
      number(record.handle?.value), number(record.range?.offset), number(record.range?.asked), number(record.range?.returned),
    ]
    let decision = record.decision
    cells.append(decision.map { LogWords.decision($0) } ?? "")
    cells.append(number(decision.flatMap { LogWords.rule($0)?.value }))
    cells.append(decision.flatMap { LogWords.missing($0) }?.names ?? "")
    cells += [
      number(record.count), number(record.usage?.readByteCount), number(record.usage?.distinctByteCount),
      number(record.usage?.writtenByteCount),
    ]
    cells.append(record.details.map { "\(Escaping.shown($0.key))=\(Escaping.shown($0.value))" }.joined(separator: "; "))
    return CSV.line(cells)
  }
}
