import Access
import Testing
import VaultFormat

/// Duties that are kept apart. chief is administrator; alice may become something.
@Suite struct DutiesTests {
  private func duty(_ id: UInt64, _ kind: Duty.Kind, _ to: Principal, by giver: Principal = chief) -> Duty {
    Duty(id: RuleID(id), kind: kind, principal: to, giver: giver, reason: "r", given: 1)
  }

  private func refusal(_ body: () throws(AdministrationError) -> Void) -> AdministrationError? {
    do throws(AdministrationError) { try body() } catch { return error }
    return nil
  }

  private func giving(
    _ new: Duty, among duties: [Duty], by actor: Subject = Subject(user: chief, groups: []), concerned: [Subject]? = nil,
    grants: [Grant] = []
  ) -> AdministrationError? {
    refusal { () throws(AdministrationError) in
      try Duties(duties).mayGive(
        new, by: actor, concerned: concerned ?? [Subject(alone: new.principal)], grants: grants, now: 100)
    }
  }

  private var first: Duty { duty(1, .administrator, chief, by: Administration.founder) }

  @Test func theSecondAdministratorNeedsTheFirst() {
    #expect(giving(duty(2, .administrator, alice), among: [first]) == nil)
    #expect(
      giving(duty(2, .administrator, alice, by: bob), among: [first], by: Subject(user: bob, groups: []))
        == .lacksDuty(.administrator))
    #expect(giving(duty(2, .operator, chief), among: [first]) == .forThemself(chief))
    #expect(
      giving(duty(2, .operator, staff), among: [first], by: Subject(user: chief, groups: [staff])) == .forThemself(staff))
    #expect(giving(duty(2, .operator, alice, by: alice), among: [first]) == .otherMaker(alice))
    let again = duty(2, .administrator, alice)
    #expect(giving(duty(3, .administrator, alice), among: [first, again]) == .dutyStands(RuleID(2)))
  }

  /// The table of docs/rights.md.
  @Test(arguments: Duty.Kind.allCases, Duty.Kind.allCases)
  func whatIsKeptApart(_ one: Duty.Kind, _ other: Duty.Kind) {
    let apart: [Set<Duty.Kind>] = [
      [.administrator, .reviewer], [.administrator, .operator], [.reviewer, .operator], [.reviewer, .recordsOfficer],
    ]
    let refused = giving(duty(3, other, alice), among: [first, duty(2, one, alice)])
    if one == other {
      #expect(refused == .dutyStands(RuleID(2)))
    } else if apart.contains([one, other]) {
      guard case .dutiesConflict(let a, let b, alice)? = refused else {
        Issue.record("\(one) and \(other): \(String(describing: refused))")
        return
      }
      #expect(Set([a, b]) == [one, other])
    } else {
      #expect(refused == nil)
    }
  }

  @Test func aGroupBringsWhatMayNotBe() {
    let duties = [first, duty(2, .reviewer, staff)]
    let member = Subject(user: alice, groups: [staff])
    // Given to a user who is in the group, and to a group that such a user is in.
    #expect(
      giving(duty(3, .administrator, alice), among: duties, concerned: [member])
        == .dutiesConflict(.administrator, .reviewer, of: alice))
    #expect(
      giving(duty(3, .administrator, board), among: duties, concerned: [Subject(alone: board), member])
        == .dutiesConflict(.administrator, .reviewer, of: alice))
    // Who came into the group later is found out in use: neither duty counts.
    let both = Duties(duties + [duty(3, .administrator, alice)])
    for kind in [Duty.Kind.administrator, .reviewer] {
      #expect(
        refusal { () throws(AdministrationError) in try both.require(kind, of: member) }
          == .dutiesConflict(.administrator, .reviewer, of: alice))
    }
    #expect(refusal { () throws(AdministrationError) in try both.require(.administrator, of: Subject(alone: alice)) } == nil)
    // What has nothing to do with the conflict goes on.
    let more = Duties(duties + [duty(3, .administrator, alice), duty(4, .recordsOfficer, alice)])
    #expect(refusal { () throws(AdministrationError) in try more.require(.recordsOfficer, of: Subject(alone: alice)) } == nil)
  }

  @Test func dutiesForbidRights() {
    let reading = grant(7, 2, staff, [.list, .read], giver: chief)
    let steward = grant(8, 2, alice, [.list, .grant], giver: chief)
    let member = Subject(user: alice, groups: [staff])
    #expect(
      giving(duty(3, .operator, alice), among: [first], concerned: [member], grants: [reading])
        == .dutyForbids(.operator, .read, of: alice))
    #expect(giving(duty(3, .operator, alice), among: [first], grants: [reading]) == nil)
    #expect(
      giving(duty(3, .reviewer, alice), among: [first], grants: [steward]) == .dutyForbids(.reviewer, .grant, of: alice))
    #expect(giving(duty(3, .recordsOfficer, alice), among: [first], concerned: [member], grants: [reading, steward]) == nil)
    let duties = Duties([first, duty(3, .operator, staff)])
    #expect(
      refusal { () throws(AdministrationError) in try duties.requireNone(against: [.list, .read], of: member) }
        == .dutyForbids(.operator, .read, of: alice))
    #expect(refusal { () throws(AdministrationError) in try duties.requireNone(against: [.list, .add], of: member) } == nil)
  }

  @Test func theLastAdministratorStays() {
    func taking(
      _ old: Duty, among duties: [Duty], by actor: Principal, gone: [Principal] = []
    ) -> DutyTakingError? {
      do throws(DutyTakingError) {
        try Duties(duties).mayTake(old, by: Subject(user: actor, groups: [])) { (principal) throws(IdentityError) in
          if principal == board { throw .timedOut }
          return !gone.contains(principal)
        }
      } catch { return error }
      return nil
    }
    let second = duty(2, .administrator, alice)
    #expect(taking(first, among: [first, second], by: alice) == nil)
    #expect(taking(second, among: [first, second], by: alice) == .refused(.forThemself(alice)))
    #expect(taking(first, among: [first, second], by: bob) == .refused(.lacksDuty(.administrator)))
    // Alice acts by her uid, but the system no longer knows her when asked: nobody else is left.
    #expect(taking(first, among: [first, second], by: alice, gone: [alice]) == .refused(.lastAdministrator))
    #expect(taking(first, among: [first, duty(3, .administrator, board)], by: alice) == .refused(.lacksDuty(.administrator)))
    let third = duty(3, .administrator, board)
    #expect(taking(first, among: [first, third, second], by: alice) == .identity(.timedOut))
    #expect(taking(duty(4, .operator, bob), among: [first, duty(4, .operator, bob)], by: chief) == nil)
  }
}
