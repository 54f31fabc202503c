import BlobStore
import Catalog
import Glibc
import Keys
import Platform
package import Sodium
import Trail
import VaultFormat

/// Proves every byte of a vault that is not mounted, and goes on after damage with what can still be checked.
package struct VaultVerifier {
  private let folder: VaultFolder
  private let file: VaultFile
  private let run: VerifyRun

  /// Holds the vault while it works, on the calling thread. No file of the vault is other than before on return, but for `verify.state`,
  /// which an interrupted run leaves.
  ///
  /// - Parameters:
  ///   - isQuick: leaves content closed but for each blob's last page.
  ///   - isResuming: content that an interrupted run had checked is not checked again.
  ///   - report: called with each finding as it comes.
  /// - Throws: where nothing could be checked: no vault, in use, no copy of vault.json that fits the root key, a newer version.
  package static func verify(
    at path: String, root: borrowing SecretBytes, isQuick: Bool, isResuming: Bool = false,
    progress: @escaping (VerifyProgress) -> Void, report: @escaping (Finding) -> Void
  ) throws(UnlockError) -> VerifyReport {
    let folder: VaultFolder
    do throws(VaultFolderError) { folder = try VaultFolder.open(at: path) } catch { throw .folder(error) }
    defer { folder.release() }
    let keys: VaultKeys
    let copies: (file: VaultFile, first: UnlockedVaultFile.Copy, second: UnlockedVaultFile.Copy)
    do throws(KeysError) {
      let bytes = VaultFolder.copies(at: path)
      copies = try VaultFileCopies(first: bytes.first, second: bytes.second).authenticated(by: root)
      let copy: SecretBytes
      do { copy = try root.copy() } catch { throw .memoryNotLocked }
      keys = try VaultKeys(vault: copies.file.vault, root: copy)
    } catch { throw UnlockError(error) }
    let run = VerifyRun(
      path: folder.path, keys: keys, isQuick: isQuick, isResuming: isResuming, report: report,
      progress: {
        progress($0)
        return true
      })
    _ = run.tell(.files)
    run.tellState(VaultFolder.firstCopy, copies.first)
    run.tellState(VaultFolder.secondCopy, copies.second)
    try VaultVerifier(folder: folder, file: copies.file, run: run).go()
    return run.total
  }

  private func go() throws(UnlockError) {
    let strays = StrayFinder(folder: folder.path, report: run.report)
    strays.findInFolder()
    try run.checkTrail(folder.trailPath, vault: file.vault, end: nil)
    let opening = lastMarks()
    let isOther = isOtherCatalog(opening)
    let tellOther = { [self] in if isOther { run.report(Finding(.catalog, "catalog.sqlite", .otherFile)) } }
    let made = [logPath, folder.catalogPath + "-shm"].filter { !Files.exists($0) }
    // SQLite puts both beside a catalog that it reads, and a reader may not take them away; they hold nothing.
    defer { for path in made { unlink(path) } }
    guard let snapshot = openCatalog() else { return tellOther() }
    defer { snapshot.close() }
    guard var rows = run.checkRows(snapshot) else { return tellOther() }
    let isTrailOlder = rows.commit.map { compare($0, opening) } ?? false
    // Where all rows are those of a commit that came after the trail's end, the catalog is the right one, and the trail is the one of before.
    if !isTrailOlder || !run.areRowsWhole { tellOther() }
    let content = try run.openContent()
    defer { content.close() }
    let packs = rows.packs
    let checker = ContentChecker(
      keys: run.keys, content: content, rows: { (bucket) throws(CatalogError) in try snapshot.rows(inBucket: bucket) },
      record: { packs[$0] }, grows: { _ in false }, isQuick: run.isQuick, report: run.report, keep: run.keep)
    guard run.checkContent(checker, rows) else { return }
    guard run.areRowsWhole else { return }
    rows.sortBlobFiles()
    strays.findContent(rows)
  }

  // MARK: The trail

  /// Nil where the trail is broken so that they cannot be had.
  private func lastMarks() -> TrailOpening? {
    do throws(TrailError) {
      return try TrailMarks.last(in: folder.trailPath, vault: file.vault, keys: run.keys.trail)
    } catch {
      if !run.total.isTrailBroken { run.report(Finding(.trail, "trail", .trailBroken, ["detail": "\(error)"])) }
      return nil
    }
  }

  // MARK: The catalog

  /// Before SQLite opens the file: at an orderly end the trail's last mark has its digest. Whether it is another one.
  private func isOtherCatalog(_ opening: TrailOpening?) -> Bool {
    _ = run.tell(.catalog)
    guard let expected = opening?.lastMark?.catalogFileDigest, !hasLog else { return false }
    guard let found = Vault.digest(ofCatalogAt: folder.catalogPath, run.keys) else {
      run.report(Finding(.catalog, "catalog.sqlite", .unreadable, ["detail": "open"]))
      return false
    }
    return found != expected
  }

  private var logPath: String { folder.catalogPath + "-wal" }

  /// Whether commits lie beside the catalog's file. An empty log holds none.
  private var hasLog: Bool {
    var status = stat()
    return lstat(logPath, &status) == 0 && status.st_size > 0
  }

  private func openCatalog() -> (any CatalogSnapshot)? {
    do throws(CatalogError) {
      return try SQLiteCatalog.openSnapshot(at: folder.catalogPath)
    } catch {
      run.report(Finding(.catalog, "catalog.sqlite", .unreadable, ["detail": "\(error)"]))
      return nil
    }
  }

  /// Returns whether the trail is older than the catalog.
  private func compare(_ commit: CommitRecord, _ opening: TrailOpening?) -> Bool {
    if file.generation < commit.generation {
      let arguments = ["generation": "\(file.generation)", "needed": "\(commit.generation)"]
      run.report(Finding(.vaultFile, "vault.json", .fileOlder, arguments))
    }
    guard let opening else { return false }
    do throws(UnlockError) { _ = try Vault.compare(commit, opening, file) } catch {
      switch error {
      case .trail(let what):
        run.report(Finding(.trail, "trail", .trailBroken, ["detail": what]))
        return opening.lastMark.map { $0.commit < commit.number } ?? true
      case .damaged(let what): run.report(Finding(.catalog, "commit \(commit.number)", .disagreesWithTrail, ["detail": what]))
      default: run.report(Finding(.catalog, "commit \(commit.number)", .disagreesWithTrail, ["detail": "\(error)"]))
      }
    }
    return false
  }
}
