/// The JSON (RFC 8259) of vault.json, with one way to write each value: members and elements one a line, two spaces a level, `": "`
/// after a name, a line feed at the end; numbers are decimal without sign or leading zeros; strings are UTF-8 without control
/// characters, and only `"` and `\` are escaped, each by `\`; an empty array is `[]`.
enum CanonicalJSON {
  /// Whether the text has no control characters (C0, DEL, C1) and no line separators, so that it stays on its line for every reader.
  static func isText(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value) && scalar.value != 0x2028 && scalar.value != 0x2029
    }
  }
}

/// Writes values in order. The caller keeps objects and arrays paired.
struct CanonicalJSONWriter {
  private(set) var bytes: [UInt8] = []
  private var depth = 0
  /// Whether the innermost object or array has no members yet.
  private var isEmpty = true

  mutating func beginObject() {
    if depth > 0 { nextLine() }
    open("{")
  }

  mutating func endObject() { close("}") }

  mutating func beginArray(_ name: StaticString) {
    member(name)
    open("[")
  }

  mutating func endArray() { close("]") }

  mutating func number(_ name: StaticString, _ value: UInt64) {
    member(name)
    raw(String(value))
  }

  /// `value` must be `CanonicalJSON.isText`.
  mutating func string(_ name: StaticString, _ value: String) {
    member(name)
    quoted(value.utf8)
  }

  /// The whole text, with its last line feed.
  consuming func finish() -> [UInt8] {
    precondition(depth == 0)
    raw("\n")
    return bytes
  }

  private mutating func member(_ name: StaticString) {
    nextLine()
    name.withUTF8Buffer { quoted($0) }
    raw(": ")
  }

  private mutating func nextLine() {
    raw(isEmpty ? "\n" : ",\n")
    indent()
    isEmpty = false
  }

  private mutating func open(_ bracket: StaticString) {
    raw(bracket)
    depth += 1
    isEmpty = true
  }

  private mutating func close(_ bracket: StaticString) {
    depth -= 1
    if !isEmpty {
      raw("\n")
      indent()
    }
    raw(bracket)
    isEmpty = false
  }

  private mutating func indent() { bytes.append(contentsOf: repeatElement(0x20, count: 2 * depth)) }

  private mutating func quoted(_ text: some Sequence<UInt8>) {
    bytes.append(0x22)
    for byte in text {
      if byte == 0x22 || byte == 0x5c { bytes.append(0x5c) }
      bytes.append(byte)
    }
    bytes.append(0x22)
  }

  private mutating func raw(_ text: StaticString) { text.withUTF8Buffer { bytes.append(contentsOf: $0) } }
  private mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

/// Reads what `CanonicalJSONWriter` writes, and nothing else: the caller asks for each value in its order.
///
/// - Throws: `FormatError.malformed` with the line at the first byte that does not fit.
struct CanonicalJSONReader {
  private let bytes: [UInt8]
  private var position = 0
  private var depth = 0
  private var isEmpty = true

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func beginObject() throws(FormatError) {
    if depth > 0, !isElement { try nextLine() }
    isElement = false
    try open("{")
  }

  mutating func endObject() throws(FormatError) { try close("}") }

  mutating func beginArray(_ name: StaticString) throws(FormatError) {
    try member(name)
    try open("[")
  }

  /// Whether another element follows; the array is closed when none does.
  mutating func nextElement() throws(FormatError) -> Bool {
    let start = (position, isEmpty)
    if (try? nextLine()) != nil, peek != 0x5d {
      isElement = true
      return true
    }
    (position, isEmpty) = start
    try close("]")
    return false
  }

  mutating func number(_ name: StaticString) throws(FormatError) -> UInt64 {
    try member(name)
    let start = position
    var value: UInt64 = 0
    while let byte = peek, (0x30...0x39).contains(byte) {
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, again) = product.addingReportingOverflow(UInt64(byte - 0x30))
      guard !over, !again else { throw malformed() }
      value = sum
      position += 1
    }
    guard position > start, position == start + 1 || bytes[start] != 0x30 else { throw malformed() }
    return value
  }

  mutating func string(_ name: StaticString) throws(FormatError) -> String {
    try member(name)
    try expect("\"")
    var text: [UInt8] = []
    while let byte = peek, byte != 0x22 {
      position += 1
      guard byte == 0x5c else {
        text.append(byte)
        continue
      }
      guard let escaped = peek, escaped == 0x22 || escaped == 0x5c else { throw malformed() }
      text.append(escaped)
      position += 1
    }
    try expect("\"")
    guard let value = String(validating: text, as: UTF8.self), CanonicalJSON.isText(value) else { throw malformed() }
    return value
  }

  /// The last line feed, and nothing after it.
  mutating func end() throws(FormatError) {
    try expect("\n")
    guard depth == 0, position == bytes.count else { throw malformed() }
  }

  /// Set between `nextElement` and the element's `beginObject`: its line has begun.
  private var isElement = false

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func member(_ name: StaticString) throws(FormatError) {
    try nextLine()
    try expect("\"")
    try expect(name)
    try expect("\": ")
  }

  private mutating func nextLine() throws(FormatError) {
    try expect(isEmpty ? "\n" : ",\n")
    try indent()
    isEmpty = false
  }

  private mutating func open(_ bracket: StaticString) throws(FormatError) {
    try expect(bracket)
    depth += 1
    isEmpty = true
  }

  private mutating func close(_ bracket: StaticString) throws(FormatError) {
    depth -= 1
    if !isEmpty {
      try expect("\n")
      try indent()
    }
    try expect(bracket)
    isEmpty = false
  }

  private mutating func indent() throws(FormatError) { for _ in 0..<depth { try expect("  ") } }

  private mutating func expect(_ text: StaticString) throws(FormatError) {
    let count = text.utf8CodeUnitCount
    guard bytes.count - position >= count, text.withUTF8Buffer({ bytes[position..<position + count].elementsEqual($0) }) else {
      throw malformed()
    }
    position += count
  }

  private func malformed() -> FormatError { .malformed("vault.json: line \(bytes[..<position].count { $0 == 0x0a } + 1)") }
}
