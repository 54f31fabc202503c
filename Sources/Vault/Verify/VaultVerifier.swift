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
  private let keys: VaultKeys
  private let isQuick: Bool
  private let progress: (VerifyProgress) -> Void
  private let tell: (Finding) -> Void

  /// Holds the vault while it works, on the calling thread. No file of the vault is other than before on return.
  ///
  /// - Parameters:
  ///   - isQuick: leaves content closed but for each blob's last page.
  ///   - report: called with each finding as it comes.
  /// - Throws: where nothing could be checked: no vault, in use, no copy of vault.json that fits the root key, a newer version.
  package static func verify(
    at path: String, root: borrowing SecretBytes, isQuick: Bool, progress: @escaping (VerifyProgress) -> Void,
    report: @escaping (Finding) -> Void
  ) throws(UnlockError) -> VerifyReport {
    let folder: VaultFolder
    do throws(VaultFolderError) { folder = try VaultFolder.open(at: path) } catch { throw .folder(error) }
    defer { folder.release() }
    let counted = Counted()
    let tell = { (finding: Finding) in
      counted.report.count(finding)
      report(finding)
    }
    progress(VerifyProgress(phase: .files, doneCount: 0, totalCount: 0))
    let bytes = VaultFolder.copies(at: path)
    let file: VaultFile
    let keys: VaultKeys
    do throws(KeysError) {
      let copies = try VaultFileCopies(first: bytes.first, second: bytes.second).authenticated(by: root)
      file = copies.file
      let copy: SecretBytes
      do { copy = try root.copy() } catch { throw .memoryNotLocked }
      keys = try VaultKeys(vault: file.vault, root: copy)
      tellState(VaultFolder.firstCopy, copies.first, tell)
      tellState(VaultFolder.secondCopy, copies.second, tell)
    } catch { throw UnlockError(error) }
    let verifier = VaultVerifier(folder: folder, file: file, keys: keys, isQuick: isQuick, progress: progress, tell: tell)
    try verifier.run(counted)
    return counted.report
  }

  /// What the closures count into; of one thread.
  private final class Counted {
    var report = VerifyReport()
  }

  private static func tellState(_ name: String, _ state: UnlockedVaultFile.Copy, _ tell: (Finding) -> Void) {
    switch state {
    case .current: break
    case .older(let generation): tell(Finding(.vaultFile, name, "is of generation \(generation), an earlier one"))
    case .diverged: tell(Finding(.vaultFile, name, "is another file of the same generation"))
    case .damaged(let what): tell(Finding(.vaultFile, name, "is damaged (\(what))"))
    case .newer(let version): tell(Finding(.vaultFile, name, "says that it is of format \(version)"))
    case .missing: tell(Finding(.vaultFile, name, "is missing or cannot be read"))
    }
  }

  private func run(_ counted: Counted) throws(UnlockError) {
    StrayFinder(folder: folder.path, report: tell).findInFolder()
    try checkTrail(counted)
    let opening = lastMarks(counted)
    checkCatalogFile(opening)
    let made = [logPath, folder.catalogPath + "-shm"].filter { !Files.exists($0) }
    // SQLite puts both beside a catalog that it reads, and a reader may not take them away; they hold nothing.
    defer { for path in made { unlink(path) } }
    guard let snapshot = openCatalog() else { return }
    defer { snapshot.close() }
    var isWhole = true
    var rows = RowChecker(keys, snapshot) { finding in
      if finding.kind == .row || finding.kind == .catalog { isWhole = false }
      tell(finding)
    }
    do throws(CatalogError) {
      for text in try snapshot.integrityCheck() {
        isWhole = false
        tell(Finding(.catalog, "catalog.sqlite", "its structure: \(text)"))
      }
    } catch { tell(Finding(.catalog, "catalog.sqlite", "its structure cannot be checked: \(error)")) }
    rows.run { progress(VerifyProgress(phase: .tree, doneCount: $0, totalCount: 0)) }
    counted.report.rowCount = rows.rowCount
    counted.report.documentCount = rows.documentCount
    counted.report.blobCount = UInt64(rows.blobs.count)
    counted.report.packCount = UInt64(rows.packs.count)
    counted.report.byteCount = rows.byteCount
    if let commit = rows.commit { compare(commit, opening) }
    try checkContent(rows)
    if isWhole { StrayFinder(folder: folder.path, report: tell).findContent(rows) }
  }

  // MARK: The trail

  private func checkTrail(_ counted: Counted) throws(UnlockError) {
    var verifier = TrailVerifier(folder.trailPath)
    verifier.vault = file.vault
    verifier.keys = keys.trail
    verifier.progress = { done, total in progress(VerifyProgress(phase: .trail, doneCount: done, totalCount: total)) }
    do throws(TrailError) {
      let report = try verifier.verify()
      counted.report.trailFrameCount = report.recordCount + report.markCount + report.checkpointCount
      switch report.verdict {
      case .whole: break
      case .broken(let place):
        tell(Finding(.trail, place.segment == 0 ? "trail" : "trail/\(TrailFiles.segment(place.segment))", place.description))
      case .consistent(let findings): for finding in findings { tellNote(finding) }
      }
    } catch {
      switch error {
      case .memoryNotLocked: throw .memoryNotLocked
      // vault.json is of this version, so that the byte changed.
      case .newerVersion(let version): tell(Finding(.trail, "trail", "says that it is of version \(version)"))
      case .missing: tell(Finding(.trail, "trail", "there is none"))
      default: tell(Finding(.trail, "trail", "\(error)"))
      }
    }
  }

  /// What a crash left at the end, and foreign files. What lies further back, and whether the origin and the end are the expected ones, is
  /// for `log verify`, which has what to compare with.
  private func tellNote(_ finding: TrailReport.Finding) {
    switch finding {
    case .foreignFile(let name): tell(Finding(.stray, "trail/" + name, "does not belong into a trail", severity: .notice))
    case .torn(let segment, let byteCount):
      tell(Finding(.trail, "segment \(segment)", "its last \(byteCount) bytes are no whole frame", severity: .notice))
    case .unsigned(let from, let through, isLast: true):
      tell(Finding(.trail, "frames \(from)–\(through)", "are not signed: the last run did not end in order", severity: .notice))
    default: break
    }
  }

  /// Nil where the trail is broken so that they cannot be had.
  private func lastMarks(_ counted: Counted) -> TrailOpening? {
    do throws(TrailError) {
      return try TrailMarks.last(in: folder.trailPath, vault: file.vault, keys: keys.trail)
    } catch {
      if !counted.report.isTrailBroken { tell(Finding(.trail, "trail", "\(error)")) }
      return nil
    }
  }

  // MARK: The catalog

  /// Before SQLite opens the file: at an orderly end the trail's last mark has its digest.
  private func checkCatalogFile(_ opening: TrailOpening?) {
    progress(VerifyProgress(phase: .catalog, doneCount: 0, totalCount: 0))
    guard let expected = opening?.lastMark?.catalogFileDigest, !hasLog else { return }
    guard let found = Vault.digest(ofCatalogAt: folder.catalogPath, keys) else {
      tell(Finding(.catalog, "catalog.sqlite", "cannot be read"))
      return
    }
    if found != expected { tell(Finding(.catalog, "catalog.sqlite", "its bytes are not those of the last orderly end")) }
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
      tell(Finding(.catalog, "catalog.sqlite", "cannot be opened: \(error)"))
      return nil
    }
  }

  private func compare(_ commit: CommitRecord, _ opening: TrailOpening?) {
    if file.generation < commit.generation {
      tell(
        Finding(.vaultFile, "vault.json", "is older than the catalog: of generation \(file.generation), not \(commit.generation)")
      )
    }
    guard let opening else { return }
    do throws(UnlockError) { _ = try Vault.compare(commit, opening, file) } catch {
      switch error {
      case .trail(let what): tell(Finding(.trail, "trail", what))
      case .damaged(let what): tell(Finding(.catalog, "commit \(commit.number)", what))
      default: tell(Finding(.catalog, "commit \(commit.number)", "\(error)"))
      }
    }
  }

  // MARK: Content

  private func checkContent(_ rows: RowChecker) throws(UnlockError) {
    var settings = ContentSettings()
    settings.pageCacheByteCount = 4 << 20
    settings.readAheadByteCount = 0
    let content: ContentStore
    do throws(ContentError) {
      content = try ContentStore(
        keys: keys, store: LocalBlobStore(folder: folder.path), packs: rows.packs, settings: settings,
        nextPackNumber: { () throws(ContentError) in throw .io("a verification writes nothing") })
    } catch {
      if case .memoryNotLocked = error { throw .memoryNotLocked }
      throw .io("\(error)")
    }
    defer { content.close() }
    ContentChecker(content: content, report: tell).run(rows, isQuick: isQuick) {
      progress(VerifyProgress(phase: .content, doneCount: $0, totalCount: rows.byteCount))
    }
  }
}
