import Access
import VaultFS
import VaultFormat

/// Duties, and who may ask for what because of theirs.
extension RequestHandler {
  func handleDuties(
    _ request: ControlRequest, _ peer: ControlPeer, _ caller: Caller, _ replies: ControlReplies
  ) throws(ControlFailure) {
    var reporter = RuleReporter(files)
    switch request {
    case .dutyAdd(let new):
      let duty = try perform(about: new.principal) { () throws(AdministrationFailure) in
        try files.addDuty(caller, new.duty, to: new.principal.description, reason: new.reason)
      }
      replies.send(.duties([reporter.report(duty)]))
    case .dutyRemove(let old):
      let duty = try perform(about: old.principal) { () throws(AdministrationFailure) in
        try files.removeDuty(caller, old.duty, from: old.principal.description, reason: old.reason)
      }
      replies.send(.duties([reporter.report(duty)]))
    case .dutyList:
      let duties = try perform { () throws(AdministrationFailure) in try files.duties(caller, seesAll: isKeeper(peer)) }
      replies.send(duties.map { reporter.report($0) }, as: ControlResponse.duties)
    case .accessConflicts:
      let conflicts = try perform { () throws(AdministrationFailure) in
        try files.conflicts(caller, operators: [0, mount.uid], seesAll: isKeeper(peer))
      }
      replies.send(conflicts.map { reporter.report($0, shownTo: caller) }, as: ControlResponse.conflicts)
    default: throw .malformed
    }
  }

  /// Root and the account that the mount runs as: they can end it anyway, so no duty could keep them from it.
  func isKeeper(_ peer: ControlPeer) -> Bool { peer.uid == 0 || peer.uid == mount.uid }

  /// Keepers, and whoever has the duty, and none beside it that may not be.
  func isOperator(_ peer: ControlPeer, _ caller: Caller) -> Bool {
    if isKeeper(peer) { return true }
    let kinds = files.dutyKinds(of: caller)
    return kinds.contains(.operator) && Duties.conflict(among: kinds) == nil
  }

  /// As `isOperator`; a refusal is recorded.
  func requireOperator(_ peer: ControlPeer, _ caller: Caller) throws(ControlFailure) {
    if isKeeper(peer) { return }
    do throws(AdministrationFailure) { try files.requireDuty(caller, .operator) } catch {
      guard case .refused(.lacksDuty) = error else { throw ControlFailure(error, files, named: [:]) }
      throw ControlFailure(code: "only-operator", hint: "ask-operator", exitCode: 4)
    }
  }

  /// Keepers, and whoever has any duty: for what is about the vault as a whole and names nothing in it.
  func isOfficer(_ peer: ControlPeer, _ caller: Caller) -> Bool { isKeeper(peer) || !files.dutyKinds(of: caller).isEmpty }

  func requireOfficer(_ peer: ControlPeer, _ caller: Caller) throws(ControlFailure) {
    guard isOfficer(peer, caller) else { throw ControlFailure(code: "only-officers", hint: "ask-administrator", exitCode: 4) }
  }
}
