import PageCipher
package import VaultFormat

/// Opens the pages of one blob. Safe from any thread; thousands may live at once (32 bytes of guarded memory each). The key is wiped
/// when the last owner lets go.
package final class BlobOpener: Sendable {
  package let id: BlobID
  /// Plaintext bytes of the blob, as the catalog says.
  package let byteCount: Int
  private let vault: VaultID
  private let key: BlobKey

  init(id: BlobID, byteCount: Int, vault: VaultID, key: consuming BlobKey) {
    self.id = id
    self.byteCount = byteCount
    self.vault = vault
    self.key = key
  }

  /// Opens one page, without allocation.
  /// - Parameters:
  ///   - index: 0 ..< `BlobGeometry.pageCount(byteCount)`.
  ///   - sealed: the page's `ciphertext ‖ tag`, exactly; fewer bytes (a file that ends early) are an authentication failure.
  ///   - output: at least the page's plaintext bytes; starts where `sealed` does, or does not overlap it.
  /// - Throws: `authenticationFailed`; `output` then holds zeros, or is untouched where the length alone is wrong.
  package func open(page index: Int, sealed: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(KeysError)
  {
    precondition(index >= 0 && index < BlobGeometry.pageCount(byteCount))
    guard sealed.count == BlobGeometry.pageByteCount(index, of: byteCount) + BlobGeometry.tagByteCount else {
      throw .authenticationFailed
    }
    do throws(PageCipherError) {
      try PageCipher.shared.withContext(for: key.page) { context throws(PageCipherError) in
        var code: PageCipherError?
        withUnsafeTemporaryAllocation(byteCount: BlobGeometry.pageAADByteCount, alignment: 8) { associated in
          BlobGeometry.writePageAAD(into: associated, suite: .first, vault: vault, blob: id, page: index, of: byteCount)
          do throws(PageCipherError) {
            try context.open(page: UInt64(index), sealed, associated: UnsafeRawBufferPointer(associated), into: output)
          } catch { code = error }
        }
        if let code { throw code }
      }
    } catch { throw .authenticationFailed }
  }
}
