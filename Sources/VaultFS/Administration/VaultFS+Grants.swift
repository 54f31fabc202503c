import Access
import Trail
import Vault
package import VaultFormat

/// Giving, listing and revoking rights. Every change is recorded before it is committed, and committed before it is answered.
extension VaultFS {
  /// Gives `rights` on a folder, and all below it, to a principal.
  package func addGrant(
    _ caller: Caller, on path: [UInt8], to principalName: String, _ rights: Rights, from: Int64?, until: Int64?, reason: String
  ) throws(AdministrationFailure) -> Grant {
    let judge = try administrator(caller)
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    let (folder, standing) = try findFolder(path, judge)
    // Whoever may not manage here learns nothing about users from the answer.
    try allow(judge, folder) { () throws(AdministrationError) in try Administration.mayAskAboutOthers(at: folder.id, standing) }
    let principal = try principal(principalName)
    let grant = Grant(
      id: try newRuleID(), folder: folder.id, principal: principal,
      rights: rights,
      from: from, until: until, giver: judge.subject.user, reason: reason, given: judge.now)
    try allow(judge, folder) { () throws(AdministrationError) in
      try Administration.mayGive(grant, by: judge.subject, standing, now: judge.now)
    }
    var record = record(.grant, judge, folder, standing, rule: grant.id, reason: reason)
    record.details += [Record.Detail("to", principal.description), Record.Detail("rights", grant.rights.names)]
    if let from { record.details.append(Record.Detail("from", String(from))) }
    if let until { record.details.append(Record.Detail("until", String(until))) }
    try commit([.add(.grant(grant))], record)
    return grant
  }

  /// Takes a grant back.
  package func revokeGrant(_ caller: Caller, _ id: RuleID, reason: String) throws(AdministrationFailure) -> Grant {
    let judge = try administrator(caller)
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    guard let grant = vault.grants.first(where: { $0.id == id }), let place = try self.standing(atRule: grant.folder, judge)
    else {
      throw .noSuchRule(id)
    }
    // A rule that one may not know of is a rule that is not there.
    guard place.standing.allows(.grant) else { throw .noSuchRule(id) }
    try allow(judge, place.folder) { () throws(AdministrationError) in
      try Administration.mayRevoke(grant, by: judge.subject, place.standing)
    }
    var record = record(.revoke, judge, place.folder, place.standing, rule: id, reason: reason)
    record.details += [Record.Detail("to", grant.principal.description), Record.Detail("rights", grant.rights.names)]
    try commit([.remove(.grant(grant))], record)
    return grant
  }

  /// Grants at or below a folder (nil: everywhere) and to a principal (nil: anyone), as far as the caller manages the folders they stand
  /// on; grants to the caller themself are among them where the folder is visible to them.
  package func grants(_ caller: Caller, under path: [UInt8]?, to principalName: String?) throws(AdministrationFailure) -> [Grant]
  {
    let judge = try administrator(caller)
    let scope = try scope(path, judge)
    return try select(vault.grants) { (grant) throws(AdministrationFailure) in
      guard principalName == nil || grant.principal.description == principalName else { return false }
      return try isListed(grant.folder, grant.principal, scope, judge)
    }
  }

  // MARK: Shared by all rules

  func scope(_ path: [UInt8]?, _ judge: Judge) throws(AdministrationFailure) -> Node? {
    guard let path else { return nil }
    return try findFolder(path, judge).folder
  }

  func isListed(_ folder: NodeID, _ principal: Principal?, _ scope: Node?, _ judge: Judge) throws(AdministrationFailure) -> Bool {
    guard let place = try standing(atRule: folder, judge) else { return false }
    let isOwn = principal.map { judge.subject.isNamed(by: $0) } ?? false
    // One's own too only where the folder shows: a barrier hides what stands behind it, and its path.
    guard place.standing.allows(.grant) || (isOwn && place.standing.isVisible) else { return false }
    guard let scope else { return true }
    return ((try? vault.chain(to: place.folder)) ?? []).contains { $0 === scope }
  }

  func principal(_ text: String) throws(AdministrationFailure) -> Principal {
    do throws(IdentityError) { return try identities.principal(named: text) } catch { throw .identity(error) }
  }

  func newRuleID() throws(AdministrationFailure) -> RuleID {
    do throws(VaultError) { return try vault.newRuleID() } catch { throw .failed(FSError(error)) }
  }

  /// Turns a refusal of `body` into a DENY record and a failure.
  func allow(_ judge: Judge, _ folder: Node, _ body: () throws(AdministrationError) -> Void) throws(AdministrationFailure) {
    do throws(AdministrationError) { try body() } catch {
      let decision: Record.Decision
      if case .lacksGrant = error { decision = .missing(.grant) } else { decision = .neverAllowed }
      let refusal = deny(judge, .administer, folder, decision, .accessDenied)
      throw refusal == .io ? .failed(.io) : .refused(error)
    }
  }

  func record(_ action: Record.Action, _ judge: Judge, _ folder: Node, _ standing: Standing, rule: RuleID, reason: String)
    -> Record
  {
    var record = Record(action)
    record.actor = actor(judge)
    record.object = object(folder)
    record.decision = standing.decision(for: .grant)
    record.details = [Record.Detail("rule", String(rule.value)), Record.Detail("reason", reason)]
    return record
  }

  /// Records first, then commits: the record may overstate a change that failed, never understate one that was made.
  func commit(_ edits: [RuleEdit], _ record: Record) throws(AdministrationFailure) {
    do throws(FSError) { try append(record) } catch { throw .failed(error) }
    do throws(VaultError) {
      try vault.change(edits)
    } catch {
      recordFailure(of: record, errno: FSError(error).errno)
      throw .failed(FSError(error))
    }
    identities.watch(vault.rights.groupsInBarriers)
    tellRightsChanged(mayWait: true)
  }
}
