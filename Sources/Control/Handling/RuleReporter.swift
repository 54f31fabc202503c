import Access
import Vault
import VaultFS
import VaultFormat

/// Turns rules into reports, for one answer: whether a principal is still somebody is asked of the system once, and for so long altogether
/// that a list of ten thousand is answered while somebody waits for it.
struct RuleReporter {
  private static let orphanPatience: Int64 = 2_000_000_000

  private let files: VaultFS
  private let now: Int64
  private let suspensions: [RuleID: Suspension]
  private var orphans: OrphanCheck

  init(_ files: VaultFS) {
    self.files = files
    orphans = OrphanCheck(files, patience: Self.orphanPatience)
    now = files.vault.latestTime()
    suspensions = files.vault.suspensions
  }

  mutating func report(_ grant: Grant) -> GrantReport {
    GrantReport(
      id: grant.id, path: VaultPath(of: grant.folder, files), to: grant.principal.wireName, rights: grant.rights,
      from: WallTime(grant.from), until: WallTime(grant.until), giver: grant.giver.wireName,
      given: WallTime(nanoseconds: grant.given), reason: grant.reason, state: state(of: grant),
      review: suspensions[grant.id]?.review)
  }

  /// Of what has ended, not begun or is suspended that is told, before that its principal is nobody any more.
  mutating func state(of grant: Grant) -> RuleState {
    let state = state(grant.from, grant.until, grant.principal)
    guard let suspension = suspensions[grant.id], suspension.from <= now, state != .ended else { return state }
    return .suspended
  }

  /// Without a path where the caller does not see the folder: an owner may lift a barrier all the same.
  mutating func report(_ barrier: Barrier, shownTo caller: Caller) -> BarrierReport {
    BarrierReport(
      id: barrier.id, path: VaultPath(of: barrier.folder, shownTo: caller, files), against: barrier.principal.wireName,
      name: barrier.name,
      owner: barrier.owner.wireName, raised: WallTime(nanoseconds: barrier.raised), reason: barrier.reason,
      from: WallTime(barrier.from), until: WallTime(barrier.until), state: state(barrier.from, barrier.until, barrier.principal))
  }

  func report(_ boundary: Boundary) -> BoundaryReport {
    BoundaryReport(
      id: boundary.id, path: VaultPath(of: boundary.folder, files), owner: boundary.owner.wireName,
      set: WallTime(nanoseconds: boundary.set), reason: boundary.reason)
  }

  /// - Parameter lines: what the file says, by line.
  mutating func report(_ step: VaultFS.ImportStep, of lines: [Int: GrantAddRequest]) -> GrantStepReport {
    switch step {
    case .add(let line, let grant): return GrantStepReport(kind: .add, line: line, grant: report(grant))
    case .replace(let line, let old, let new):
      return GrantStepReport(kind: .replace, line: line, grant: report(new), replaces: report(old))
    case .revoke(let grant): return GrantStepReport(kind: .revoke, line: nil, grant: report(grant))
    case .problem(let line, let failure):
      let named = RequestHandler.named(lines[line]?.path, lines[line]?.to)
      return GrantStepReport(kind: .problem, line: line, problem: ControlFailure(failure, files, named: named))
    }
  }

  mutating func report(_ duty: Duty) -> DutyReport {
    DutyReport(
      id: duty.id, duty: duty.kind, principal: duty.principal.wireName, giver: duty.giver.wireName,
      given: WallTime(nanoseconds: duty.given), reason: duty.reason, state: isOrphan(duty.principal) ? .orphaned : .live)
  }

  /// Duties and keeping the machine give no right on any folder: its path only where the caller sees it, else its number.
  func report(_ conflict: VaultFS.Conflict, shownTo caller: Caller) -> ConflictReport {
    ConflictReport(
      principal: conflict.principal.wireName, duties: conflict.duties, right: conflict.right, grant: conflict.grant?.id,
      node: conflict.grant?.folder.value, path: conflict.grant.flatMap { VaultPath(of: $0.folder, shownTo: caller, files) })
  }

  func report(_ summary: ReviewSummary) -> ReviewReport {
    let review = summary.review
    var counts: [String: Int] = [:]
    for (state, count) in summary.counts { counts[state.rawValue] = count }
    return ReviewReport(
      id: review.id, path: VaultPath(of: review.scope, files), opener: review.opener.wireName,
      opened: WallTime(nanoseconds: review.opened), due: WallTime(nanoseconds: review.due),
      suspendsWhenDue: review.suspendsWhenDue, reason: review.reason,
      state: review.closing != nil ? .closed : summary.isOverdue ? .overdue : .open,
      closer: review.closing?.closer.wireName, closed: WallTime(review.closing?.closed), closingReason: review.closing?.reason,
      counts: counts, unassignedCount: summary.unassignedCount)
  }

  mutating func report(_ shown: ShownReviewItem) -> ReviewItemReport {
    let (item, grant) = (shown.item, shown.item.grant)
    return ReviewItemReport(
      review: item.review, grant: grant.id, path: shown.path.flatMap { VaultPath(bytes: $0) }, to: grant.principal.wireName,
      isOrphan: isOrphan(grant.principal), rights: grant.rights, from: WallTime(grant.from), until: WallTime(grant.until),
      giver: grant.giver.wireName, given: WallTime(nanoseconds: grant.given), reason: grant.reason,
      owner: item.owner?.wireName, useCount: item.use?.count ?? 0, lastUse: WallTime(item.use?.last),
      countedSince: WallTime(nanoseconds: item.countedSince), state: shown.state.rawValue, decision: item.answer?.decision,
      decidedBy: item.answer?.by.wireName, decided: WallTime(item.answer?.given), note: item.answer?.note,
      newGrant: item.answer?.successor?.id, newRights: item.answer?.successor?.rights,
      newUntil: item.answer.flatMap { $0.successor.flatMap { WallTime($0.until) } })
  }

  mutating func report(_ step: ReviewStep) -> ReviewStepReport {
    switch step {
    case .problem(let line, let grant, let failure):
      return ReviewStepReport(line: line, grant: grant, problem: ControlFailure(failure, files, named: [:]))
    case .answer(let line, let item, let successor, let lifts):
      return ReviewStepReport(
        line: line, grant: item.grant.id, decision: item.answer?.decision, path: VaultPath(of: item.grant.folder, files),
        to: item.grant.principal.wireName, rights: item.grant.rights, successor: successor.map { report($0) }, restores: lifts)
    }
  }

  private mutating func state(_ from: Int64?, _ until: Int64?, _ principal: Principal) -> RuleState {
    if let until, until <= now { return .ended }
    if let from, from > now { return .notYet }
    return isOrphan(principal) ? .orphaned : .live
  }

  /// Whose name or id has changed hands is told; where the system does not answer, the rule stands as it is.
  private mutating func isOrphan(_ principal: Principal) -> Bool {
    orphans.isOrphan(principal) ?? false
  }
}

extension WallTime {
  init?(_ nanoseconds: Int64?) {
    guard let nanoseconds else { return nil }
    self.init(nanoseconds: nanoseconds)
  }
}

extension VaultFS.GrantLine {
  init(_ line: GrantImportRequest.Line) {
    self.init(
      line: line.line, id: line.id, path: line.grant.path.bytes, principalName: line.grant.to.description,
      rights: line.grant.rights, from: line.grant.from?.nanoseconds, until: line.grant.until?.nanoseconds,
      reason: line.grant.reason)
  }
}
