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
    let wanted = WantedGrant(
      path: path, principalName: principalName, rights: rights, from: from, until: until, reason: reason)
    return try changingRules(caller) { change throws(AdministrationFailure) in
      let judge = try manager(change)
      var (grant, place) = try judged(wanted, change)
      grant.id = try newRuleID()
      try commit([.add(.grant(grant))], [record(of: grant, .grant, judge, place, reason: reason)], change)
      return grant
    }
  }

  /// Takes a grant back.
  package func revokeGrant(_ caller: Caller, _ id: RuleID, reason: String) throws(AdministrationFailure) -> Grant {
    try changingRules(caller) { change throws(AdministrationFailure) in
      let judge = try manager(change)
      guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
      guard let grant = vault.grants.first(where: { $0.id == id }) else { throw .noSuchRule(id) }
      let place = try judgedRevocation(of: grant, judge)
      try requireRootManager(without: [id], with: [], change)
      try commit([.remove(.grant(grant))], [record(of: grant, .revoke, judge, place, reason: reason)], change)
      return grant
    }
  }

  /// A grant as somebody wants to give it.
  struct WantedGrant {
    var path: [UInt8]
    var principalName: String
    var rights: Rights
    var from: Int64?
    var until: Int64?
    var reason: String
  }

  /// A folder and what the caller may do there.
  typealias Place = (folder: Node, standing: Standing)

  /// The grant that is wanted, without a number yet, once everything speaks for it.
  func judged(
    _ wanted: WantedGrant, _ change: RuleChange
  ) throws(AdministrationFailure) -> (grant: Grant, place: Place) {
    let judge = change.judge
    guard Self.isText(wanted.reason, byteCountMax: 4096) else { throw .badText }
    let (folder, standing) = try findFolder(wanted.path, judge)
    // Whoever may not manage here learns nothing about users from the answer.
    try allow(judge, folder) { () throws(AdministrationError) in try Administration.mayAskAboutOthers(at: folder.id, standing) }
    try requireRootDuty(folder, judge)
    let grant = Grant(
      id: RuleID(0), folder: folder.id, principal: try principal(wanted.principalName, change), rights: wanted.rights,
      from: wanted.from, until: wanted.until, giver: judge.subject.user, reason: wanted.reason, given: judge.now)
    try allow(judge, folder) { () throws(AdministrationError) in
      try Administration.mayGive(grant, by: judge.subject, standing, now: judge.now)
    }
    try requireFree(grant, folder, change)
    return (grant, (folder, standing))
  }

  /// The place of a grant that the caller may take back. One that they may not know of is one that is not there.
  func judgedRevocation(of grant: Grant, _ judge: Judge) throws(AdministrationFailure) -> Place {
    guard let place = try standing(atRule: grant.folder, judge), place.standing.allows(.grant) else {
      throw .noSuchRule(grant.id)
    }
    try allow(judge, place.folder) { () throws(AdministrationError) in
      try Administration.mayRevoke(grant, by: judge.subject, place.standing)
    }
    try requireRootDuty(place.folder, judge)
    return place
  }

  /// What the trail says of a grant given or taken back.
  func record(of grant: Grant, _ action: Record.Action, _ judge: Judge, _ place: Place, reason: String) -> Record {
    var record = record(action, judge, place.folder, place.standing, rule: grant.id, reason: reason)
    record.details += [Record.Detail("to", grant.principal.description), Record.Detail("rights", grant.rights.names)]
    if action == .grant {
      if let from = grant.from { record.details.append(Record.Detail("from", String(from))) }
      if let until = grant.until { record.details.append(Record.Detail("until", String(until))) }
    }
    return record
  }

  /// Grants at or below a folder (nil: everywhere) and to a principal (nil: anyone), as far as the caller manages the folders they stand
  /// on; grants to the caller themself are among them where the folder is visible to them.
  /// - Parameter end: only live grants that end by then, wall nanoseconds; nil: all.
  package func grants(
    _ caller: Caller, under path: [UInt8]?, to principalName: String?, endingBy end: Int64? = nil
  ) throws(AdministrationFailure) -> [Grant] {
    try grants(try administrator(caller), under: path, to: principalName, endingBy: end)
  }

  func grants(
    _ judge: Judge, under path: [UInt8]?, to principalName: String?, endingBy end: Int64? = nil
  ) throws(AdministrationFailure) -> [Grant] {
    let scope = try scope(path, judge)
    return try select(vault.grants) { (grant) throws(AdministrationFailure) in
      guard principalName == nil || grant.principal.description == principalName else { return false }
      if let end {
        guard let until = grant.until, until <= end, until > judge.now else { return false }
      }
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

  /// The same within a change of rules.
  func principal(_ text: String, _ change: RuleChange) throws(AdministrationFailure) -> Principal {
    do throws(IdentityError) { return try change.principal(named: text) } catch { throw .identity(error) }
  }

  func newRuleID() throws(AdministrationFailure) -> RuleID {
    do throws(VaultError) { return try vault.newRuleID() } catch { throw .failed(FSError(error)) }
  }

  /// Turns a refusal of `body` into a DENY record and a failure.
  func allow(_ judge: Judge, _ folder: Node, _ body: () throws(AdministrationError) -> Void) throws(AdministrationFailure) {
    do throws(AdministrationError) { try body() } catch {
      let decision: Record.Decision
      switch error {
      case .lacksGrant, .lacksDuty: decision = .missing(.grant)
      default: decision = .neverAllowed
      }
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
}
