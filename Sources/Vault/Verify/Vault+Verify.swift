import BlobStore
import Catalog
import Keys
import Platform
import Trail
import VaultFormat

/// Verification of a vault while it is in use.
///
/// Rows are read from one snapshot, which must be the state that this process has in memory; content then bucket by bucket as the catalog is
/// by then, so that no snapshot keeps the catalog's log from being folded for hours. What was committed since the snapshot is not checked.
extension Vault {
  /// Why a verification of a vault in use came to no verdict.
  package enum VerifyFailure: Error {
    /// Another one is under way.
    case busy
    /// Ended by `VerificationSwitch.stop`, or because the vault is being closed. `isResuming` goes on there.
    case interrupted
    case failed(UnlockError)
  }

  /// On the calling thread, which should be one of low priority. Nothing of the vault is changed but `verify.state`.
  ///
  /// - Parameters: as `VaultVerifier.verify`.
  package func verify(
    isQuick: Bool, isResuming: Bool, progress: @escaping (VerifyProgress) -> Void, report: @escaping (Finding) -> Void
  ) throws(VerifyFailure) -> VerifyReport {
    guard verification.begin() else { throw .busy }
    defer { verification.end() }
    let run = VerifyRun(
      path: folder.path, keys: keys, isQuick: isQuick, isResuming: isResuming, report: report,
      progress: { [verification] in
        progress($0)
        return verification.goesOn
      })
    let isDone: Bool
    do throws(UnlockError) { isDone = try verify(run) } catch { throw .failed(error) }
    guard isDone else { throw .interrupted }
    return run.total
  }

  private func verify(_ run: VerifyRun) throws(UnlockError) -> Bool {
    guard run.tell(.files) else { return false }
    try checkCopies(run)
    let strays = StrayFinder(folder: folder.path, report: run.report)
    strays.findInFolder()
    // Everything up to here is in the trail's files, whatever is appended meanwhile.
    try run.checkTrail(folder.trailPath, vault: id, end: trail.status.syncedPoint)
    let present = contentFiles()
    guard let view = committedView(run) else { return verification.goesOn }
    verification.reads(view.snapshot)
    let rows = run.checkRows(view.snapshot)
    verification.reads(nil)
    view.snapshot.close()
    guard var rows else { return false }
    if rows.commit?.number != view.commit || rows.storedSum != view.sum {
      run.report(Finding(.catalog, "commit \(view.commit)", .otherCommit))
    }
    guard try checkContent(rows, run) else { return false }
    guard run.areRowsWhole, let present else { return true }
    rows.sortBlobFiles()
    let unnamed = unnamed(of: present, isNamed: rows.isNamed)
    for object in unnamed {
      switch object {
      case .blob(let id): strays.tellUnnamed("blobs/\(Hex.encode([UInt8(id.high >> 56)]))/\(id)")
      case .pack(let number): strays.tellUnnamed("packs/\(number.value)")
      }
    }
    if !unnamed.isEmpty { housekeeping.ask() }
    return true
  }

  /// Not while they are being written.
  private func checkCopies(_ run: VerifyRun) throws(UnlockError) {
    do throws(KeysError) {
      let root = try keys.rootCopy()
      let (current, bytes) = fileChanges.withLock { (file, VaultFolder.copies(at: folder.path)) }
      func state(_ bytes: [UInt8]?) throws(KeysError) -> UnlockedVaultFile.Copy {
        guard bytes != current.encode() else { return .current }
        // Beside the file that this process knows, so that a copy alone cannot pass for the one that counts.
        return try VaultFileCopies(first: current.encode(), second: bytes).authenticated(by: root).second
      }
      run.tellState(VaultFolder.firstCopy, try state(bytes.first))
      run.tellState(VaultFolder.secondCopy, try state(bytes.second))
    } catch { throw UnlockError(error) }
  }

  /// A snapshot, and the commit that this process knows it to be.
  private func committedView(_ run: VerifyRun) -> (snapshot: any CatalogSnapshot, commit: UInt64, sum: RowDigest)? {
    do throws(CatalogError) {
      return try committing.withLock { () throws(CatalogError) in
        (snapshot: try catalog.snapshot(), commit: committer.committed, sum: ledger.sum)
      }
    } catch {
      run.report(Finding(.catalog, "catalog.sqlite", .unreadable, ["detail": "\(error)"]))
      return nil
    }
  }

  private func checkContent(_ rows: RowChecker, _ run: VerifyRun) throws(UnlockError) -> Bool {
    let reading = try run.openContent()
    defer { reading.close() }
    let catalog = catalog
    let keys = keys
    let content = content
    let checker = ContentChecker(
      keys: keys, content: reading, rows: { (bucket) throws(CatalogError) in try catalog.rows(inBucket: bucket) },
      record: { (number) throws(CatalogError) in
        let key = RowKey(.pack, UInt64(number.value))
        // A row that does not open was told before.
        guard let row = try catalog.row(key), let bytes = try? keys.open(row.sealed, for: key, version: row.version) else {
          return nil
        }
        return try? PackRecord(parsing: bytes)
      },
      grows: { if case .growing = content.packs.standing(of: $0) { true } else { false } }, isQuick: run.isQuick,
      report: run.report, keep: run.keep)
    return run.checkContent(checker, rows)
  }
}
