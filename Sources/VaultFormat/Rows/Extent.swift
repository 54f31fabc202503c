/// "These bytes of the document are those bytes of that blob." The extents of a document cover every byte below its size exactly
/// once; a hole is an extent that names no blob.
package struct Extent: Hashable, Sendable {
  /// First byte in the document.
  package var start: UInt64
  /// At least 1.
  package var byteCount: UInt64
  /// Nil for a hole.
  package var blob: BlobReference?
  /// The blob's plaintext byte at `start`.
  package var blobStart: UInt64

  package var end: UInt64 { start + byteCount }

  package init(start: UInt64, byteCount: UInt64, blob: BlobReference?, blobStart: UInt64 = 0) {
    self.start = start
    self.byteCount = byteCount
    self.blob = blob
    self.blobStart = blobStart
  }

  /// Plaintext of a row of table `extent`, whose primary key is (node, start); also stands inside the node's row for the first extent.
  package func encode(to writer: inout ByteWriter) {
    writer.varint(start)
    writer.varint(byteCount)
    guard let blob else {
      writer.u8(0)
      return
    }
    switch blob.place {
    case .file: writer.u8(1)
    case .pack(let number, let offset):
      writer.u8(2)
      writer.varint(UInt64(number.value))
      writer.varint(offset)
    }
    writer.varint(blobStart)
    writer.raw(blob.id.bytes)
    writer.varint(blob.byteCount)
    writer.varint(UInt64(blob.wrappingKey))
    writer.raw(blob.wrappedKey)
  }

  package init(from reader: inout ByteReader) throws(FormatError) {
    start = try reader.varint()
    byteCount = try reader.varint()
    guard byteCount > 0, start <= UInt64(Int64.max), byteCount <= UInt64(Int64.max) - start else {
      throw .malformed("extent range")
    }
    let place: BlobReference.Place
    switch try reader.u8() {
    case 0:
      blob = nil
      blobStart = 0
      return
    case 1: place = .file
    case 2:
      let number = try reader.varint()
      guard number > 0, number <= UInt64(UInt32.max) else { throw .malformed("pack number") }
      place = .pack(PackNumber(UInt32(number)), offset: try reader.varint())
    default: throw .malformed("extent place")
    }
    blobStart = try reader.varint()
    let id = ID128(try reader.raw(16))!
    let blobByteCount = try reader.varint()
    guard blobByteCount <= UInt64(BlobGeometry.byteCountMax), blobStart <= blobByteCount, byteCount <= blobByteCount - blobStart
    else {
      throw .malformed("extent outside its blob")
    }
    let wrappingKey = try reader.varint()
    guard wrappingKey <= UInt64(UInt32.max) else { throw .malformed("wrapping key") }
    blob = BlobReference(
      id: id, byteCount: blobByteCount, place: place, wrappingKey: UInt32(wrappingKey),
      wrappedKey: Array(try reader.raw(BlobReference.wrappedKeyByteCount)))
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 128)
    writer.u8(1)
    encode(to: &writer)
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    try self.init(from: &reader)
    try reader.end()
  }
}

/// A blob as the catalog knows it: where it lies, how long its plaintext is, and its wrapped key.
package struct BlobReference: Hashable, Sendable {
  package enum Place: Hashable, Sendable {
    /// `blobs/ab/<id>`
    case file
    /// `packs/<n>`, at a byte offset.
    case pack(PackNumber, offset: UInt64)
  }

  /// 32 bytes of key and the 16-byte tag.
  package static let wrappedKeyByteCount = 48

  package let id: BlobID
  /// Plaintext bytes, 1…4 MiB. Page count and last page length follow from it, never from a file's size.
  package let byteCount: UInt64
  package let place: Place
  /// Which wrapping key sealed `wrappedKey`.
  package let wrappingKey: UInt32
  package let wrappedKey: [UInt8]

  package init(id: BlobID, byteCount: UInt64, place: Place, wrappingKey: UInt32, wrappedKey: [UInt8]) {
    self.id = id
    self.byteCount = byteCount
    self.place = place
    self.wrappingKey = wrappingKey
    self.wrappedKey = wrappedKey
  }
}
