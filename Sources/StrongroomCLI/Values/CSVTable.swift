/// Comma-separated values as other programs write them: RFC 4180, with CRLF or LF, in UTF-8, with or without a byte order mark.
package struct CSVTable: Sendable {
  /// A record of the file.
  package struct Row: Sendable, Equatable {
    /// Where it begins in the file, from 1.
    package let line: Int
    package let cells: [String]
  }

  /// Why a file is none of this form.
  package enum Failure: Error, Equatable {
    case notUTF8
    /// The cell that begins in this line has no closing quote.
    case unclosedQuote(line: Int)
    /// A quote stands where none may: within a cell that does not begin with one, or before something else than a comma.
    case strayQuote(line: Int)
  }

  /// Without empty lines.
  package let rows: [Row]

  package init(parsing bytes: [UInt8]) throws(Failure) {
    let content = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? bytes[3...] : bytes[...]
    guard String(validating: content, as: UTF8.self) != nil else { throw .notUTF8 }
    var scanner = Scanner(bytes: content)
    var rows: [Row] = []
    while let row = try scanner.row() {
      if row.cells != [""] { rows.append(row) }
    }
    self.rows = rows
  }

  /// A line with its end. Cells are written so that `init(parsing:)` reads them back as they are.
  package static func line(_ cells: [String]) -> String {
    cells.map { cell in
      let mustQuote = cell.utf8.contains { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }
      return mustQuote ? CSV.quoted(cell) : cell
    }.joined(separator: ",") + "\r\n"
  }
}

extension CSVTable {
  /// Reads bytes: all that means something in CSV is ASCII.
  private struct Scanner {
    let bytes: ArraySlice<UInt8>
    var position: Int
    var line = 1

    init(bytes: ArraySlice<UInt8>) {
      self.bytes = bytes
      position = bytes.startIndex
    }

    var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    /// Nil at the end of the file.
    mutating func row() throws(Failure) -> Row? {
      guard next != nil else { return nil }
      let begin = line
      var cells = [try cell()]
      while next == 0x2c {
        position += 1
        cells.append(try cell())
      }
      endLine()
      return Row(line: begin, cells: cells)
    }

    private mutating func cell() throws(Failure) -> String {
      guard next == 0x22 else {
        let begin = position
        while let byte = next, byte != 0x2c, !isLineEnd {
          guard byte != 0x22 else { throw .strayQuote(line: line) }
          position += 1
        }
        return String(decoding: bytes[begin..<position], as: UTF8.self)
      }
      let begin = line
      var content: [UInt8] = []
      position += 1
      while let byte = next {
        position += 1
        if byte == 0x22 {
          guard next == 0x22 else {
            guard next == nil || next == 0x2c || isLineEnd else { throw .strayQuote(line: line) }
            return String(decoding: content, as: UTF8.self)
          }
          position += 1
        }
        if byte == 0x0a { line += 1 }
        content.append(byte)
      }
      throw .unclosedQuote(line: begin)
    }

    /// LF, or CR before LF or at the end.
    private var isLineEnd: Bool {
      guard let byte = next else { return true }
      if byte == 0x0a { return true }
      return byte == 0x0d && (position + 1 == bytes.endIndex || bytes[position + 1] == 0x0a)
    }

    private mutating func endLine() {
      if next == 0x0d { position += 1 }
      if next == 0x0a { position += 1 }
      line += 1
    }
  }
}
