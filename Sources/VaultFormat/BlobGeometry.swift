/// Offset arithmetic of blobs, pages and packs; pure, and apart from everything that uses it.
package enum BlobGeometry {
  /// Plaintext bytes of every page but the last.
  package static let pageByteCount = 16 << 10
  package static let tagByteCount = 16
  /// A full page on disk: ciphertext ‖ tag.
  package static let sealedPageByteCount = pageByteCount + tagByteCount
  /// Plaintext bytes of a blob, at most.
  package static let byteCountMax = 4 << 20
  /// A blob of at most this many plaintext bytes lies in a pack.
  package static let packedByteCountMax = 128 << 10
  package static let packByteCountMax = 64 << 20
  /// Every commit group in a pack starts on this boundary.
  package static let packGroupAlignment = 4096

  /// Pages of a blob of `byteCount` plaintext bytes (at least 1).
  @inline(__always)
  package static func pageCount(_ byteCount: Int) -> Int { (byteCount + pageByteCount - 1) / pageByteCount }

  /// Plaintext bytes of page `index`.
  @inline(__always)
  package static func pageByteCount(_ index: Int, of byteCount: Int) -> Int {
    min(pageByteCount, byteCount - index * pageByteCount)
  }

  /// Bytes on disk of a blob of `byteCount` plaintext bytes.
  @inline(__always)
  package static func sealedByteCount(_ byteCount: Int) -> Int { byteCount + pageCount(byteCount) * tagByteCount }

  /// Where page `index` begins within the blob's sealed bytes.
  @inline(__always)
  package static func sealedOffset(ofPage index: Int) -> Int { index * sealedPageByteCount }

  /// The associated data of a page: domain ‖ suite ‖ vault ‖ blob ‖ index (u32) ‖ plaintext length (u32) ‖ 1 if last. Names no place.
  package static let pageAADByteCount = 17 + 1 + 16 + 16 + 4 + 4 + 1

  /// Writes the associated data of a page into `buffer` (at least `pageAADByteCount` bytes). No allocation.
  @inline(__always)
  package static func writePageAAD(
    into buffer: UnsafeMutableRawBufferPointer, suite: Suite, vault: VaultID, blob: BlobID, page index: Int, of byteCount: Int
  ) {
    Domain.pageAAD.withUTF8Buffer { buffer.copyMemory(from: UnsafeRawBufferPointer($0)) }
    buffer[17] = suite.rawValue
    vault.write(to: UnsafeMutableRawBufferPointer(rebasing: buffer[18..<34]))
    blob.write(to: UnsafeMutableRawBufferPointer(rebasing: buffer[34..<50]))
    buffer.storeBytes(of: UInt32(index).littleEndian, toByteOffset: 50, as: UInt32.self)
    buffer.storeBytes(of: UInt32(pageByteCount(index, of: byteCount)).littleEndian, toByteOffset: 54, as: UInt32.self)
    buffer[58] = index == pageCount(byteCount) - 1 ? 1 : 0
  }
}
