import Access
import Trail
import Vault
package import VaultFormat

/// Who is responsible for what, and what is kept apart by it.
extension VaultFS {
  var duties: Duties { Duties(vault.duties) }

  /// Gives a duty; administrators only, and nobody gets two that are kept apart. On disk on return.
  package func addDuty(
    _ caller: Caller, _ kind: Duty.Kind, to principalName: String, reason: String
  ) throws(AdministrationFailure) -> Duty {
    try changingRules(caller) { change throws(AdministrationFailure) in
      try addDuty(change, kind, to: principalName, reason: reason)
    }
  }

  private func addDuty(
    _ change: RuleChange, _ kind: Duty.Kind, to principalName: String, reason: String
  ) throws(AdministrationFailure) -> Duty {
    let judge = change.judge
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    let duties = duties
    // Who may not say who has which duty learns nothing about users from the answer.
    try allow(judge) { () throws(AdministrationError) in try duties.require(.administrator, of: judge.subject) }
    let principal = try principal(principalName, change)
    let duty = Duty(
      id: try newRuleID(), kind: kind, principal: principal, giver: judge.subject.user, reason: reason, given: judge.now)
    let concerned = try concerned(by: principal, change)
    let grants = vault.grants
    try allow(judge) { () throws(AdministrationError) in
      try duties.mayGive(duty, by: judge.subject, concerned: concerned, grants: grants, now: judge.now)
    }
    try commit([.addDuty(duty)], [record(of: duty, judge, change: "given", reason: reason)], change)
    return duty
  }

  /// Takes a duty; administrators only, and never the last administrator's. On disk on return.
  package func removeDuty(
    _ caller: Caller, _ kind: Duty.Kind, from principalName: String, reason: String
  ) throws(AdministrationFailure) -> Duty {
    try changingRules(caller) { change throws(AdministrationFailure) in
      try removeDuty(change, kind, from: principalName, reason: reason)
    }
  }

  private func removeDuty(
    _ change: RuleChange, _ kind: Duty.Kind, from principalName: String, reason: String
  ) throws(AdministrationFailure) -> Duty {
    let judge = change.judge
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    let duties = duties
    try allow(judge) { () throws(AdministrationError) in try duties.require(.administrator, of: judge.subject) }
    // By name alone: somebody whom the system does not know any more can be rid of it.
    guard let duty = duties.all.first(where: { $0.kind == kind && $0.principal.description == principalName }) else {
      throw .noSuchDuty
    }
    do throws(DutyTakingError) {
      try duties.mayTake(duty, by: judge.subject) { (principal) throws(IdentityError) in
        try change.state(of: principal) == .current
      }
    } catch {
      switch error {
      case .identity(let error): throw .identity(error)
      case .refused(let refusal): try allow(judge) { () throws(AdministrationError) in throw refusal }
      }
    }
    try commit([.removeDuty(duty)], [record(of: duty, judge, change: "taken", reason: reason)], change)
    return duty
  }

  /// All duties for whoever has one; else those of the caller, which are none.
  /// - Parameter seesAll: of root and the account that mounts, who need no duty.
  package func duties(_ caller: Caller, seesAll: Bool) throws(AdministrationFailure) -> [Duty] {
    if seesAll { return vault.duties }
    let judge = try administrator(caller)
    return duties.kinds(of: judge.subject).isEmpty ? [] : vault.duties
  }

  /// Whether the caller has a duty, and none beside it that may not be: for what the vault as a whole is asked. A refusal is recorded.
  package func requireDuty(_ caller: Caller, _ kind: Duty.Kind) throws(AdministrationFailure) {
    let judge = try administrator(caller)
    try allow(judge) { () throws(AdministrationError) in try duties.require(kind, of: judge.subject) }
  }

  /// The caller's duties; empty where the system does not say who they are. Records nothing.
  package func dutyKinds(of caller: Caller) -> [Duty.Kind] {
    (try? identities.subject(uid: caller.uid)).map { duties.kinds(of: $0) } ?? []
  }

  // MARK: Conflicts

  /// Somebody with duties, or a duty and a right, that no one person may have.
  package struct Conflict: Sendable, Hashable {
    package let principal: Principal
    package let duties: [Duty.Kind]
    /// The right that one of them forbids, and the grant that gives it.
    package let right: Rights?
    package let grant: Grant?
  }

  /// Conflicts of all whom duties and grants name: users with their groups, and groups by themselves. Somebody who has two duties by two
  /// groups, and whom nothing names, is found out when they act.
  /// - Parameter operators: uids that need no duty to do what operators do; they count as operators here.
  package func conflicts(_ caller: Caller, operators: Set<UInt32>, seesAll: Bool) throws(AdministrationFailure) -> [Conflict] {
    if !seesAll {
      let judge = try administrator(caller)
      let kinds = duties.kinds(of: judge.subject)
      guard kinds.contains(.administrator) || kinds.contains(.reviewer) else {
        try allow(judge) { () throws(AdministrationError) in throw .lacksDuty(.administrator) }
        return []
      }
    }
    let duties = duties
    let grants = vault.grants.filter { !$0.hasEnded(by: vault.latestTime()) }
    var found: [Conflict] = []
    for person in try people(duties, grants) {
      var kinds = duties.kinds(of: person)
      if person.user.kind == .user, operators.contains(person.user.id), !kinds.isEmpty, !kinds.contains(.operator) {
        kinds = Duty.Kind.allCases.filter { kinds.contains($0) || $0 == .operator }
      }
      for (one, other) in Duties.apart where kinds.contains(one) && kinds.contains(other) {
        found.append(Conflict(principal: person.user, duties: [one, other], right: nil, grant: nil))
      }
      for (duty, right) in Duties.forbidden where duties.kinds(of: person).contains(duty) {
        for grant in grants where grant.rights.contains(right) && person.isNamed(by: grant.principal) {
          found.append(Conflict(principal: person.user, duties: [duty], right: right, grant: grant))
        }
      }
    }
    return found
  }

  /// Everyone named, as they are today; those who are nobody any more have no conflict.
  private func people(_ duties: Duties, _ grants: [Grant]) throws(AdministrationFailure) -> [Subject] {
    var people: [Subject] = []
    var seen: Set<Principal> = []
    for principal in duties.all.map(\.principal) + grants.map(\.principal) where seen.insert(principal).inserted {
      if let person = try self.person(principal) { people.append(person) }
    }
    return people
  }

  private func person(_ principal: Principal, _ change: RuleChange? = nil) throws(AdministrationFailure) -> Subject? {
    do throws(IdentityError) {
      return if let change { try change.subject(for: principal) } else { try identities.subject(for: principal) }
    } catch {
      if error == .unknownUser || error == .unknownGroup { return nil }
      throw .identity(error)
    }
  }

  /// Whom a duty or a right for a principal would reach, as far as can be told: a user with their groups; a group, and the users with
  /// duties who are in it.
  private func concerned(by principal: Principal, _ change: RuleChange) throws(AdministrationFailure) -> [Subject] {
    guard let person = try person(principal, change) else { return [] }
    var concerned = [person]
    guard principal.kind == .group else { return concerned }
    for user in duties.users {
      if let member = try self.person(user, change), member.isNamed(by: principal) { concerned.append(member) }
    }
    return concerned
  }

  // MARK: What duties mean for rules

  /// For whoever is to change rules: a reviewer of the trail does not, whatever they were given.
  func manager(_ change: RuleChange) throws(AdministrationFailure) -> Judge {
    let judge = change.judge
    let duties = duties
    try allow(judge) { () throws(AdministrationError) in try duties.requireNone(against: .grant, of: judge.subject) }
    return judge
  }

  /// Rules at the root are the administrators'.
  func requireRootDuty(_ folder: Node, _ judge: Judge) throws(AdministrationFailure) {
    guard folder.id == .root else { return }
    let duties = duties
    try allow(judge, folder) { () throws(AdministrationError) in try duties.require(.administrator, of: judge.subject) }
  }

  /// Nobody is given a right that a duty of theirs forbids.
  func requireFree(_ grant: Grant, _ folder: Node, _ change: RuleChange) throws(AdministrationFailure) {
    guard Duties.forbidden.contains(where: { grant.rights.contains($0.right) }) else { return }
    let duties = duties
    guard duties.all.contains(where: { $0.kind == .reviewer || $0.kind == .operator }) else { return }
    for person in try concerned(by: grant.principal, change) {
      try allow(change.judge, folder) { () throws(AdministrationError) in
        try duties.requireNone(against: grant.rights, of: person)
      }
    }
  }

  /// That somebody manages rights at the root for good when these grants are gone and those are given.
  func requireRootManager(
    without gone: Set<RuleID>, with given: [Grant], _ change: RuleChange
  ) throws(AdministrationFailure) {
    let judge = change.judge
    let grants = vault.grants
    let suspensions = vault.suspensions
    func isManager(_ grant: Grant) -> Bool { grant.isOfRootManager(at: judge.now, suspensions: suspensions) }
    guard grants.contains(where: { gone.contains($0.id) && isManager($0) }) else { return }
    for grant in grants.filter({ !gone.contains($0.id) }) + given where isManager(grant) {
      do throws(IdentityError) {
        if try change.state(of: grant.principal) == .current { return }
      } catch { throw .identity(error) }
    }
    try allow(judge) { () throws(AdministrationError) in throw .lastAdministrator }
  }

  /// As `allow` at a folder, for what the vault as a whole is about.
  private func allow(
    _ judge: Judge, _ body: () throws(AdministrationError) -> Void
  ) throws(AdministrationFailure) {
    let root: Node
    do throws(FSError) { root = try node(.root) } catch { throw .failed(error) }
    try allow(judge, root, body)
  }

  private func record(of duty: Duty, _ judge: Judge, change: String, reason: String) -> Record {
    var record = Record(.duty)
    record.actor = actor(judge)
    record.details = duty.details(change: change, reason: reason)
    return record
  }
}
