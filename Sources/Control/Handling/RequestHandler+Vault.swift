import Access
import Glibc
import Keys
import Platform
import Trail
import Vault
import VaultFS
import VaultFormat

/// Status, key slots, reviewers, and the reading of the trail.
extension RequestHandler {
  func status() -> StatusReport {
    let vault = files.vault
    let figures = vault.figures
    let trail = vault.trail.status
    var problems: [StatusReport.Problem] = []
    if let refusal = trail.refusal {
      let since = WallTime(nanoseconds: WallTime.now().nanoseconds - trail.refusedNanoseconds)
      problems.append(StatusReport.Problem(trouble: .trailRefusing, reason: refusal, since: since))
    }
    if let trouble = files.identities.trouble {
      problems.append(
        StatusReport.Problem(
          trouble: .identitiesUnknown, reason: trouble.reason, since: WallTime(nanoseconds: trouble.since)))
    }
    if let behind = files.clockBehind {
      problems.append(
        StatusReport.Problem(
          trouble: .clockSetBack, reason: "\(behind / 1_000_000_000) s behind the latest time known", since: WallTime.now()))
    }
    if let failure = vault.changeFailure, let since = vault.changeFailureBeginning {
      problems.append(
        StatusReport.Problem(trouble: .changesRefused, reason: failure.reason, since: WallTime(nanoseconds: since)))
    }
    for review in files.overdueReviews {
      problems.append(
        StatusReport.Problem(
          trouble: .reviewOverdue, reason: "review \(review.id)", since: WallTime(nanoseconds: review.due)))
    }
    let requests = requestCounts()
    let process = ProcessFigures.current()
    let load = StatusReport.Load(
      operationCount: requests.total, queuedOperationCount: requests.unanswered, refusalCount: files.refusalCount,
      residentByteCount: process.residentByteCount, unsealedByteCount: figures.unsealedByteCount,
      descriptorCount: process.descriptorCount, trailLagNanoseconds: trail.unsyncedNanoseconds)
    return StatusReport(
      vault: vault.id, mountpoint: mount.mountpoint, pid: mount.pid, mounted: mount.mounted, privateUser: mount.privateUser,
      generation: vault.file.generation, commitNumber: figures.commitNumber, nodeCount: figures.nodeCount,
      uncommittedNodeCount: figures.uncommittedNodeCount, openHandleCount: UInt64(files.openHandleCount),
      grantCount: UInt64(vault.grants.count), barrierCount: UInt64(vault.barriers.count),
      boundaryCount: UInt64(vault.boundaries.count),
      trailSegment: trail.segment, trailRecordCount: trail.sequence,
      unsyncedRecordCount: trail.sequence - trail.syncedPoint.sequence,
      lastCheckpoint: trail.checkpointEpoch == nil ? nil : WallTime(nanoseconds: trail.checkpointWall), load: load,
      problems: problems,
      configuration: mount.configuration)
  }

  func keySlots() -> [KeySlotReport] {
    files.vault.file.slots.map {
      KeySlotReport(
        number: $0.id.value, kind: $0.kind.name, label: $0.label, created: WallTime(nanoseconds: $0.created * 1_000_000_000))
    }
  }

  func reviewers() -> [ReviewerReport] {
    files.vault.file.reviewers.map { report($0.label, $0.publicKey) }
  }

  private func report(_ label: String, _ publicKey: [UInt8]) -> ReviewerReport {
    ReviewerReport(label: label, publicKey: Hex.encode(publicKey), fingerprint: TrailReviewers.fingerprint(of: publicKey))
  }

  /// A new vault.json from a process that holds the root key: its MAC is the proof.
  func changeKeys(_ request: KeyChangeRequest, _ caller: Caller) throws(ControlFailure) {
    let wanted: VaultFile
    do throws(FormatError) {
      wanted = try VaultFile(parsing: Array(request.vaultFile.utf8))
    } catch { throw ControlFailure(code: "vault-file-refused", exitCode: 1) }
    let record = files.record(
      .key, caller, [("change", request.action.rawValue), ("slot", String(request.slot))])
    try change(record) { (present, _) throws(KeysError) in
      guard wanted.reviewers == present.reviewers, wanted.created == present.created else { throw .badParameters }
      return wanted
    }
  }

  /// From the segment on that begins before this returns, the reviewer can read the trail.
  func addReviewer(_ request: ReviewerAddRequest, _ caller: Caller) throws(ControlFailure) -> ReviewerReport {
    let key: ReviewerKey
    do throws(FormatError) {
      key = try ReviewerKey(parsing: request.publicKey.hasSuffix("\n") ? request.publicKey : request.publicKey + "\n")
    } catch { throw ControlFailure(code: "bad-reviewer-key", exitCode: 1) }
    let label = request.label.isEmpty ? key.label : request.label
    guard !files.vault.file.reviewers.contains(where: { $0.publicKey == key.publicKey }) else {
      throw ControlFailure(code: "reviewer-exists", exitCode: 1)
    }
    let added = report(label, key.publicKey)
    let record = files.record(.reviewer, caller, [("change", "add"), ("label", label), ("fingerprint", added.fingerprint)])
    try change(record) { (present, root) throws(KeysError) in
      try present.addingReviewer(
        Reviewer(publicKey: key.publicKey, label: label, added: WallTime.now().nanoseconds / 1_000_000_000), root: root)
    }
    return added
  }

  /// From the segment on that begins before this returns, the reviewer reads nothing more; what was sealed to them before, they keep.
  func retireReviewer(_ request: ReviewerRetireRequest, _ caller: Caller) throws(ControlFailure) -> ReviewerReport {
    let named = reviewers().filter { $0.fingerprint == request.reviewer || $0.label == request.reviewer }
    guard let retired = named.first else { throw ControlFailure(code: "no-such-reviewer", hint: "list-reviewers", exitCode: 1) }
    guard named.count == 1 else { throw ControlFailure(code: "several-reviewers", hint: "list-reviewers", exitCode: 1) }
    guard files.vault.file.reviewers.count > 1 else {
      throw ControlFailure(code: "last-reviewer", hint: "add-reviewer-first", exitCode: 1)
    }
    knownReviewers.note(retired.fingerprint)
    let record = files.record(
      .reviewer, caller, [("change", "retire"), ("label", retired.label), ("fingerprint", retired.fingerprint)])
    try change(record) { (present, root) throws(KeysError) in
      guard let key = Hex.decode(retired.publicKey), present.reviewers.count > 1,
        let next = try present.removingReviewer(publicKey: key, root: root)
      else { throw .badParameters }
      return next
    }
    return retired
  }

  private func change(_ record: Record, _ body: Vault.FileChange) throws(ControlFailure) {
    do throws(FSError) { try files.append(record) } catch {
      throw ControlFailure(code: "trail-unavailable", hint: "see-status", exitCode: 1)
    }
    do throws(VaultFileChangeError) {
      _ = try files.vault.changeFile(body)
    } catch {
      files.recordFailure(of: record, errno: Self.errno(of: error))
      switch error {
      case .keys(.lastSlot): throw ControlFailure(code: "last-slot", hint: "add-slot-first", exitCode: 1)
      case .keys(.noSuchSlot): throw ControlFailure(code: "no-such-slot", exitCode: 1)
      case .keys: throw ControlFailure(code: "vault-file-refused", hint: "see-status", exitCode: 1)
      case .vault: throw ControlFailure(code: "changes-refused", hint: "see-status", exitCode: 1)
      }
    }
  }

  private static func errno(of error: VaultFileChangeError) -> Int32 {
    switch error {
    case .keys: EINVAL
    case .vault: EIO
    }
  }
}
