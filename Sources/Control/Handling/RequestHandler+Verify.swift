import CSystem
import Platform
import Vault
import VaultFS
import VaultFormat

/// Verification while mounted: on a thread of low priority, while this one hands on what it finds.
extension RequestHandler {
  /// Operators may ask, who are shown ids, and whoever manages the whole vault. Paths are for callers who see them, whoever they are.
  func verify(
    _ request: VerifyRequest, _ peer: ControlPeer, _ caller: Caller, _ replies: ControlReplies
  ) throws(ControlFailure) {
    guard isOperator(peer, caller) || files.managesAll(caller) else {
      throw ControlFailure(code: "verify-not-permitted", exitCode: 4)
    }
    let run = VerifyTalk(files, caller)
    let worker = Thread(name: "verify") { [files] in
      csystem_lower_priority()
      do throws(Vault.VerifyFailure) {
        run.end(
          .success(
            try files.vault.verify(
              isQuick: request.isQuick, isResuming: request.isResuming, progress: { run.note($0) }, report: { run.note($0) })))
      } catch { run.end(.failure(error)) }
    }
    var isHeard = true
    var result: Result<VerifyReport, Vault.VerifyFailure>?
    while result == nil {
      let news = run.wait()
      result = news.result
      if isHeard, !news.findings.isEmpty { isHeard = replies.send(.findings(news.findings)) }
      if isHeard, let progress = news.progress { isHeard = replies.send(.verifyProgress(VerifyProgressReport(progress))) }
      // Nobody listens any more: it can be gone on from later.
      if !isHeard { files.vault.verification.stop() }
    }
    worker.join()
    switch result! {
    case .success(let report): replies.send(.verified(report))
    case .failure(.busy): throw ControlFailure(code: "verify-busy", exitCode: 11)
    case .failure(.interrupted): throw ControlFailure(code: "verify-interrupted", hint: "verify-resume", exitCode: 1)
    case .failure(.failed(let error)):
      if case .memoryNotLocked = error { throw ControlFailure(code: "memory-not-locked", exitCode: 1) }
      throw ControlFailure(code: "verify-failed", hint: "see-status", exitCode: 1)
    }
  }
}

/// Between the thread that verifies and the one that tells: findings one after the other, and the latest progress.
private final class VerifyTalk: @unchecked Sendable {
  private let files: VaultFS
  private let caller: Caller
  private let lock = Lock()
  private let changed = Condition()
  /// Guarded by `lock`, all of these.
  private var findings: [FindingReport] = []
  private var progress: VerifyProgress?
  private var result: Result<VerifyReport, Vault.VerifyFailure>?
  /// Used by the verifying thread alone.
  private var damageCount: UInt64 = 0

  /// A slow reader makes the verification wait, not the memory grow.
  private static let waitingCountMax = 256
  /// Damage recorded one by one in the trail; the rest is counted.
  private static let recordedCountMax: UInt64 = 1000
  private static let intervalNanoseconds = 500_000_000

  init(_ files: VaultFS, _ caller: Caller) {
    self.files = files
    self.caller = caller
  }

  // MARK: The verifying thread

  func note(_ finding: Finding) {
    if finding.severity == .damage {
      damageCount += 1
      if damageCount <= Self.recordedCountMax { files.recordDamage(finding, caller) }
    }
    let path = finding.node.flatMap { files.path(of: $0, shownTo: caller) }.flatMap { VaultPath(bytes: $0) }
    lock.withLock {
      while findings.count >= Self.waitingCountMax { changed.wait(lock) }
      findings.append(FindingReport(finding, path: path))
      if findings.count == Self.waitingCountMax { changed.broadcast() }
    }
  }

  func note(_ progress: VerifyProgress) { lock.withLock { self.progress = progress } }

  func end(_ result: Result<VerifyReport, Vault.VerifyFailure>) {
    if damageCount > Self.recordedCountMax { files.recordDamage(count: damageCount - Self.recordedCountMax, caller) }
    lock.withLock {
      self.result = result
      changed.broadcast()
    }
  }

  // MARK: The telling thread

  /// What came since the last call, after half a second or at the end.
  func wait() -> (
    findings: [FindingReport], progress: VerifyProgress?, result: Result<VerifyReport, Vault.VerifyFailure>?
  ) {
    lock.withLock {
      if result == nil { changed.wait(lock, nanoseconds: Self.intervalNanoseconds) }
      defer {
        findings = []
        changed.broadcast()
      }
      return (findings, progress, result)
    }
  }
}
