package import Control
import VaultFormat

/// Grants as lines of a file: `grant export` writes them, `grant import` takes them back.
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe, which reading takes away again.
package enum GrantCSV {
  /// The columns as they are written, in this order. Reading takes them in any order.
  package enum Column: String, CaseIterable {
    case id, path, to, rights, from, until, reason
    /// For people; reading passes over them.
    case state, giver, given

    static let needed: [Column] = [.path, .to, .rights]
  }

  package static let header = CSVTable.line(Column.allCases.map(\.rawValue))

  package static func line(_ grant: GrantReport) -> String {
    CSVTable.line(
      Column.allCases.map { column in
        switch column {
        case .id: grant.id.description
        case .path: guarded(grant.path.text)
        case .to: guarded(grant.to.description)
        case .rights: grant.rights.names
        case .from: grant.from?.utc ?? ""
        case .until: grant.until?.utc ?? ""
        case .reason: guarded(grant.reason)
        case .state: grant.state.rawValue
        case .giver: guarded(grant.giver.description)
        case .given: grant.given.utc
        }
      })
  }

  /// - Parameter reason: for lines without one.
  /// - Throws: the first line that cannot be understood, with its number (exit 2).
  package static func lines(of bytes: [UInt8], reason: String) throws(CommandFailure) -> [GrantImportRequest.Line] {
    let table: CSVTable
    do throws(CSVTable.Failure) { table = try CSVTable(parsing: bytes) } catch {
      switch error {
      case .notUTF8: throw CommandFailure(.usage, .csvNotUTF8)
      case .unclosedQuote(let line): throw CommandFailure(.usage, .csvUnclosedQuote, ["line": String(line)])
      case .strayQuote(let line): throw CommandFailure(.usage, .csvStrayQuote, ["line": String(line)], hint: .csvQuotes)
      }
    }
    guard let titles = table.rows.first else { throw CommandFailure(.usage, .csvEmpty, hint: .csvColumns) }
    let columns = try columns(titles)
    var lines: [GrantImportRequest.Line] = []
    for row in table.rows.dropFirst() {
      guard row.cells.count == columns.count else {
        throw CommandFailure(
          .usage, .csvCellCount,
          ["line": String(row.line), "count": String(row.cells.count), "expected": String(columns.count)])
      }
      var cells: [Column: String] = [:]
      for (column, cell) in zip(columns, row.cells) { cells[column] = unguarded(cell) }
      do throws(CommandFailure) {
        lines.append(try line(cells, number: row.line, reason: reason))
      } catch { throw error.inLine(row.line) }
    }
    return lines
  }

  private static func columns(_ titles: CSVTable.Row) throws(CommandFailure) -> [Column] {
    var columns: [Column] = []
    for title in titles.cells {
      guard let column = Column(rawValue: title) else {
        throw CommandFailure(.usage, .csvUnknownColumn, ["name": title, "line": String(titles.line)], hint: .csvColumns)
      }
      guard !columns.contains(column) else {
        throw CommandFailure(.usage, .csvColumnTwice, ["name": title, "line": String(titles.line)])
      }
      columns.append(column)
    }
    for column in Column.needed where !columns.contains(column) {
      throw CommandFailure(
        .usage, .csvNoColumn, ["name": column.rawValue, "line": String(titles.line)], hint: .csvColumns)
    }
    return columns
  }

  private static func line(
    _ cells: [Column: String], number: Int, reason: String
  ) throws(CommandFailure) -> GrantImportRequest.Line {
    let pathText = cells[.path] ?? ""
    guard let path = VaultPath(text: pathText) else {
      throw CommandFailure(.usage, .badVaultPath, ["value": pathText], hint: .vaultPath)
    }
    let (from, until) = try Arguments.validity(from: given(cells[.from]), until: given(cells[.until]))
    return GrantImportRequest.Line(
      line: number, id: try given(cells[.id]).map { text throws(CommandFailure) in try Arguments.rule(text) },
      grant: GrantAddRequest(
        path: path, to: try Arguments.principal(cells[.to] ?? ""), rights: try Arguments.rights(cells[.rights] ?? ""),
        from: from, until: until, reason: given(cells[.reason]) ?? reason))
  }

  private static func given(_ cell: String?) -> String? { cell?.isEmpty == false ? cell : nil }

  private static let formulaSigns = "=+-@'".unicodeScalars

  private static func guarded(_ text: String) -> String {
    text.unicodeScalars.first.map { formulaSigns.contains($0) } == true ? "'" + text : text
  }

  private static func unguarded(_ cell: String) -> String {
    let scalars = cell.unicodeScalars
    guard scalars.first == "'", let second = scalars.dropFirst().first, formulaSigns.contains(second) else { return cell }
    return String(scalars.dropFirst())
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
