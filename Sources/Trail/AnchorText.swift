/// Where an anchor may stand in a line of text: at its beginning, or where a syslog message begins. Nowhere else: the same file may hold other
/// messages, with names in them that somebody chose.
enum AnchorText {
  /// What an anchor begins with.
  static let word = Array("strongroom-anchor ".utf8)
  private static let kind = Array("checkpoint".utf8)
  private static let program = Array("strongroom".utf8)
  /// Of a header before the program's name: a priority, a time and a host. `Nov  6 09:43:15 host` has five, one of them empty.
  private static let headerWordCountMax = 5

  /// The anchor's text, to the end of the line; nil for a line that cannot hold one.
  static func find(in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    if line.starts(with: word) { return line }
    guard let message = message(in: line), message.starts(with: word) else { return nil }
    return message
  }

  /// What stands behind `PROGRAM[PID]:` or `strongroom PID checkpoint -`, whichever comes first.
  private static func message(in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var rest = line
    for _ in 0...headerWordCountMax {
      // No header has a quote, and all JSON has.
      guard let (name, behind) = cut(rest), !name.contains(0x22) else { return nil }
      if isTag(name) {
        // The C library knows no kind: it is the message's first word there.
        if let (first, message) = cut(behind), first.elementsEqual(kind) { return message }
        return behind
      }
      if name.elementsEqual(program), let (number, more) = cut(behind), isNumber(number) {
        guard let (first, message) = cut(more), first.elementsEqual(kind) else { return nil }
        // A dash for structured data, of which we send none, or one word of a template's own.
        return message.starts(with: word) ? message : cut(message)?.behind
      }
      rest = behind
    }
    return nil
  }

  /// `NAME:`, `NAME[PID]` or `NAME[PID]:`.
  private static func isTag(_ name: ArraySlice<UInt8>) -> Bool {
    let hasColon = name.last == 0x3a
    let bare = hasColon ? name.dropLast() : name
    guard bare.last == 0x5d, let open = bare.firstIndex(of: 0x5b) else { return hasColon && bare.count > 0 }
    return open > bare.startIndex && isNumber(bare[(open + 1)...].dropLast())
  }

  private static func isNumber(_ word: ArraySlice<UInt8>) -> Bool {
    !word.isEmpty && word.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func cut(_ text: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, behind: ArraySlice<UInt8>)? {
    guard let space = text.firstIndex(of: 0x20) else { return nil }
    return (text[..<space], text[(space + 1)...])
  }
}
