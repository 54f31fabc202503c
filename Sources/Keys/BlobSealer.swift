import PageCipher
package import VaultFormat

/// One new blob, for one use: consumed by sealing, so that no page is ever sealed twice under one key with different bytes.
/// The key is wiped when the value ends.
package struct BlobSealer: ~Copyable, Sendable {
  package let id: BlobID
  /// For the blob's `BlobReference`: ciphertext (32) ‖ tag (16).
  package let wrappedKey: [UInt8]
  package let wrappingKey: UInt32
  let vault: VaultID
  let key: BlobKey

  init(id: BlobID, wrappedKey: [UInt8], wrappingKey: UInt32, vault: VaultID, key: consuming BlobKey) {
    self.id = id
    self.wrappedKey = wrappedKey
    self.wrappingKey = wrappingKey
    self.vault = vault
    self.key = key
  }

  /// Seals the whole content: pages of 16 KiB, each `ciphertext ‖ tag`, one after the other. On the calling thread, without allocation.
  /// - Parameters:
  ///   - plaintext: 1 byte … 4 MiB.
  ///   - output: at least `BlobGeometry.sealedByteCount(plaintext.count)` bytes, apart from `plaintext`.
  package consuming func seal(_ plaintext: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
    let byteCount = plaintext.count
    precondition((1...BlobGeometry.byteCountMax).contains(byteCount) && output.count >= BlobGeometry.sealedByteCount(byteCount))
    let (vault, id) = (vault, id)
    PageCipher.shared.withContext(for: key.page) { context in
      withUnsafeTemporaryAllocation(byteCount: BlobGeometry.pageAADByteCount, alignment: 8) { associated in
        for index in 0..<BlobGeometry.pageCount(byteCount) {
          BlobGeometry.writePageAAD(into: associated, suite: .first, vault: vault, blob: id, page: index, of: byteCount)
          let start = index * BlobGeometry.pageByteCount
          let count = BlobGeometry.pageByteCount(index, of: byteCount)
          let target = BlobGeometry.sealedOffset(ofPage: index)
          context.seal(
            page: UInt64(index), UnsafeRawBufferPointer(rebasing: plaintext[start..<start + count]),
            associated: UnsafeRawBufferPointer(associated),
            into: UnsafeMutableRawBufferPointer(rebasing: output[target..<target + count + BlobGeometry.tagByteCount]))
        }
      }
    }
  }
}
