/// Builds the bytes of a format, in order.
package struct ByteWriter {
  package private(set) var bytes: [UInt8]

  package init(capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
  }

  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  @inline(__always) package mutating func u8(_ value: UInt8) { bytes.append(value) }
  package mutating func u16(_ value: UInt16) { fixed(value) }
  package mutating func u32(_ value: UInt32) { fixed(value) }
  package mutating func u64(_ value: UInt64) { fixed(value) }
  package mutating func i64(_ value: Int64) { fixed(UInt64(bitPattern: value)) }

  private mutating func fixed<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  @inline(__always)
  package mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  package mutating func varint(_ value: Int) { varint(UInt64(value)) }

  package mutating func signedVarint(_ value: Int64) { varint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  package mutating func raw(_ value: some Sequence<UInt8>) { bytes.append(contentsOf: value) }
  package mutating func raw(_ value: StaticString) { value.withUTF8Buffer { bytes.append(contentsOf: $0) } }

  /// A varint count, then the bytes.
  package mutating func counted(_ value: some Collection<UInt8>) {
    varint(value.count)
    bytes.append(contentsOf: value)
  }

  package mutating func counted(_ value: String) {
    var value = value
    value.withUTF8 { counted($0) }
  }
}

/// Reads the bytes of a format, in order; never past the end, and never more than asked.
///
/// - Throws: `FormatError.malformed` at the first byte that does not fit; nothing is returned then.
package struct ByteReader {
  private let bytes: ArraySlice<UInt8>
  package private(set) var position: Int

  package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

  package init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  package var remaining: Int { bytes.endIndex - position }
  package var isAtEnd: Bool { remaining == 0 }

  @inline(__always)
  package mutating func u8() throws(FormatError) -> UInt8 {
    guard position < bytes.endIndex else { throw .malformed("ends early") }
    defer { position += 1 }
    return bytes[position]
  }

  package mutating func u16() throws(FormatError) -> UInt16 { try fixed() }
  package mutating func u32() throws(FormatError) -> UInt32 { try fixed() }
  package mutating func u64() throws(FormatError) -> UInt64 { try fixed() }
  package mutating func i64() throws(FormatError) -> Int64 { Int64(bitPattern: try fixed()) }

  private mutating func fixed<Value: FixedWidthInteger & UnsignedInteger>() throws(FormatError) -> Value {
    let count = MemoryLayout<Value>.size
    guard remaining >= count else { throw .malformed("ends early") }
    var value: Value = 0
    for index in 0..<count { value |= Value(bytes[position + index]) << Value(8 * index) }
    position += count
    return value
  }

  @inline(__always)
  package mutating func varint() throws(FormatError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try u8()
      guard shift < 63 || byte <= 1 else { throw .malformed("number too large") }
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 {
        guard byte != 0 || shift == 0 else { throw .malformed("number not in its shortest form") }
        return value
      }
      shift += 7
    }
  }

  package mutating func signedVarint() throws(FormatError) -> Int64 {
    let raw = try varint()
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  /// A varint that must fit in `limit`.
  package mutating func count(limit: Int) throws(FormatError) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else { throw .malformed("count over its limit") }
    return Int(value)
  }

  package mutating func raw(_ count: Int) throws(FormatError) -> ArraySlice<UInt8> {
    guard count >= 0, remaining >= count else { throw .malformed("ends early") }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// A varint count of at most `limit`, then the bytes.
  package mutating func counted(limit: Int) throws(FormatError) -> ArraySlice<UInt8> { try raw(try count(limit: limit)) }

  /// Counted bytes that must be UTF-8.
  package mutating func string(limit: Int) throws(FormatError) -> String {
    guard let text = String(validating: try counted(limit: limit), as: UTF8.self) else { throw .malformed("not UTF-8") }
    return text
  }

  /// All that is left must be nothing.
  package func end() throws(FormatError) {
    guard isAtEnd else { throw .malformed("bytes after the end") }
  }
}

/// Lower-case hexadecimal, the only case the formats allow.
package enum Hex {
  package static func encode(_ bytes: some Sequence<UInt8>) -> String {
    let digits: [UInt8] = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for anything but an even number of lower-case digits.
  package static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    func value(_ digit: UInt8) -> UInt8? {
      switch digit {
      case 0x30...0x39: digit - 0x30
      case 0x61...0x66: digit - 0x61 + 10
      default: nil
      }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }
}
