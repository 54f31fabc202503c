import Access
import BlobStore
import CSystem
import Catalog
package import Keys
import Platform
package import Sodium
import Synchronization
import Trail
import VaultFormat

/// Unlocking a vault: every statement about it that must agree is compared before anything is shown.
extension Vault {
  /// Opens the slots of vault.json with a secret. Changes nothing and holds nothing: for a process that hands the key on.
  package static func readFile(at path: String, secret: borrowing SlotSecret) throws(UnlockError) -> UnlockedVaultFile {
    guard Files.exists(path + "/" + VaultFolder.firstCopy) || Files.exists(path + "/" + VaultFolder.secondCopy) else {
      throw .folder(.noVault(path))
    }
    let copies = VaultFolder.copies(at: path)
    do throws(KeysError) {
      return try VaultFileCopies(first: copies.first, second: copies.second).unlock(with: secret)
    } catch { throw UnlockError(error) }
  }

  /// Unlocks the vault with its root key and starts to commit. The vault is held until `close`.
  ///
  /// On return the trail has a new segment, numbers are reserved on disk, and a copy of vault.json that a crash or damage left behind
  /// is mended.
  package static func unlock(
    at path: String, root: consuming SecretBytes, settings: VaultSettings = VaultSettings()
  ) throws(UnlockError) -> Vault {
    let folder: VaultFolder
    do throws(VaultFolderError) { folder = try VaultFolder.open(at: path) } catch { throw .folder(error) }
    do throws(UnlockError) { return try unlock(folder, root, settings, nil).vault } catch {
      folder.release()
      throw error
    }
  }

  /// - Parameter restoration: catalog and trail need not agree; nil where they must.
  static func unlock(
    _ folder: VaultFolder, _ root: consuming SecretBytes, _ settings: VaultSettings, _ restoration: Restoration?
  ) throws(UnlockError) -> (vault: Vault, opening: TrailOpening) {
    let file = try authenticFile(folder, root)
    let keys: VaultKeys
    do throws(KeysError) { keys = try VaultKeys(vault: file.vault, root: root) } catch { throw UnlockError(error) }
    let handles = OpenHandleSource()
    let (vault, opening) = try unlock(folder, keys, file, settings, handles, restoration)
    vault.startCommitting()
    do throws(VaultError) {
      // All has been compared, so the file is the one that was closed. Should the rest fail, the end is marked with it as it is then.
      do throws(CatalogError) { try vault.catalog.upgrade() } catch { throw VaultError(error) }
      vault.beginCounting()
      try vault.committer.commitAndWait()
      try vault.recordFirstDuties()
      try vault.mendFile()
    } catch {
      try? vault.close()
      throw UnlockError(error)
    }
    // What a hundred thousand rules took in passing is the system's again.
    csystem_return_memory()
    vault.startHousekeeping(afterCrash: !opening.wasClosedCleanly || folder.hasGarbage || restoration != nil)
    return (vault, opening)
  }

  /// The vault, all statements about it compared; nothing is committed yet. Catalog and trail are compared before the trail is written to: what does not fit
  /// together is left as it was found.
  private static func unlock(
    _ folder: VaultFolder, _ keys: VaultKeys, _ file: VaultFile, _ settings: VaultSettings, _ handles: OpenHandleSource,
    _ restoration: Restoration?
  ) throws(UnlockError) -> (vault: Vault, opening: TrailOpening) {
    // Before the catalog: only the trail can say whether its file may be opened at all.
    let found: TrailOpening
    do throws(TrailError) {
      found = try TrailMarks.last(in: folder.trailPath, vault: file.vault, keys: keys.trail)
    } catch { throw .trail("\(error)") }
    let isWhole = restoration == nil ? try compareCatalogFile(folder, keys, found) : false
    let catalog: SQLiteCatalog
    do throws(CatalogError) {
      catalog = try SQLiteCatalog.open(at: folder.catalogPath, settings: settings.catalog)
    } catch { throw UnlockError(error) }
    do throws(UnlockError) {
      var stored = try StoredState(catalog, keys)
      guard file.generation >= stored.commit.generation else { throw .damaged("vault.json: older than the catalog") }
      let isRecovery = restoration == nil ? try compare(stored.commit, found, file) : false
      if restoration != nil { stored.counters = NumberSource.pastRestored(stored.counters) }
      let (trail, opening) = try openTrail(folder, keys, file, settings, handles, isRestored: restoration != nil)
      do throws(UnlockError) {
        let vault = try Vault(
          folder: folder, keys: keys, file: file, trail: trail, catalog: catalog, settings: settings, digests: stored.digests,
          counters: stored.counters, commit: stored.commit, lastMark: opening.lastMark, packs: stored.packs, rules: stored.rules,
          openHandles: handles)
        try vault.begin(isWhole: isWhole, isRecovery: isRecovery, restoration, opening)
        return (vault, opening)
      } catch {
        // The trail ends as it was found: in order, or as after a crash.
        if opening.wasClosedCleanly { try? trail.close() } else { trail.abandon() }
        throw error
      }
    } catch {
      try? catalog.close()
      throw error
    }
  }

  /// What everything else is judged by, compared; and what this unlocking is to be known by, on record.
  private func begin(
    isWhole: Bool, isRecovery: Bool, _ restoration: Restoration?, _ opening: TrailOpening
  ) throws(UnlockError) {
    // Each row of these was compared just now.
    ledger.areChecked(StoredState.tables.map(CatalogBuckets.bucket))
    // The whole file is the one that was closed, and with it every bucket.
    if isWhole { ledger.areChecked(ledger.all.keys) }
    do throws(VaultError) {
      _ = try node(.root)
      if let failure = reloadRights() { throw failure }
    } catch {
      content.close()
      throw UnlockError(error)
    }
    if !isWhole { try beginCensus() }
    if isRecovery { recordRecovery() }
    if let restoration { try record(restoration, opening) }
  }

  /// The copy of vault.json that counts, by the root key.
  private static func authenticFile(_ folder: VaultFolder, _ root: borrowing SecretBytes) throws(UnlockError) -> VaultFile {
    let copies = VaultFolder.copies(at: folder.path)
    do throws(KeysError) {
      for file in try VaultFileCopies(first: copies.first, second: copies.second).candidates() where try file.isAuthentic(root) {
        return file
      }
    } catch { throw UnlockError(error) }
    throw .damaged("vault.json: its MAC does not fit")
  }

  static func openTrail(
    _ folder: VaultFolder, _ keys: VaultKeys, _ file: VaultFile, _ settings: VaultSettings, _ handles: OpenHandleSource,
    isRestored: Bool = false
  ) throws(UnlockError) -> (writer: TrailWriter, opening: TrailOpening) {
    do throws(TrailError) {
      return try TrailWriter.open(
        in: folder.trailPath, vault: file.vault, keys: keys.trail, reviewers: file.reviewers.map(\.publicKey),
        settings: settings.trail, isRestored: isRestored,
        openHandles: { handles.all })
    } catch { throw .trail("\(error)") }
  }

  /// Before the first commit, so that the rows are those of the digests.
  private func beginCensus() throws(UnlockError) {
    let snapshot: any CatalogSnapshot
    do throws(CatalogError) { snapshot = try catalog.snapshot() } catch {
      content.close()
      throw UnlockError(error)
    }
    let digests = ledger.all
    census.begin(snapshot, digests, keys) { [ledger] in ledger.areChecked(digests.keys) }
  }

  private func recordRecovery() {
    var record = Record(.recovery)
    record.details = [Record.Detail("kind", "commit"), Record.Detail("commit", String(committer.committed))]
    trail.appendAlways(record)
  }
}
