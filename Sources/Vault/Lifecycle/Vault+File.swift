package import Keys
import Platform
package import Sodium
import Trail
package import VaultFormat

/// Changes of vault.json: key slots and reviewers.
extension Vault {
  /// vault.json as it counts now.
  package var file: VaultFile { fileLock.withLock { currentFile } }

  /// Makes the next generation of vault.json from the present one and the root key.
  package typealias FileChange = (VaultFile, borrowing SecretBytes) throws(KeysError) -> VaultFile

  /// Puts the next generation in place of the present one. `change` gets the present file and the root key.
  ///
  /// Order: the second copy synced, the catalog committed with the new generation, the first copy synced. On return no live copy holds
  /// what the change took away. After a throw the vault opens with the old or the new file.
  package func changeFile(
    _ change: FileChange
  ) throws(VaultFileChangeError) -> VaultFile {
    try fileChanges.withLockThrowing { () throws(VaultFileChangeError) -> VaultFile in
      let before = file
      let next: VaultFile
      do throws(KeysError) {
        let root = try keys.rootCopy()
        next = try change(file, root)
        guard try next.isAuthentic(root), next.generation == file.generation + 1, next.vault == id else { throw .badParameters }
      } catch { throw .keys(error) }
      do throws(VaultError) {
        try folder.write(next.encode(), to: VaultFolder.secondCopy)
        fileLock.withLock { currentFile = next }
        try sync()
        try folder.write(next.encode(), to: VaultFolder.firstCopy)
      } catch { throw .vault(error) }
      if next.reviewers != before.reviewers {
        do throws(TrailError) { try trail.setReviewers(next.reviewers.map(\.publicKey)) } catch { throw .vault(.trail(error)) }
      }
      return next
    }
  }

  /// Writes the file that counts over a copy that a crash or damage left different. Called once after unlocking; the catalog then holds
  /// the file's generation.
  func mendFile() throws(VaultError) {
    let right = file.encode()
    let copies = VaultFolder.copies(at: folder.path)
    if copies.second != right { try folder.write(right, to: VaultFolder.secondCopy) }
    if copies.first != right { try folder.write(right, to: VaultFolder.firstCopy) }
  }
}

/// Why vault.json was not changed.
package enum VaultFileChangeError: Error {
  case keys(KeysError)
  case vault(VaultError)
}
