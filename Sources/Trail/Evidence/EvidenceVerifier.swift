package import VaultFormat

/// Checks an evidence pack by itself, offline.
package struct EvidenceVerifier {
  package var genesis: [UInt8]?
  /// The reviewer's key for evidence, as it was told outside the pack.
  package var signer: [UInt8]?
  package var anchorPath: String?
  /// Another reviewer of the same segments: opens the frames anew.
  package var identity: ReviewerIdentity?

  private let path: String
  package init(_ path: String) { self.path = path }

  /// - Parameter text: the text that the pack must hold, as `EvidenceMaker.make` was given it.
  /// - Throws: `unreadable`, `newerVersion`, `memoryNotLocked`.
  package func verify(text: (EvidenceManifest, [EvidenceRecord]) -> String) throws(TrailError) -> EvidenceReport {
    var run = EvidenceRun(self)
    do throws(TrailError) { try run.go(path, text: text) } catch {
      switch error {
      case .damaged(let what): run.report.verdict = .broken(what)
      default: throw error
      }
    }
    return run.report
  }
}
