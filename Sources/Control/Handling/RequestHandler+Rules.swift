import Access
import Vault
import VaultFS
import VaultFormat

/// Grants, barriers, boundaries.
extension RequestHandler {
  func handleGrants(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    switch request {
    case .grantAdd(let new):
      let grant = try perform { () throws(AdministrationFailure) in
        try files.addGrant(
          caller, on: new.path.bytes, to: new.to.description, new.rights, from: new.from?.nanoseconds,
          until: new.until?.nanoseconds,
          reason: new.reason)
      }
      replies.send(.grants([report(grant)]))
    case .grantRevoke(let old):
      let grant = try perform { () throws(AdministrationFailure) in try files.revokeGrant(caller, old.id, reason: old.reason) }
      replies.send(.grants([report(grant)]))
    case .grantList(let list):
      let grants = try perform { () throws(AdministrationFailure) in
        try files.grants(caller, under: list.path?.bytes, to: list.to?.description)
      }
      replies.send(grants.map(report), as: ControlResponse.grants)
    default: throw .malformed
    }
  }

  func handleBarriers(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    switch request {
    case .barrierAdd(let new):
      let barrier = try perform { () throws(AdministrationFailure) in
        try files.addBarrier(
          caller, on: new.path.bytes, against: new.against.description, name: new.name, from: new.from?.nanoseconds,
          until: new.until?.nanoseconds, reason: new.reason)
      }
      replies.send(.barriers([report(barrier)]))
    case .barrierRemove(let old):
      let barrier = try perform { () throws(AdministrationFailure) in try files.removeBarrier(caller, old.id, reason: old.reason)
      }
      replies.send(.barriers([report(barrier)]))
    case .barrierList(let list):
      let barriers = try perform { () throws(AdministrationFailure) in
        try files.barriers(caller, under: list.path?.bytes, against: list.to?.description)
      }
      replies.send(barriers.map(report), as: ControlResponse.barriers)
    default: throw .malformed
    }
  }

  func handleBoundaries(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    switch request {
    case .boundarySet(let new):
      let boundary = try perform { () throws(AdministrationFailure) in
        try files.setBoundary(caller, on: new.path.bytes, reason: new.reason)
      }
      replies.send(.boundaries([report(boundary)]))
    case .boundaryClear(let old):
      let boundary = try perform { () throws(AdministrationFailure) in
        try files.clearBoundary(caller, on: old.path.bytes, reason: old.reason)
      }
      replies.send(.boundaries([report(boundary)]))
    case .boundaryList(let list):
      let boundaries = try perform { () throws(AdministrationFailure) in try files.boundaries(caller, under: list.path?.bytes) }
      replies.send(boundaries.map(report), as: ControlResponse.boundaries)
    default: throw .malformed
    }
  }

  // MARK: Reports

  private func report(_ grant: Grant) -> GrantReport {
    GrantReport(
      id: grant.id, path: VaultPath(of: grant.folder, files), to: grant.principal.wireName, rights: grant.rights,
      from: grant.from.map { WallTime(nanoseconds: $0) }, until: grant.until.map { WallTime(nanoseconds: $0) },
      giver: grant.giver.wireName,
      given: WallTime(nanoseconds: grant.given), reason: grant.reason, state: state(grant.from, grant.until, grant.principal))
  }

  private func report(_ barrier: Barrier) -> BarrierReport {
    BarrierReport(
      id: barrier.id, path: VaultPath(of: barrier.folder, files), against: barrier.principal.wireName, name: barrier.name,
      owner: barrier.owner.wireName, raised: WallTime(nanoseconds: barrier.raised), reason: barrier.reason,
      from: barrier.from.map { WallTime(nanoseconds: $0) }, until: barrier.until.map { WallTime(nanoseconds: $0) },
      state: state(barrier.from, barrier.until, barrier.principal))
  }

  private func report(_ boundary: Boundary) -> BoundaryReport {
    BoundaryReport(
      id: boundary.id, path: VaultPath(of: boundary.folder, files), owner: boundary.owner.wireName,
      set: WallTime(nanoseconds: boundary.set), reason: boundary.reason)
  }

  private func state(_ from: Int64?, _ until: Int64?, _ principal: Principal) -> RuleState {
    let now = files.vault.latestTime()
    if let until, until <= now { return .ended }
    if let from, from > now { return .notYet }
    // Whose name or id has changed hands is told; where the system does not answer, the rule stands as it is.
    guard let state = try? files.identities.state(of: principal), state != .current else { return .live }
    return .orphaned
  }
}
