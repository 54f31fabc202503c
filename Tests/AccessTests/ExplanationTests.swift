import Access
import Testing
import VaultFormat

/// Near misses: each kind once. 1 ⊃ {2 ⊃ 4 ⊃ 5 ⊃ 6, 3}.
@Suite struct ExplanationTests {
  private let someone = Subject(user: alice, groups: [staff])

  private func failings(_ explanation: Explanation, _ id: UInt64) -> [Explanation.Failing]? {
    explanation.nearMisses.first { $0.grant.id == RuleID(id) }?.failings
  }

  @Test func refusalsShowWhatNearlyDecided() {
    let oldAlice = Principal(kind: .user, name: "alice", id: 77)
    let newName = Principal(kind: .group, name: "personnel", id: staff.id)
    let table = table(
      [
        grant(1, 4, alice, [.list, .read], until: 50), grant(2, 4, alice, [.list, .read], from: 200),
        grant(3, 4, staff, [.list, .add]),
        grant(4, 4, staff, [.list, .read], giver: alice), grant(5, 2, alice, [.list, .read]),
        grant(6, 4, oldAlice, [.list, .read]),
        grant(7, 4, newName, [.list, .read]), grant(8, 4, bob, .all), grant(9, 2, alice, [.read], until: 50),
      ], [], [boundary(20, 4)])
    let explanation = table.explain(someone, .read, at: NodeID(4), now: 100)
    #expect(!explanation.isAllowed && explanation.decision == .missing(.read) && explanation.deciding.isEmpty)
    #expect(failings(explanation, 1) == [.ended(50)])
    #expect(failings(explanation, 2) == [.begins(200)])
    #expect(failings(explanation, 3) == [.lacks(.read)])
    #expect(failings(explanation, 4) == [.ownGift])
    #expect(failings(explanation, 5) == [.cutOff(by: RuleID(20)), .lacks(.read)])
    #expect(failings(explanation, 6) == [.otherIdentity])
    #expect(failings(explanation, 7) == [.otherIdentity])
    #expect(failings(explanation, 8) == nil, "about somebody else")
    #expect(failings(explanation, 9) == [.ended(50), .cutOff(by: RuleID(20)), .lacks(.read)])
    #expect(explanation.nearMisses.first { $0.grant.id == RuleID(7) }?.by == staff)
    #expect(explanation.boundary?.id == RuleID(20))
    #expect(explanation.nearMisses.map(\.grant.id.value) == [1, 2, 3, 4, 5, 6, 7, 9])
  }

  @Test func anAllowanceNamesTheGrantsAndByWhichGroup() {
    let table = table([
      grant(1, 2, alice, .list), grant(2, 4, staff, .read), grant(3, 4, staff, .edit), grant(4, 1, staff, [.list]),
    ])
    let explanation = table.explain(someone, .read, at: NodeID(4), now: 0)
    #expect(explanation.isAllowed && explanation.decision == .grant(RuleID(2)))
    #expect(explanation.deciding.map(\.grant.id.value) == [1, 2, 4], "and those that give list, which read needs")
    #expect(explanation.deciding.map(\.by) == [alice, staff, staff])
    #expect(explanation.nearMisses.map(\.grant.id.value) == [3])
  }

  @Test func grantFromAboveABoundaryDecides() {
    let table = table([grant(1, 1, alice, .all)], [], [boundary(2, 4), boundary(3, 2)])
    let explanation = table.explain(someone, .grant, at: NodeID(4), now: 0)
    #expect(explanation.isAllowed && explanation.deciding.first?.gives == .grant && explanation.deciding.first?.failings == [])
    let refused = table.explain(someone, [.read, .grant], at: NodeID(4), now: 0)
    #expect(!refused.isAllowed && refused.decision == .missing(.read))
    #expect(refused.nearMisses.first?.failings == [.lacks(.read)])
  }

  @Test func barriersStandBesideWhatTheyStop() {
    let table = table(
      [grant(1, 1, alice, .all)],
      [barrier(2, 2, staff), barrier(3, 4, alice, until: 50), barrier(4, 4, board), barrier(5, 1, alice, from: 500)])
    let explanation = table.explain(someone, .read, at: NodeID(4), now: 100)
    #expect(explanation.decision == .barrier(RuleID(2)))
    #expect(explanation.barriers.map(\.barrier.id.value) == [2, 3, 5])
    #expect(explanation.barriers.map(\.failings) == [[], [.ended(50)], [.begins(500)]])
    #expect(explanation.barriers.first?.by == staff)
    #expect(explanation.nearMisses.map(\.failings) == [[]], "it would have decided")
    #expect(explanation.standing.validUntil == 500)
  }

  @Test func aHypotheticalGrantIsCounted() {
    let table = table([grant(1, 2, alice, .list)])
    #expect(!table.explain(someone, .read, at: NodeID(4), now: 0).isAllowed)
    let supposed = table.explain(someone, .read, at: NodeID(4), now: 0, with: [grant(99, 4, staff, .read)])
    #expect(supposed.isAllowed && supposed.decision == .grant(RuleID(99)))
  }

  @Test func aFolderThatIsNoAnchorIsAboutNothing() {
    let explanation = table([grant(1, 1, alice, .all)]).explain(someone, .read, at: NodeID(500), now: 0)
    #expect(!explanation.isAllowed && explanation.decision == .missing(.read) && explanation.nearMisses.isEmpty)
  }

  @Test func whoNamesGiversForWhomAGroupsGrantDoesNotCount() {
    let table = table(
      [grant(1, 2, staff, .list, giver: bob), grant(2, 1, alice, [.list, .read])], [barrier(3, 4, board)], [boundary(4, 4)])
    #expect(table.who(at: NodeID(2), now: 0).map(\.principal) == [alice, staff])
    #expect(table.who(at: NodeID(2), now: 0).last?.givers == [bob])
    let below = table.who(at: NodeID(4), now: 0)
    #expect(below.map(\.principal) == [board])
    #expect(below.first?.barrier == RuleID(3) && below.first?.rights == [])
  }

  @Test func whatNamesWhereRightsChange() {
    let table = table([grant(1, 2, alice, [.list, .grant])], [barrier(3, 6, staff)], [boundary(4, 5), boundary(5, 3)])
    let reaches = table.what(someone, now: 0)
    #expect(reaches.map(\.folder.value) == [2, 5, 6])
    #expect(reaches.map(\.standing.rights) == [[.list, .grant], .grant, []])
  }
}
