/// Builds the bytes of a record in memory that the caller owns, without allocating. Numbers as `ByteWriter` writes them.
///
/// What does not fit is not written and sets `overflowed`; the caller then throws all of it away.
package struct RawWriter {
  private let base: UnsafeMutableRawPointer
  private let capacity: Int
  package private(set) var count = 0
  package private(set) var overflowed = false

  /// - Parameter buffer: outlives the writer, and is not empty.
  @inline(__always)
  package init(_ buffer: UnsafeMutableRawBufferPointer) {
    base = buffer.baseAddress!
    capacity = buffer.count
  }

  @inline(__always)
  package mutating func u8(_ value: UInt8) {
    guard count < capacity else {
      overflowed = true
      return
    }
    base.storeBytes(of: value, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  @inline(__always)
  package mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      u8(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    u8(UInt8(rest))
  }

  @inline(__always)
  package mutating func signedVarint(_ value: Int64) { varint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  package mutating func raw(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= capacity - count else {
      overflowed = true
      return
    }
    guard let source = bytes.baseAddress else { return }
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// A varint count, then the bytes; more than `limit` bytes do not fit.
  package mutating func counted(_ bytes: [UInt8], limit: Int) {
    guard bytes.count <= limit else { return refuse() }
    varint(UInt64(bytes.count))
    bytes.withUnsafeBytes { raw($0) }
  }

  package mutating func counted(_ text: String, limit: Int) {
    var text = text
    text.withUTF8 { utf8 in
      guard utf8.count <= limit else { return refuse() }
      varint(UInt64(utf8.count))
      raw(UnsafeRawBufferPointer(utf8))
    }
  }

  /// Says that what the caller has does not fit.
  package mutating func refuse() { overflowed = true }

  /// Zeros up to the next multiple of `multiple`.
  @inline(__always)
  package mutating func pad(to multiple: Int) {
    let rest = (multiple - count % multiple) % multiple
    guard rest <= capacity - count else {
      overflowed = true
      return
    }
    (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: rest)
    count += rest
  }
}

/// Reads what `RawWriter` wrote, from memory that the caller owns; never past its end.
///
/// - Throws: `FormatError.malformed` at the first byte that does not fit.
package struct RawReader {
  private let base: UnsafeRawPointer
  private let count: Int
  package private(set) var position = 0

  /// - Parameter bytes: outlive the reader, and are not empty.
  @inline(__always)
  package init(_ bytes: UnsafeRawBufferPointer) throws(FormatError) {
    guard let start = bytes.baseAddress, !bytes.isEmpty else { throw .malformed("empty") }
    base = start
    count = bytes.count
  }

  package var remaining: Int { count - position }

  @inline(__always)
  package mutating func u8() throws(FormatError) -> UInt8 {
    guard position < count else { throw .malformed("ends early") }
    defer { position += 1 }
    return base.load(fromByteOffset: position, as: UInt8.self)
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

  @inline(__always)
  package mutating func signedVarint() throws(FormatError) -> Int64 {
    let raw = try varint()
    return Int64(bitPattern: raw >> 1) ^ -Int64(bitPattern: raw & 1)
  }

  package mutating func u32() throws(FormatError) -> UInt32 {
    let value = try varint()
    guard value <= UInt64(UInt32.max) else { throw .malformed("number too large") }
    return UInt32(value)
  }

  package mutating func i32() throws(FormatError) -> Int32 {
    guard let value = Int32(exactly: try signedVarint()) else { throw .malformed("number too large") }
    return value
  }

  /// A varint count of at most `limit`, then the bytes; they die with the memory read from.
  package mutating func counted(limit: Int) throws(FormatError) -> UnsafeRawBufferPointer {
    let length = try varint()
    guard length <= UInt64(limit) else { throw .malformed("count over its limit") }
    guard Int(length) <= remaining else { throw .malformed("ends early") }
    defer { position += Int(length) }
    return UnsafeRawBufferPointer(start: base + position, count: Int(length))
  }

  /// Counted bytes that must be UTF-8; they die with the memory read from.
  package mutating func text(limit: Int) throws(FormatError) -> UnsafeRawBufferPointer {
    let bytes = try counted(limit: limit)
    guard Self.isASCII(bytes) || String(validating: bytes, as: UTF8.self) != nil else { throw .malformed("not UTF-8") }
    return bytes
  }

  /// Nearly all texts are; this needs no memory.
  @inline(__always)
  private static func isASCII(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let start = bytes.baseAddress else { return true }
    var bits: UInt64 = 0
    var index = 0
    while index + 8 <= bytes.count {
      bits |= start.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      index += 8
    }
    while index < bytes.count {
      bits |= UInt64(start.load(fromByteOffset: index, as: UInt8.self))
      index += 1
    }
    return bits & 0x8080_8080_8080_8080 == 0
  }

  /// What was read from a position on; dies with the memory read from.
  package func read(since begin: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + begin, count: position - begin)
  }

  /// What is left must be fewer than `multiple` zeros and end on a multiple of it.
  package func endPadded(to multiple: Int) throws(FormatError) {
    guard count % multiple == 0, remaining < multiple else { throw .malformed("padding") }
    for index in position..<count where base.load(fromByteOffset: index, as: UInt8.self) != 0 { throw .malformed("padding") }
  }
}
