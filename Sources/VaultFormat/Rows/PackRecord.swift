/// A pack file as the catalog knows it. Row of table `pack`, whose primary key is the pack's number.
package struct PackRecord: Hashable, Sendable {
  /// Bytes of the file that commits have promised; what lies beyond is garbage of a crash.
  package var byteCount: UInt64
  /// Sealed bytes within it that extents still name.
  package var liveByteCount: UInt64
  /// Keyed BLAKE2b of the first `byteCount` bytes, garbage and padding included: no byte of a pack can change unseen.
  package var digest: [UInt8]

  package static let digestByteCount = 32

  package init(byteCount: UInt64, liveByteCount: UInt64, digest: [UInt8]) {
    precondition(digest.count == Self.digestByteCount)
    self.byteCount = byteCount
    self.liveByteCount = liveByteCount
    self.digest = digest
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 64)
    writer.u8(1)
    writer.u64(byteCount)
    writer.u64(liveByteCount)
    writer.raw(digest)
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    byteCount = try reader.u64()
    liveByteCount = try reader.u64()
    guard byteCount <= UInt64(BlobGeometry.packByteCountMax) * 2, liveByteCount <= byteCount else {
      throw .malformed("pack size")
    }
    digest = Array(try reader.raw(Self.digestByteCount))
    try reader.end()
  }
}
