import Access
import Vault
import VaultFS
import VaultFormat

/// Grants, barriers, boundaries.
extension RequestHandler {
  func handleGrants(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    var reporter = RuleReporter(files)
    switch request {
    case .grantAdd(let new):
      let grant = try perform(on: new.path, about: new.to) { () throws(AdministrationFailure) in
        try files.addGrant(
          caller, on: new.path.bytes, to: new.to.description, new.rights, from: new.from?.nanoseconds,
          until: new.until?.nanoseconds,
          reason: new.reason)
      }
      replies.send(.grants([reporter.report(grant)]))
    case .grantRevoke(let old):
      let grant = try perform { () throws(AdministrationFailure) in try files.revokeGrant(caller, old.id, reason: old.reason) }
      replies.send(.grants([reporter.report(grant)]))
    case .grantImport(let new):
      let steps = try perform(on: new.pruning) { () throws(AdministrationFailure) in
        try files.importGrants(
          caller, new.lines.map { VaultFS.GrantLine($0) }, pruning: new.pruning?.bytes, reason: new.reason,
          isDryRun: new.isDryRun)
      }
      let named = Dictionary(new.lines.map { ($0.line, $0.grant) }) { first, _ in first }
      replies.send(steps.map { reporter.report($0, of: named) }, as: ControlResponse.grantSteps)
    case .grantList(let list):
      let grants = try perform(on: list.path, about: list.to) { () throws(AdministrationFailure) in
        try files.grants(
          caller, under: list.path?.bytes, to: list.to?.description, endingBy: list.endingBy?.nanoseconds)
      }
      replies.send(grants.map { reporter.report($0) }, as: ControlResponse.grants)
    default: throw .malformed
    }
  }

  func handleBarriers(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    var reporter = RuleReporter(files)
    switch request {
    case .barrierAdd(let new):
      let barrier = try perform(on: new.path, about: new.against) { () throws(AdministrationFailure) in
        try files.addBarrier(
          caller, on: new.path.bytes, against: new.against.description, name: new.name, from: new.from?.nanoseconds,
          until: new.until?.nanoseconds, reason: new.reason)
      }
      replies.send(.barriers([reporter.report(barrier, shownTo: caller)]))
    case .barrierRemove(let old):
      let barrier = try perform { () throws(AdministrationFailure) in try files.removeBarrier(caller, old.id, reason: old.reason)
      }
      replies.send(.barriers([reporter.report(barrier, shownTo: caller)]))
    case .barrierList(let list):
      let barriers = try perform(on: list.path, about: list.to) { () throws(AdministrationFailure) in
        try files.barriers(caller, under: list.path?.bytes, against: list.to?.description)
      }
      replies.send(barriers.map { reporter.report($0, shownTo: caller) }, as: ControlResponse.barriers)
    default: throw .malformed
    }
  }

  func handleBoundaries(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    let reporter = RuleReporter(files)
    switch request {
    case .boundarySet(let new):
      let boundary = try perform(on: new.path) { () throws(AdministrationFailure) in
        try files.setBoundary(caller, on: new.path.bytes, reason: new.reason)
      }
      replies.send(.boundaries([reporter.report(boundary)]))
    case .boundaryClear(let old):
      let boundary = try perform(on: old.path) { () throws(AdministrationFailure) in
        try files.clearBoundary(caller, on: old.path.bytes, reason: old.reason)
      }
      replies.send(.boundaries([reporter.report(boundary)]))
    case .boundaryList(let list):
      let boundaries = try perform(on: list.path) { () throws(AdministrationFailure) in
        try files.boundaries(caller, under: list.path?.bytes)
      }
      replies.send(boundaries.map { reporter.report($0) }, as: ControlResponse.boundaries)
    default: throw .malformed
    }
  }
}
