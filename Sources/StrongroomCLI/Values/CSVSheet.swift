import Glibc
import Platform

/// Lines under named columns, as grants and worksheets are exchanged. A cell that a spreadsheet would take for a formula begins with an
/// apostrophe, which reading takes away again.
package struct CSVSheet<Column: RawRepresentable & Hashable>: Sendable where Column.RawValue == String, Column: Sendable {
  /// A line below the titles.
  package struct Row: Sendable {
    /// Where it begins in the file, from 1.
    package let line: Int
    /// Without those that are empty.
    package let cells: [Column: String]
  }

  package let rows: [Row]

  /// - Throws: the first line that does not fit the columns, with its number (exit 2).
  package init(parsing bytes: [UInt8], needed: [Column], hint: HintText) throws(CommandFailure) {
    let table: CSVTable
    do throws(CSVTable.Failure) { table = try CSVTable(parsing: bytes) } catch {
      switch error {
      case .notUTF8: throw CommandFailure(.usage, .csvNotUTF8)
      case .unclosedQuote(let line): throw CommandFailure(.usage, .csvUnclosedQuote, ["line": String(line)])
      case .strayQuote(let line): throw CommandFailure(.usage, .csvStrayQuote, ["line": String(line)], hint: .csvQuotes)
      }
    }
    guard let titles = table.rows.first else { throw CommandFailure(.usage, .csvEmpty, hint: hint) }
    let columns = try Self.columns(titles, needed, hint)
    var rows: [Row] = []
    for row in table.rows.dropFirst() {
      guard row.cells.count == columns.count else {
        throw CommandFailure(
          .usage, .csvCellCount,
          ["line": String(row.line), "count": String(row.cells.count), "expected": String(columns.count)])
      }
      var cells: [Column: String] = [:]
      for (column, cell) in zip(columns, row.cells) where !cell.isEmpty { cells[column] = CSVText.unguarded(cell) }
      rows.append(Row(line: row.line, cells: cells))
    }
    self.rows = rows
  }

  private static func columns(
    _ titles: CSVTable.Row, _ needed: [Column], _ hint: HintText
  ) throws(CommandFailure) -> [Column] {
    var columns: [Column] = []
    for title in titles.cells {
      guard let column = Column(rawValue: title) else {
        throw CommandFailure(.usage, .csvUnknownColumn, ["name": title, "line": String(titles.line)], hint: hint)
      }
      guard !columns.contains(column) else {
        throw CommandFailure(.usage, .csvColumnTwice, ["name": title, "line": String(titles.line)])
      }
      columns.append(column)
    }
    for column in needed where !columns.contains(column) {
      throw CommandFailure(.usage, .csvNoColumn, ["name": column.rawValue, "line": String(titles.line)], hint: hint)
    }
    return columns
  }
}

/// Cells, and files of them.
package enum CSVText {
  private static let formulaSigns = "=+-@'".unicodeScalars
  private static let fileByteCountMax = 4 << 20

  /// With one more `'` before what a spreadsheet would compute; reading takes it away.
  package static func guarded(_ text: String) -> String {
    text.unicodeScalars.first.map { formulaSigns.contains($0) } == true ? "'" + text : text
  }

  static func unguarded(_ cell: String) -> String {
    let scalars = cell.unicodeScalars
    guard scalars.first == "'", let second = scalars.dropFirst().first, formulaSigns.contains(second) else { return cell }
    return String(scalars.dropFirst())
  }

  /// A file of at most 4 MiB; `-` is standard input.
  static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
    do throws(SystemError) {
      return try File(path == "-" ? "/dev/stdin" : path, O_RDONLY | O_NOCTTY).readAll(limit: fileByteCountMax)
    } catch {
      if error.code == EFBIG { throw CommandFailure(.usage, .importTooLarge, ["path": path], hint: .splitImport) }
      throw CommandFailure(.error, .unreadable, ["path": path, "reason": error.description])
    }
  }
}
