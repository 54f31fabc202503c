import Access
import TestKit
import TestOracle
import Testing
import VaultFormat

/// Grants that a review suspends, and how often grants are used.
@Suite struct SuspensionTests {
  private func table(_ grants: [Grant], suspended: [UInt64: Int64], uses: [RuleID: GrantUse] = [:]) -> RightsTable {
    let suspensions = suspended.map { id, from in
      (RuleID(id), Suspension(grant: RuleID(id), review: RuleID(70), from: from, maker: chief))
    }
    return RightsTable(
      grants: grants, barriers: [], boundaries: [], suspensions: Dictionary(uniqueKeysWithValues: suspensions), uses: uses,
      parents: smallTree, generation: 1)
  }

  @Test func aSuspendedGrantGivesNothingFromThenOn() {
    let subject = Subject(user: alice, groups: [staff])
    let table = table([grant(1, 2, alice, [.list, .read]), grant(2, 4, staff, [.list])], suspended: [1: 5])
    let before = table.view(for: subject, now: 4)
    #expect(before.standing(at: NodeID(4)).rights == [.list, .read])
    #expect(before.validUntil == 5 && !before.isValid(at: 5), "a judgement is not kept past it")
    let after = table.view(for: subject, now: 5)
    #expect(after.standing(at: NodeID(2)).rights == [])
    #expect(after.standing(at: NodeID(4)).rights == [.list], "the other one stands")
    #expect(after.standing(at: NodeID(4)).decision(for: .read) == .missing(.read))
    #expect(after.validFrom == 5)
    #expect(table.who(at: NodeID(2), now: 5).isEmpty && table.who(at: NodeID(2), now: 4).count == 1)
    #expect(table.rights(of: subject, at: NodeID(2), now: 5) == [])
  }

  @Test func explanationsNameTheReview() throws {
    let subject = Subject(user: alice, groups: [])
    let given = grant(1, 2, alice, [.list, .read], until: 9)
    let table = table([given], suspended: [1: 5])
    let explanation = table.explain(subject, .read, at: NodeID(2), now: 5)
    #expect(!explanation.isAllowed && explanation.deciding.isEmpty)
    #expect(explanation.nearMisses.map(\.failings) == [[.suspended(by: RuleID(70))]])
    #expect(table.explain(subject, .read, at: NodeID(2), now: 4).isAllowed)
    // It ended meanwhile: both are told.
    #expect(
      table.explain(subject, .read, at: NodeID(2), now: 9).nearMisses.map(\.failings) == [
        [.ended(9), .suspended(by: RuleID(70))]
      ])
    #expect(table.explain(subject, .read, at: NodeID(2), now: 5, with: [given], without: [RuleID(1)]).isAllowed)
  }

  @Test func whatIsSuspendedManagesTheRootForNobody() {
    let steward = grant(1, 1, alice, [.list, .grant])
    #expect(steward.isOfRootManager(at: 0, suspensions: [:]))
    let later = Suspension(grant: RuleID(1), review: RuleID(70), from: 100, maker: chief)
    #expect(!steward.isOfRootManager(at: 0, suspensions: [RuleID(1): later]))
  }

  /// Suspending adds no right to anybody, anywhere; and what is not suspended decides as before.
  @Test func suspendingNeverAddsARight() {
    var generator = SeededGenerator(seed: Run.seed("suspendingNeverAddsARight"))
    var lessCount = 0
    for _ in 0..<2_000 {
      let world = RandomWorld(using: &generator)
      guard let picked = world.naive.grants.randomElement(using: &generator) else { continue }
      var suspended = world
      suspended.naive.suspensions[picked.id] = Suspension(grant: picked.id, review: RuleID(71), from: .min, maker: chief)
      var without = world
      without.naive.grants.removeAll { $0.id == picked.id }
      let person = RandomWorld.person(using: &generator)
      let now = Int64.random(in: RandomWorld.times, using: &generator)
      let (before, after) = (world.table, suspended.table)
      let view = after.view(for: person.subject, now: now)
      for folder in world.folders {
        let rights = view.standing(at: suspended.anchor(of: folder, in: after)).rights
        let old = before.rights(of: person.subject, at: world.anchor(of: folder, in: before), now: now)
        #expect(rights.isSubset(of: old))
        #expect(rights == without.naive.rights(person, folder, now), "as if it were not there")
        if rights != old { lessCount += 1 }
      }
    }
    #expect(lessCount > 50)
  }

  @Test func usesAreCountedForTheGrantThatDecided() {
    let (one, two) = (GrantUse(), GrantUse(stored: Use(count: 5, last: 60_000_000_000)))
    let table = table(
      [grant(1, 2, alice, .list), grant(2, 2, staff, .list)], suspended: [:], uses: [RuleID(1): one, RuleID(2): two])
    let minute: Int64 = 60_000_000_000
    table.noteUse(.grant(RuleID(1)), now: 7 * minute + 5)
    table.noteUse(.grant(RuleID(1)), now: 8 * minute + 5)
    table.noteUse(.grant(RuleID(1)), now: 7 * minute)
    table.noteUse(.grant(RuleID(1)), now: 9 * minute + 59, times: 0)
    for other in [.barrier(RuleID(2)), .missing(.list), .creator(RuleID(2)), .grant(RuleID(3)), nil] as [Record.Decision?] {
      table.noteUse(other, now: 99 * minute)
    }
    #expect(one.use == Use(count: 3, last: 9 * minute), "to the minute")
    #expect(two.use == Use(count: 5, last: minute))
    #expect(one.takeChanged() == one.use && one.takeChanged() == nil && two.takeChanged() == nil)
    table.noteUse(.grant(RuleID(2)), now: 2 * minute)
    #expect(two.takeChanged() == Use(count: 6, last: 2 * minute))
    #expect(GrantUse().use == nil)
  }
}
