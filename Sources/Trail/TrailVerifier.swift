package import VaultFormat

/// Checks a whole trail, streaming and in constant memory.
///
/// Without any secret: the chain over every byte, each checkpoint's signature and key, gaps, heartbeats and both ends. With a reviewer's
/// identity also that every record opens and is well formed; with the vault's trail keys also the marks' MACs and the signer file.
package struct TrailVerifier {
  /// The public key that `create` returned.
  package var genesis: [UInt8]?
  /// A frame that was seen before and must still be there.
  package var end: ChainPoint?
  /// A file of anchor lines.
  package var anchorPath: String?
  package var vault: VaultID?
  package var keys: TrailKeys?
  package var identity: ReviewerIdentity?
  /// Called now and then with the bytes done and the bytes there are.
  package var progress: ((UInt64, UInt64) -> Void)?

  private let folder: TrailFolder

  package init(_ path: String) { folder = TrailFolder(path: path) }

  /// Checks everything.
  /// - Throws: `missing` where there is no trail; `unreadable` where a file cannot be read; `newerVersion`, `memoryNotLocked`.
  package func verify() throws(TrailError) -> TrailReport {
    var run = try VerifierRun(self, folder)
    var stop: VerifierRun.Stop?
    do throws(VerifierRun.Stop) { try run.go() } catch { stop = error }
    // A signature that is wrong came before whatever ended the walk.
    if let failed = run.endSignatures() { return failed }
    switch stop {
    case .broken(let place): run.report.verdict = .broken(place)
    case .failed(.newerVersion(let version, let part)):
      let isPlace = part.hasPrefix("segment ") || part == "signer" || part == AnchorReader.place
      throw .newerVersion(version, place: isPlace ? part : "segment \(run.place.segment): \(part)")
    case .failed(let error): throw error
    case nil: break
    }
    run.report.skippedAnchorLineCount = run.anchors?.skippedCount ?? 0
    return run.report
  }
}
