package import Control
package import VaultFormat

/// The worksheet of a review: `review show --csv` writes it, `review decide --csv` takes it back filled in.
package enum WorksheetCSV {
  /// The columns as they are written, in this order. Reading takes them in any order.
  package enum Column: String, CaseIterable {
    case review, grant, path, to, orphan, rights, from, until, giver, given, reason, owner, uses
    case lastUse = "last-use"
    case countedSince = "counted-since"
    case state
    /// To be filled in: `keep`, `revoke`, `shrink`, or nothing for no answer; what is left by `shrink`; and why.
    case decision
    case newRights = "new-rights"
    case newUntil = "new-until"
    case note
  }

  package static let header = CSVTable.line(Column.allCases.map(\.rawValue))

  /// One item, with its end of line.
  package static func line(_ item: ReviewItemReport) -> String {
    CSVTable.line(
      Column.allCases.map { column in
        switch column {
        case .review: item.review.description
        case .grant: item.grant.description
        case .path: CSVText.guarded(item.path?.text ?? "")
        case .to: CSVText.guarded(item.to.description)
        case .orphan: item.isOrphan ? "yes" : ""
        case .rights: item.rights.names
        case .from: item.from?.utc ?? ""
        case .until: item.until?.utc ?? ""
        case .giver: CSVText.guarded(item.giver.description)
        case .given: item.given.utc
        case .reason: CSVText.guarded(item.reason)
        case .owner: CSVText.guarded(item.owner?.description ?? "")
        case .uses: String(item.useCount)
        case .lastUse: item.lastUse?.utc ?? ""
        case .countedSince: item.countedSince.utc
        case .state: item.state
        case .decision: item.decision?.name ?? ""
        case .newRights: item.newRights?.names ?? ""
        case .newUntil: item.newUntil?.utc ?? ""
        case .note: CSVText.guarded(item.note ?? "")
        }
      })
  }

  /// The lines that answer.
  /// - Parameter reason: for lines without a note.
  /// - Throws: the first line that cannot be understood, with its number (exit 2).
  package static func lines(of bytes: [UInt8], reason: String) throws(CommandFailure) -> [ReviewDecideRequest.Line] {
    let sheet = try CSVSheet<Column>(parsing: bytes, needed: [.grant, .decision], hint: .worksheetColumns)
    var lines: [ReviewDecideRequest.Line] = []
    for row in sheet.rows {
      guard let decision = row.cells[.decision] else { continue }
      do throws(CommandFailure) {
        let answer = try answer(decision: decision, rights: row.cells[.newRights], until: row.cells[.newUntil])
        lines.append(
          ReviewDecideRequest.Line(
            line: row.line, grant: try Arguments.rule(row.cells[.grant] ?? ""), decision: answer.decision,
            rights: answer.rights, until: answer.until, note: row.cells[.note] ?? reason))
      } catch { throw error.inLine(row.line) }
    }
    return lines
  }

  /// An answer in words; only `shrink` has rights or an end, and needs one of them.
  package static func answer(
    decision: String, rights: String?, until: String?
  ) throws(CommandFailure) -> (decision: ReviewItem.Decision, rights: Rights?, until: WallTime?) {
    guard let decision = ReviewItem.Decision(name: decision) else {
      throw CommandFailure(.usage, .badDecision, ["value": decision])
    }
    guard decision == .shrink || (rights == nil && until == nil) else { throw CommandFailure(.usage, .onlyShrink, hint: .shrink) }
    guard decision != .shrink || rights != nil || until != nil else { throw CommandFailure(.usage, .notSmaller, hint: .shrink) }
    return (
      decision, try rights.map { text throws(CommandFailure) in try Arguments.rights(text) },
      try Arguments.time(until, option: "--until", bare: .future)
    )
  }
}
