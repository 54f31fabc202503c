/// Rows in columns that line up, also where characters are wide. Cells are escaped as they come in; the last column is not padded.
package struct TextTable {
  /// Of a column's cells and its title.
  package enum Alignment: Sendable {
    case left, right
  }

  private let alignments: [Alignment]
  private var rows: [[String]]

  package init(_ columns: [(title: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.title)]
  }

  package init(_ titles: [String]) { self.init(titles.map { ($0, .left) }) }

  package var isEmpty: Bool { rows.count == 1 }

  /// A row, with one cell for each column.
  package mutating func add(_ cells: [String]) {
    precondition(cells.count == alignments.count)
    rows.append(cells.map { Escaping.shown($0) })
  }

  /// The lines, the titles first.
  package func lines() -> [String] {
    let widths = alignments.indices.map { column in rows.reduce(0) { max($0, DisplayWidth.of($1[column])) } }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - DisplayWidth.of(cell))
        let isLast = column == row.count - 1
        line += alignments[column] == .right ? padding + cell : isLast ? cell : cell + padding
        if !isLast { line += "  " }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }
  }
}
