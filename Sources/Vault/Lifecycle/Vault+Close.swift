import Catalog
import Glibc
import Keys
import Platform
import Sodium
import Trail
import VaultFormat

/// Locking a vault in good order.
extension Vault {
  /// Commits what is left, folds the catalog's log into its file, and ends the trail with a mark that holds the file's digest: from then
  /// on no byte of any file of the vault can change unseen.
  ///
  /// - Throws: why the last commit failed; the vault is then closed all the same, in the state of the last commit that succeeded.
  package func close() throws(VaultError) {
    var failure: VaultError?
    verification.close()
    housekeeping.stop()
    census.stop()
    storeUses()
    do throws(VaultError) { try committer.commitAndWait() } catch { failure = error }
    committer.stop()
    content.close()
    var isCatalogClosed = true
    do throws(CatalogError) { try catalog.close() } catch {
      isCatalogClosed = false
      failure = failure ?? VaultError(error)
    }
    if isCatalogClosed {
      do throws(TrailError) {
        try markEnd()
        try trail.close()
      } catch { failure = failure ?? .trail(error) }
    }
    // An end in order says that the last mark is what the catalog holds; without one the next start is one after a crash.
    trail.abandon()
    folder.release()
    if let failure { throw failure }
  }

  /// The last mark names what the catalog holds, also after a commit that failed behind its mark.
  private func markEnd() throws(TrailError) {
    let digest = Self.digest(ofCatalogAt: folder.catalogPath, keys)
    _ = try trail.writeMark(
      commit: committer.committed, predecessor: committer.predecessor, digest: ledger.sum.bytes, generation: committer.generation,
      catalogFileDigest: digest?.bytes)
  }

  /// The keyed digest of the catalog's file as it lies there; nil where it cannot be read. No log may be beside it.
  static func digest(ofCatalogAt path: String, _ keys: VaultKeys) -> RowDigest? {
    guard let file = try? File(path, O_RDONLY), let size = try? file.size() else { return nil }
    var hash = keys.catalogFileHash()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    var offset = 0
    while offset < size {
      guard let count = try? file.read(at: offset, into: buffer), count > 0 else { return nil }
      hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      offset += count
    }
    return RowDigest(hash.finish())
  }
}
