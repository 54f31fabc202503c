import Access
import Testing
import VaultFormat

/// The sentences of DESIGN §6, one by one, on a tree small enough to read: 1 ⊃ {2 ⊃ 4 ⊃ 5 ⊃ 6, 3}.
@Suite struct StandingTests {
  private func rights(
    _ table: RightsTable, _ user: Principal, _ groups: [Principal] = [], at folder: UInt64, now: Int64 = 100
  ) -> Rights {
    table.standing(of: Subject(user: user, groups: groups), at: NodeID(folder), now: now).rights
  }

  @Test func grantsAddUpDownTheChain() {
    let table = table([grant(1, 2, alice, [.list, .read]), grant(2, 4, staff, .edit), grant(3, 5, bob, .all)])
    #expect(rights(table, alice, at: 1) == [])
    #expect(rights(table, alice, at: 2) == [.list, .read])
    #expect(rights(table, alice, [staff], at: 4) == [.list, .read, .edit])
    #expect(rights(table, alice, [staff], at: 5) == [.list, .read, .edit])
    #expect(rights(table, alice, [staff], at: 3) == [])
    #expect(rights(table, carol, [staff], at: 4) == [], "edit without list")
  }

  @Test func withoutListOnlyGrantRemains() {
    let table = table([grant(1, 2, alice, [.read, .edit, .grant])])
    #expect(rights(table, alice, at: 2) == .grant)
    let standing = table.standing(of: Subject(alone: alice), at: NodeID(2), now: 0)
    #expect(standing.isVisible && !standing.isBareChain)
    #expect(standing.decision(for: .read) == .missing(.list))
    #expect(standing.decision(for: .add) == .missing(.add))
    #expect(standing.decision(for: .list) == .missing(.list))
    #expect(standing.decision(for: .grant) == .grant(RuleID(1)))
  }

  @Test func aBoundaryStopsAllButGrant() {
    let table = table([grant(1, 2, alice, .all), grant(2, 4, alice, [.list])], [], [boundary(3, 4)])
    #expect(rights(table, alice, at: 2) == .all)
    #expect(rights(table, alice, at: 4) == [.list, .grant], "what stands at the boundary itself counts")
    #expect(rights(table, alice, at: 5) == [], "no anchor")
    let deeper = self.table([grant(1, 2, alice, .all), grant(2, 4, alice, [.list])], [], [boundary(3, 4), boundary(4, 5)])
    #expect(rights(deeper, alice, at: 5) == .grant)
  }

  private func table(_ grants: [Grant], _ barriers: [Barrier] = [], _ boundaries: [Boundary] = []) -> RightsTable {
    var parents = smallTree
    // Only anchors: 5 and 6 are left out unless a rule stands there.
    let folders = grants.map(\.folder) + barriers.map(\.folder) + boundaries.map(\.folder)
    if !folders.contains(NodeID(6)) {
      parents[NodeID(6)] = nil
      if !folders.contains(NodeID(5)) { parents[NodeID(5)] = nil }
    }
    return RightsTable(grants: grants, barriers: barriers, boundaries: boundaries, parents: parents, generation: 1)
  }

  @Test func aBarrierLeavesNothingAndNothingStopsIt() {
    let table = table(
      [grant(1, 1, alice, .all), grant(2, 5, alice, .all)], [barrier(9, 2, staff), barrier(8, 2, alice, until: 50)],
      [boundary(3, 4)])
    #expect(rights(table, alice, [staff], at: 1) == .all)
    #expect(rights(table, alice, [staff], at: 2) == [])
    #expect(rights(table, alice, [staff], at: 5) == [], "boundaries do not stop barriers")
    #expect(rights(table, alice, at: 5) == .all, "not in the group, and the other one is over")
    let standing = table.standing(of: Subject(user: alice, groups: [staff]), at: NodeID(5), now: 0)
    #expect(standing.decision(for: .read) == .barrier(RuleID(8)), "the lowest of two")
    #expect(!standing.isVisible)
  }

  @Test func ownGiftsDoNotCount() {
    let recycled = Principal(kind: .user, name: "alice", id: 1999)
    let table = table([
      grant(1, 2, staff, [.list], giver: alice), grant(2, 2, staff, [.list, .read], giver: recycled),
      grant(3, 3, alice, .all, giver: alice),
    ])
    #expect(rights(table, alice, [staff], at: 2) == [.list, .read], "another alice gave the second")
    #expect(rights(table, recycled, [staff], at: 2) == .list)
    #expect(rights(table, bob, [staff], at: 2) == [.list, .read])
    #expect(rights(table, alice, at: 3) == [])
  }

  @Test(arguments: [
    (Principal(kind: .user, name: "alice", id: 1000), true), (Principal(kind: .user, name: "alice", id: 1001), false),
    (Principal(kind: .user, name: "alic", id: 1000), false), (Principal(kind: .group, name: "alice", id: 1000), false),
    (Principal(kind: .user, name: "Alice", id: 1000), false),
  ])
  func principalsMatchByKindNameAndID(_ principal: Principal, _ matches: Bool) {
    #expect((rights(table([grant(1, 2, alice, .list)]), principal, at: 2) == .list) == matches)
  }

  @Test func namesMatchByteForByte() {
    let composed = Principal(kind: .user, name: "jos\u{e9}", id: 5)
    let decomposed = Principal(kind: .user, name: "jose\u{301}", id: 5)
    #expect(composed.name == decomposed.name, "Swift takes them for one")
    let table = table([grant(1, 2, composed, .list)])
    #expect(rights(table, composed, at: 2) == .list)
    #expect(rights(table, decomposed, at: 2) == [])
    #expect(Subject(alone: composed) != Subject(alone: decomposed))
  }

  @Test(arguments: [(9, false), (10, true), (19, true), (20, false)] as [(Int64, Bool)])
  func validityIncludesItsBeginningAndNotItsEnd(_ now: Int64, _ isLive: Bool) {
    let table = table(
      [grant(1, 2, alice, .list, from: 10, until: 20), grant(2, 3, alice, .list)], [barrier(3, 3, alice, from: 10, until: 20)])
    #expect((rights(table, alice, at: 2, now: now) == .list) == isLive)
    #expect((rights(table, alice, at: 3, now: now) == []) == isLive)
    let standing = table.standing(of: Subject(alone: alice), at: NodeID(2), now: now)
    #expect(standing.validUntil == (now < 10 ? 10 : now < 20 ? 20 : .max))
  }

  @Test func aGrantDeepBelowShowsTheBareChainAbove() {
    let table = table([grant(1, 5, alice, .list), grant(2, 3, bob, .list), grant(3, 6, bob, [.list])], [barrier(4, 5, bob)])
    let view = table.view(for: Subject(alone: alice), now: 0)
    for folder: UInt64 in [1, 2, 4] {
      #expect(view.standing(at: NodeID(folder)).isBareChain)
      #expect(view.standing(at: NodeID(folder)).rights == [])
    }
    #expect(!view.standing(at: NodeID(5)).isBareChain && view.isVisible(NodeID(5)))
    #expect(view.visibleChildren(of: NodeID(1)) == [NodeID(2)])
    #expect(!view.isVisible(NodeID(3)))
    let walled = table.view(for: Subject(alone: bob), now: 0)
    #expect(walled.visibleChildren(of: .root) == [NodeID(3)], "what lies behind a barrier shows nothing above")
  }

  @Test func theRootIsAlwaysVisible() {
    let table = table([grant(1, 1, alice, .all)], [barrier(2, 1, alice)])
    for user in [alice, bob] {
      let standing = table.standing(of: Subject(alone: user), at: .root, now: 0)
      #expect(standing.isVisible && standing.isBareChain && standing.rights == [])
    }
  }

  @Test func decisionsNameTheLowestGrantOfTheLastRight() {
    let standing = table([grant(7, 1, alice, [.list, .read]), grant(3, 2, staff, [.read, .edit]), grant(5, 2, alice, [.edit])])
      .standing(of: Subject(user: alice, groups: [staff]), at: NodeID(2), now: 0)
    #expect(standing.decision(for: .list) == .grant(RuleID(7)))
    #expect(standing.decision(for: .read) == .grant(RuleID(3)))
    #expect(standing.decision(for: [.read, .edit]) == .grant(RuleID(3)))
    #expect(standing.decision(for: [.read, .add, .remove]) == .missing(.add))
    #expect(standing.decision(for: []) == .open)
    #expect(Standing.nothing.decision(for: .read) == .missing(.read))
  }

  @Test func rulesWithoutAChainToTheRootCountNowhere() {
    let parents: [NodeID: NodeID] = [
      .root: .none, NodeID(2): .root, NodeID(7): NodeID(8), NodeID(8): NodeID(7), NodeID(9): NodeID(99),
    ]
    let table = RightsTable(
      grants: [grant(1, 7, alice, .all), grant(2, 2, alice, .list), grant(3, 50, alice, .all)], barriers: [barrier(4, 9, alice)],
      boundaries: [], parents: parents, generation: 1)
    #expect(Set(table.strayRules) == [RuleID(1), RuleID(3), RuleID(4)])
    #expect(!table.isAnchor(NodeID(7)) && !table.isAnchor(NodeID(9)) && table.isAnchor(NodeID(2)))
    #expect(table.standing(of: Subject(alone: alice), at: NodeID(7), now: 0) == .nothing)
    #expect(rights(table, alice, at: 2) == .list)
  }

  @Test func wallsAreComparedWhereverTheyStand() {
    let table = table(
      [grant(1, 6, alice, .list), grant(2, 3, alice, .list)], [barrier(3, 4, bob, until: 1)], [boundary(4, 2)])
    #expect(table.hasSameWalls(NodeID(5), NodeID(4)))
    #expect(!table.hasSameWalls(NodeID(4), NodeID(2)), "a barrier between, though it is over")
    #expect(!table.hasSameWalls(NodeID(2), NodeID(3)), "a boundary between")
    #expect(table.hasSameWalls(NodeID(3), .root))
    #expect(!table.hasSameWalls(NodeID(3), NodeID(77)))
  }

  @Test func rulesAreListedByFolder() {
    let table = table(
      [grant(5, 2, alice, .list), grant(1, 2, bob, .list), grant(2, 3, bob, .list)], [barrier(3, 2, staff)], [boundary(4, 2)])
    #expect(table.grants(on: NodeID(2)).map(\.id.value) == [1, 5])
    #expect(table.barriers(on: NodeID(2)).map(\.id.value) == [3])
    #expect(table.boundary(on: NodeID(2))?.id == RuleID(4))
    #expect(table.boundary(on: NodeID(3)) == nil && table.grants(on: NodeID(4)).isEmpty)
    #expect(table.groupsInBarriers == [staff])
    #expect(table.principals == [alice, bob, staff])
  }
}
