/// How far a verification of content has come, so that an interrupted one can go on: numbers alone. Sealed like a row, in the file
/// `verify.state` (docs/format/rows.md, "Verify state").
package struct VerifyState: Hashable, Sendable {
  /// When the run began, wall nanoseconds.
  package var begun: Int64
  /// Buckets of nodes before this one are checked; then packs up to and with `pack`.
  package var bucket: UInt64 = 0
  package var pack: UInt64 = 0
  /// Of content in the clear.
  package var checkedByteCount: UInt64 = 0
  /// Buckets and packs in which something was found, at most `damagedCountMax` each: checked again first, so that a run that goes on names
  /// all of it.
  package var damagedBuckets: [UInt64] = []
  package var damagedPacks: [UInt64] = []

  package static let damagedCountMax = 1024
  /// Of the sealed file, at most.
  package static let byteCountMax = 64 << 10

  package init(begun: Int64) { self.begun = begun }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 64)
    writer.u8(1)
    writer.i64(begun)
    writer.varint(bucket)
    writer.varint(pack)
    writer.varint(checkedByteCount)
    for list in [damagedBuckets, damagedPacks] {
      writer.varint(list.count)
      for number in list { writer.varint(number) }
    }
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    begun = try reader.i64()
    bucket = try reader.varint()
    pack = try reader.varint()
    checkedByteCount = try reader.varint()
    damagedBuckets = try Self.list(&reader)
    damagedPacks = try Self.list(&reader)
    try reader.end()
  }

  private static func list(_ reader: inout ByteReader) throws(FormatError) -> [UInt64] {
    var numbers: [UInt64] = []
    for _ in 0..<(try reader.count(limit: damagedCountMax)) { numbers.append(try reader.varint()) }
    return numbers
  }
}
