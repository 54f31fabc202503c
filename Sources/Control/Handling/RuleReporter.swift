import Access
import Vault
import VaultFS
import VaultFormat

/// Turns rules into reports, for one answer: whether a principal is still somebody is asked of the system once.
struct RuleReporter {
  private let files: VaultFS
  private let now: Int64
  private var orphans: [Principal: Bool] = [:]

  init(_ files: VaultFS) {
    self.files = files
    now = files.vault.latestTime()
  }

  mutating func report(_ grant: Grant) -> GrantReport {
    GrantReport(
      id: grant.id, path: VaultPath(of: grant.folder, files), to: grant.principal.wireName, rights: grant.rights,
      from: WallTime(grant.from), until: WallTime(grant.until), giver: grant.giver.wireName,
      given: WallTime(nanoseconds: grant.given), reason: grant.reason, state: state(grant.from, grant.until, grant.principal))
  }

  mutating func report(_ barrier: Barrier) -> BarrierReport {
    BarrierReport(
      id: barrier.id, path: VaultPath(of: barrier.folder, files), against: barrier.principal.wireName, name: barrier.name,
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

  func report(_ conflict: VaultFS.Conflict) -> ConflictReport {
    ConflictReport(
      principal: conflict.principal.wireName, duties: conflict.duties, right: conflict.right, grant: conflict.grant?.id,
      path: conflict.grant.map { VaultPath(of: $0.folder, files) })
  }

  private mutating func state(_ from: Int64?, _ until: Int64?, _ principal: Principal) -> RuleState {
    if let until, until <= now { return .ended }
    if let from, from > now { return .notYet }
    return isOrphan(principal) ? .orphaned : .live
  }

  /// Whose name or id has changed hands is told; where the system does not answer, the rule stands as it is.
  private mutating func isOrphan(_ principal: Principal) -> Bool {
    if let known = orphans[principal] { return known }
    let state = try? files.identities.state(of: principal)
    let isOrphan = state != nil && state != .current
    orphans[principal] = isOrphan
    return isOrphan
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
