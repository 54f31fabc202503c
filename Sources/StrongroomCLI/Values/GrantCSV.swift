package import Control
import VaultFormat

/// Grants as lines of a file: `grant export` writes them, `grant import` takes them back.
package enum GrantCSV {
  /// The columns as they are written, in this order. Reading takes them in any order.
  package enum Column: String, CaseIterable {
    case id, path, to, rights, from, until, reason
    /// For people; reading passes over them.
    case state, giver, given

    static let needed: [Column] = [.path, .to, .rights]
  }

  package static let header = CSVTable.line(Column.allCases.map(\.rawValue))

  /// One grant, with its end of line.
  package static func line(_ grant: GrantReport) -> String {
    CSVTable.line(
      Column.allCases.map { column in
        switch column {
        case .id: grant.id.description
        case .path: CSVText.guarded(grant.path.text)
        case .to: CSVText.guarded(grant.to.description)
        case .rights: grant.rights.names
        case .from: grant.from?.utc ?? ""
        case .until: grant.until?.utc ?? ""
        case .reason: CSVText.guarded(grant.reason)
        case .state: grant.state.rawValue
        case .giver: CSVText.guarded(grant.giver.description)
        case .given: grant.given.utc
        }
      })
  }

  /// - Parameter reason: for lines without one.
  /// - Throws: the first line that cannot be understood, with its number (exit 2).
  package static func lines(of bytes: [UInt8], reason: String) throws(CommandFailure) -> [GrantImportRequest.Line] {
    let sheet = try CSVSheet<Column>(parsing: bytes, needed: Column.needed, hint: .csvColumns)
    var lines: [GrantImportRequest.Line] = []
    for row in sheet.rows {
      do throws(CommandFailure) {
        lines.append(try line(row.cells, number: row.line, reason: reason))
      } catch { throw error.inLine(row.line) }
    }
    return lines
  }

  private static func line(
    _ cells: [Column: String], number: Int, reason: String
  ) throws(CommandFailure) -> GrantImportRequest.Line {
    let pathText = cells[.path] ?? ""
    guard let path = VaultPath(text: pathText) else {
      throw CommandFailure(.usage, .badVaultPath, ["value": pathText], hint: .vaultPath)
    }
    let (from, until) = try Arguments.validity(from: cells[.from], until: cells[.until])
    return GrantImportRequest.Line(
      line: number, id: try cells[.id].map { text throws(CommandFailure) in try Arguments.rule(text) },
      grant: GrantAddRequest(
        path: path, to: try Arguments.principal(cells[.to] ?? ""), rights: try Arguments.rights(cells[.rights] ?? ""),
        from: from, until: until, reason: cells[.reason] ?? reason))
  }
}

extension CommandFailure {
  /// The same, of a line of a file.
  package func inLine(_ line: Int) -> CommandFailure {
    var failure = self
    failure.message = Message(
      ErrorText.inLine, ["line": String(line), "what": message.text(in: .current)])
    return failure
  }
}
