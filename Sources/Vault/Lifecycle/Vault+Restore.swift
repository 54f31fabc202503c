package import Sodium
import Trail
package import VaultFormat

/// Who says that a vault was put back from a copy, and why.
package struct Restoration: Sendable {
  package var actor: Record.Actor
  package var reason: String

  package init(actor: Record.Actor, reason: String) {
    self.actor = actor
    self.reason = reason
  }
}

/// What a restoration found and made.
package struct RestoredVault: Sendable {
  /// Where the trail that is there went on from; nil where it had no frame yet.
  package var from: ChainPoint?
  /// The end of the trail with the record of the restoration, on disk.
  package var end: ChainPoint
  /// The commit that the catalog held, and the last one that the trail names; nil for none.
  package var catalogCommit: UInt64
  package var trailCommit: UInt64?
}

/// Going on with a vault that was put back from a copy, in whole or in part.
extension Vault {
  /// Takes catalog, vault.json and trail as they lie there, also where they are not of one moment, as long as each is what this vault's key sealed; makes a
  /// segment that says so, a RESTORE record and a commit on which all agree; and locks the vault again. On disk on return.
  ///
  /// Never done by itself: whoever holds the key could so shorten a trail, and the trail says for good that it was done.
  ///
  /// - Throws: `trail` and `damaged` where a part is not whole in itself; `damaged` where vault.json is older than the catalog. A segment that says that a
  ///   restoration was begun may then stand in the trail.
  package static func restore(
    at path: String, root: consuming SecretBytes, _ restoration: Restoration, settings: VaultSettings = VaultSettings()
  ) throws(UnlockError) -> RestoredVault {
    let folder: VaultFolder
    do throws(VaultFolderError) { folder = try VaultFolder.open(at: path) } catch { throw .folder(error) }
    let vault: Vault
    let opening: TrailOpening
    do throws(UnlockError) { (vault, opening) = try unlock(folder, root, settings, restoration) } catch {
      folder.release()
      throw error
    }
    let commit = vault.committer.predecessor
    do throws(VaultError) { try vault.close() } catch { throw UnlockError(error) }
    return RestoredVault(
      from: opening.end, end: vault.trail.status.syncedPoint, catalogCommit: commit, trailCommit: opening.lastMark?.commit)
  }

  /// The RESTORE record, in the file before anything is committed.
  func record(_ restoration: Restoration, _ opening: TrailOpening) throws(UnlockError) {
    var record = Record(.restore)
    record.actor = restoration.actor
    record.details = [
      Record.Detail("reason", restoration.reason), Record.Detail("from", opening.end?.description ?? "none"),
      Record.Detail("catalog-commit", String(committer.committed)),
    ]
    if let mark = opening.lastMark { record.details.append(Record.Detail("trail-commit", String(mark.commit))) }
    do throws(TrailError) { try trail.append(record) } catch {
      content.close()
      throw .trail("\(error)")
    }
  }
}
