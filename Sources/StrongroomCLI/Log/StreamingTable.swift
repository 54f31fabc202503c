/// Rows in columns that line up, written as they come: the widths are those of the first rows, and grow with later ones.
///
/// Cells are to be escaped already. The last column is not padded.
struct StreamingTable {
  private let alignments: [TextTable.Alignment]
  private let titles: [String]
  private var widths: [Int]
  private var waiting: [[String]] = []
  private var hasTitles = false
  private let write: (String, _ isTitle: Bool) -> Void

  /// How many rows are looked at together.
  private static let rowCountMax = 512

  init(_ columns: [(title: String, alignment: TextTable.Alignment)], write: @escaping (String, Bool) -> Void) {
    alignments = columns.map(\.alignment)
    titles = columns.map(\.title)
    widths = titles.map { DisplayWidth.of($0) }
    self.write = write
  }

  mutating func add(_ cells: [String]) {
    precondition(cells.count == alignments.count)
    waiting.append(cells)
    if waiting.count == Self.rowCountMax { flush() }
  }

  mutating func flush() {
    guard !waiting.isEmpty else { return }
    for row in waiting { for (column, cell) in row.enumerated() { widths[column] = max(widths[column], DisplayWidth.of(cell)) } }
    if !hasTitles {
      write(line(titles), true)
      hasTitles = true
    }
    for row in waiting { write(line(row), false) }
    waiting.removeAll(keepingCapacity: true)
  }

  private func line(_ row: [String]) -> String {
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
