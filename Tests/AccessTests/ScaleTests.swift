import Access
import Testing
import VaultFormat

/// The work of an answer grows with the rules about the subject, not with the table. Counts, not times.
@Suite struct ScaleTests {
  /// 100,000 grants to 10,000 principals on 50,000 folders directly in one folder, and three to alice.
  private static func large() -> RightsTable {
    var parents: [NodeID: NodeID] = [.root: .none, NodeID(2): .root]
    for folder in 10..<UInt64(50_010) { parents[NodeID(folder)] = NodeID(2) }
    var grants: [Grant] = []
    for id in 0..<UInt64(100_000) {
      let user = Principal(kind: id % 3 == 0 ? .group : .user, name: "p\(id % 10_000)", id: UInt32(10_000 + id % 10_000))
      grants.append(grant(id + 1, 10 + id / 2, user, [.list, .read], giver: chief))
    }
    for (id, folder) in [(200_001, 777), (200_002, 30_000), (200_003, 50_009)] as [(UInt64, UInt64)] {
      grants.append(grant(id, folder, alice, [.list]))
    }
    return RightsTable(grants: grants, barriers: [], boundaries: [], parents: parents, generation: 7)
  }

  @Test func aSubjectWithFewRulesReadsFewRules() {
    let table = Self.large()
    #expect(table.strayRules.isEmpty)
    let view = table.view(for: Subject(user: alice, groups: [staff, board]), now: 0)
    #expect(view.examinedRuleCount == 3)
    #expect(view.standing(at: NodeID(2)).isBareChain)
    #expect(view.visibleChildren(of: NodeID(2)) == [NodeID(777), NodeID(30_000), NodeID(50_009)])
    #expect(view.visibleChildren(of: .root) == [NodeID(2)])
    #expect(view.standing(at: NodeID(778)) == table.view(for: Subject(alone: bob), now: 0).standing(at: NodeID(778)))

    let other = Principal(kind: .user, name: "p4", id: 10_004)
    let rules = table.grants.count { $0.principal == other }
    #expect(rules > 1)
    #expect(table.view(for: Subject(alone: other), now: 0).examinedRuleCount == rules)
    #expect(table.who(at: NodeID(12), now: 0).count == 2)
    #expect(table.what(Subject(alone: alice), now: 0).map(\.folder) == [NodeID(777), NodeID(30_000), NodeID(50_009)])
  }

  /// A chain of 2,000 folders, each with rules, and one grant at its end.
  @Test func deepChainsAreNoProblem() {
    var parents: [NodeID: NodeID] = [.root: .none]
    var grants = [grant(1, 2_000, alice, .list)]
    for folder in 2...UInt64(2_000) {
      parents[NodeID(folder)] = NodeID(folder - 1)
      grants.append(grant(folder, folder, bob, .read))
    }
    let table = RightsTable(grants: grants, barriers: [], boundaries: [], parents: parents, generation: 1)
    let view = table.view(for: Subject(alone: alice), now: 0)
    #expect(view.examinedRuleCount == 1)
    #expect((1..<UInt64(2_000)).allSatisfy { view.standing(at: NodeID($0)).isBareChain })
    #expect(view.standing(at: NodeID(2_000)).rights == .list)
    #expect(table.explain(Subject(alone: bob), .read, at: NodeID(2_000), now: 0).nearMisses.count == 1_999)
  }
}
