/// Sixteen bytes that name a vault or a blob. Random, never reused.
package struct ID128: Hashable, Sendable, CustomStringConvertible {
  package let high: UInt64
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless `bytes` are sixteen.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    // Copied first: a generic walk costs more than all the rest of a row.
    self = Array(bytes).withUnsafeBytes { ID128(reading: $0) }
  }

  /// Reads sixteen bytes.
  package init(reading buffer: UnsafeRawBufferPointer) {
    precondition(buffer.count >= 16)
    high = UInt64(bigEndian: buffer.loadUnaligned(as: UInt64.self))
    low = UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  package static func random() -> ID128 {
    var generator = SystemRandomNumberGenerator()
    return ID128(high: generator.next(), low: generator.next())
  }

  /// Most significant byte first.
  package var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 16) { buffer, used in
      write(to: UnsafeMutableRawBufferPointer(buffer))
      used = 16
    }
  }

  @inline(__always)
  package func write(to buffer: UnsafeMutableRawBufferPointer) {
    buffer.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
    buffer.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
  }

  /// 32 lower-case hexadecimal digits.
  package var description: String { Hex.encode(bytes) }
}

package typealias VaultID = ID128
package typealias BlobID = ID128

/// A document, folder or symlink, by a number that never changes and is never reused: 1…2⁴⁰−1. The root is 1.
package struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: UInt64
  package init(_ value: UInt64) { self.value = value }

  package static let root = NodeID(1)
  /// No node; the parent of the root.
  package static let none = NodeID(0)
  package static let greatest = NodeID(1 << 40 - 1)

  package static func < (left: NodeID, right: NodeID) -> Bool { left.value < right.value }
  package var description: String { String(value) }
}

/// A grant, barrier or boundary, by a number never reused within the vault.
package struct RuleID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: UInt64
  package init(_ value: UInt64) { self.value = value }
  package static func < (left: RuleID, right: RuleID) -> Bool { left.value < right.value }
  package var description: String { String(value) }
}

/// Orders the states of one row; drawn from ranges reserved on disk, so never reused.
package struct RowVersion: Hashable, Comparable, Sendable {
  package let value: UInt64
  package init(_ value: UInt64) { self.value = value }
  package static func < (left: RowVersion, right: RowVersion) -> Bool { left.value < right.value }
}

/// A pack file `packs/<n>`, from 1.
package struct PackNumber: Hashable, Comparable, Sendable {
  package let value: UInt32
  package init(_ value: UInt32) { self.value = value }
  package static func < (left: PackNumber, right: PackNumber) -> Bool { left.value < right.value }
}

/// One open document or folder, by a number not reused while mounted.
package struct HandleID: Hashable, Sendable {
  package let value: UInt64
  package init(_ value: UInt64) { self.value = value }
}

/// The keyed 16-byte hash of a parent and a name, by which the catalog finds a row without knowing names.
package struct NameTag: Hashable, Sendable {
  package let high: UInt64
  package let low: UInt64
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }
  package var bytes: [UInt8] { ID128(high: high, low: low).bytes }
  package init?(_ bytes: some Collection<UInt8>) {
    guard let id = ID128(bytes) else { return nil }
    self.init(high: id.high, low: id.low)
  }
}

/// A name in a folder: 1…255 bytes, no `/`, no NUL, not `.` or `..`. Any other bytes are allowed, as Linux does.
package struct Name: Hashable, Sendable, CustomStringConvertible {
  package static let byteCountMax = 255
  package let bytes: [UInt8]

  /// Nil for what is no name.
  package init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count <= Self.byteCountMax else { return nil }
    self.init(checking: Array(bytes))
  }

  /// As above, for the bytes of a request: no generic walk over them.
  package init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count <= Self.byteCountMax else { return nil }
    self.init(checking: Array(bytes))
  }

  package init?(_ text: String) { self.init(Array(text.utf8)) }

  private init?(checking bytes: [UInt8]) {
    guard !bytes.isEmpty else { return nil }
    for byte in bytes where byte == 0 || byte == 0x2f { return nil }
    guard bytes[0] != 0x2e || bytes.count > 2 || (bytes.count == 2 && bytes[1] != 0x2e) else { return nil }
    self.bytes = bytes
  }

  /// For the root alone.
  package static let root = Name(rootBytes: [])
  private init(rootBytes: [UInt8]) { bytes = rootBytes }

  /// For showing to people; bytes that are not UTF-8 become U+FFFD.
  package var description: String { String(decoding: bytes, as: UTF8.self) }
}
