import BlobStore
import Catalog
import Keys
import Platform
import Trail
import VaultFormat

/// One verification, of a vault that is mounted or not: what both do alike, and what it has found so far. Used by one thread.
final class VerifyRun {
  let path: String
  let keys: VaultKeys
  let isQuick: Bool
  private(set) var total = VerifyReport()
  /// Whether every row opened and every bucket added up: only then is a file that no row names a stray.
  private(set) var areRowsWhole = true
  private let reporting: (Finding) -> Void
  private let progressing: (VerifyProgress) -> Bool
  /// Where an interrupted run had come to.
  private let earlier: VerifyState?
  private let begun = Clock.wall()
  private var lastKept = Clock.boot()

  /// The state is written so often, and at the end of an interrupted run.
  private static let keepNanoseconds: Int64 = 5_000_000_000

  init(
    path: String, keys: VaultKeys, isQuick: Bool, isResuming: Bool, report: @escaping (Finding) -> Void,
    progress: @escaping (VerifyProgress) -> Bool
  ) {
    self.path = path
    self.keys = keys
    self.isQuick = isQuick
    reporting = report
    progressing = progress
    // A quick run takes no longer than reading an interrupted one's state is worth.
    earlier = isResuming && !isQuick ? VerifyState.load(in: path, keys) : nil
  }

  func report(_ finding: Finding) {
    total.count(finding)
    reporting(finding)
  }

  /// Returns false where the run is to end.
  func tell(_ phase: VerifyProgress.Phase, _ done: UInt64 = 0, of total: UInt64 = 0) -> Bool {
    progressing(VerifyProgress(phase: phase, doneCount: done, totalCount: total))
  }

  // MARK: vault.json

  func tellState(_ name: String, _ state: UnlockedVaultFile.Copy) {
    switch state {
    case .current: break
    case .older(let generation): report(Finding(.vaultFile, name, .copyOlder, ["generation": "\(generation)"]))
    case .diverged: report(Finding(.vaultFile, name, .copyDiverged))
    case .damaged(let what): report(Finding(.vaultFile, name, .copyDamaged, ["detail": what]))
    case .newer(let version): report(Finding(.vaultFile, name, .copyNewer, ["version": "\(version)"]))
    case .missing: report(Finding(.vaultFile, name, .copyMissing))
    }
  }

  // MARK: The trail

  /// - Parameter end: a frame that the trail must hold; nil where nobody writes it and its own end counts.
  /// - Throws: `memoryNotLocked`.
  func checkTrail(_ path: String, vault: VaultID, end: ChainPoint?) throws(UnlockError) {
    var verifier = TrailVerifier(path)
    verifier.vault = vault
    verifier.keys = keys.trail
    verifier.end = end
    verifier.progress = { [self] done, all in _ = tell(.trail, done, of: all) }
    do throws(TrailError) {
      var found = try verifier.verify()
      // A segment that a writer began between two looks is not seen by the first.
      if end != nil, case .broken = found.verdict { found = try verifier.verify() }
      total.trailFrameCount = found.recordCount + found.markCount + found.checkpointCount
      switch found.verdict {
      case .whole: break
      case .broken(let place):
        let subject = place.segment == 0 ? "trail" : "trail/\(TrailFiles.segment(place.segment))"
        report(Finding(.trail, subject, .trailBroken, ["detail": place.description]))
      case .consistent(let findings): for finding in findings { tellNote(finding, hasWriter: end != nil) }
      }
    } catch {
      switch error {
      case .memoryNotLocked: throw .memoryNotLocked
      // vault.json is of this version, so that the byte changed.
      case .newerVersion(let version, _): report(Finding(.trail, "trail", .trailNewer, ["version": "\(version)"]))
      case .missing: report(Finding(.trail, "trail", .trailMissing))
      default: report(Finding(.trail, "trail", .trailBroken, ["detail": "\(error)"]))
      }
    }
  }

  /// What a crash left at the end, and foreign files. What lies further back, and whether the origin and the end are the expected ones, is
  /// for `log verify`, which has what to compare with.
  private func tellNote(_ finding: TrailReport.Finding, hasWriter: Bool) {
    switch finding {
    case .foreignFile(let name): report(Finding(.stray, "trail/" + name, .foreignFile, severity: .notice))
    case .torn(let segment, let count) where !hasWriter:
      report(Finding(.trail, "segment \(segment)", .trailTorn, ["count": "\(count)"], severity: .notice))
    case .unsigned(let from, let through, isLast: true) where !hasWriter:
      report(Finding(.trail, "frames \(from)–\(through)", .trailUnsigned, severity: .notice))
    default: break
    }
  }

  // MARK: The catalog

  /// Nil where the run was ended.
  func checkRows(_ snapshot: any CatalogSnapshot) -> RowChecker? {
    guard tell(.catalog) else { return nil }
    do throws(CatalogError) {
      for text in try snapshot.integrityCheck() {
        areRowsWhole = false
        report(Finding(.catalog, "catalog.sqlite", .structure, ["detail": text]))
      }
    } catch {
      guard tell(.catalog) else { return nil }
      areRowsWhole = false
      report(Finding(.catalog, "catalog.sqlite", .unreadable, ["detail": "\(error)"]))
    }
    var rows = RowChecker(keys, snapshot) { [self] finding in
      if finding.kind == .row || finding.kind == .catalog { areRowsWhole = false }
      report(finding)
    }
    guard rows.run(progress: { tell(.tree, $0, of: $1) }) else { return nil }
    total.rowCount = rows.rowCount
    total.documentCount = rows.documentCount
    total.blobCount = rows.blobCount
    total.packCount = UInt64(rows.packs.count)
    total.byteCount = rows.byteCount
    return rows
  }

  // MARK: Content

  /// A store to read content with, beside any other: small, and without read-ahead.
  func openContent() throws(UnlockError) -> ContentStore {
    var settings = ContentSettings()
    settings.pageCacheByteCount = 4 << 20
    settings.readAheadByteCount = 0
    settings.openBlobCountMax = 64
    do throws(ContentError) {
      return try ContentStore(
        keys: keys, store: LocalBlobStore(folder: path, readerCountMax: 32), packs: [:], settings: settings,
        nextPackNumber: { () throws(ContentError) in throw .io("a verification writes nothing") })
    } catch {
      if case .memoryNotLocked = error { throw .memoryNotLocked }
      throw .io("\(error)")
    }
  }

  /// Returns false where the run was ended; its state then stays for the next one.
  func checkContent(_ checker: ContentChecker, _ rows: RowChecker) -> Bool {
    let state = earlier ?? VerifyState(begun: begun)
    if let earlier {
      total.resumedFrom = earlier.begun
      total.resumedByteCount = min(earlier.checkedByteCount, rows.byteCount)
    }
    let packByteCount = rows.packs.values.reduce(0) { $0 + $1.byteCount }
    let isDone = checker.run(rows.nodes, rows.packs.keys.sorted(), from: state) { [self] phase, done in
      tell(phase, done, of: phase == .packs ? packByteCount : rows.byteCount)
    }
    if isDone, !isQuick { VerifyState.remove(in: path) }
    return isDone
  }

  /// For `ContentChecker.keep`.
  func keep(_ state: VerifyState, isEnding: Bool) {
    let now = Clock.boot()
    guard !isQuick, isEnding || now - lastKept > Self.keepNanoseconds else { return }
    lastKept = now
    state.save(in: path, keys)
  }
}
