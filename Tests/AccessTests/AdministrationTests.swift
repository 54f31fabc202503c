import Access
import Testing
import VaultFormat

/// Who may change which rules. chief has `grant` at the root, alice at 2, bob nothing; 1 ⊃ {2 ⊃ 4, 3}.
@Suite struct AdministrationTests {
  private let rules = table([grant(1, 1, chief, [.list, .grant], giver: Administration.founder), grant(2, 2, alice, .grant)])

  private func standing(_ user: Principal, _ folder: UInt64, _ groups: [Principal] = []) -> Standing {
    rules.standing(of: Subject(user: user, groups: groups), at: NodeID(folder), now: 100)
  }

  private func refusal(_ body: () throws(AdministrationError) -> Void) -> AdministrationError? {
    do throws(AdministrationError) { try body() } catch { return error }
    return nil
  }

  private func giving(_ grant: Grant, by user: Principal, _ groups: [Principal] = []) -> AdministrationError? {
    refusal { () throws(AdministrationError) in
      try Administration.mayGive(
        grant, by: Subject(user: user, groups: groups), standing(user, grant.folder.value, groups), now: 100)
    }
  }

  @Test func onlyWhereTheGiverHasGrant() {
    #expect(giving(grant(9, 4, bob, .all, giver: alice), by: alice) == nil, "rights that she does not hold, too")
    #expect(giving(grant(9, 3, bob, .list, giver: alice), by: alice) == .lacksGrant(at: NodeID(3)))
    #expect(giving(grant(9, 1, bob, .list, giver: alice), by: alice) == .lacksGrant(at: NodeID(1)))
    #expect(giving(grant(9, 3, bob, .list, giver: chief), by: chief) == nil)
  }

  @Test func neverForThemself() {
    #expect(giving(grant(9, 4, alice, .list, giver: alice), by: alice) == .forThemself(alice))
    #expect(giving(grant(9, 4, staff, .list, giver: alice), by: alice, [staff]) == .forThemself(staff))
    #expect(giving(grant(9, 4, staff, .list, giver: alice), by: alice) == nil)
    #expect(giving(grant(9, 4, bob, .list, giver: chief), by: alice) == .otherMaker(chief))
    #expect(giving(grant(9, 3, alice, .list, giver: alice), by: alice) == .lacksGrant(at: NodeID(3)), "which comes first")
  }

  @Test(
    arguments: [
      (nil, nil, true), (nil, 100, false), (nil, 101, true), (150, 150, false), (150, 151, true), (500, nil, true),
      (10, 50, false),
    ] as [(Int64?, Int64?, Bool)])
  func validityMustBeToCome(_ from: Int64?, _ until: Int64?, _ isFine: Bool) {
    #expect(giving(grant(9, 4, bob, .list, from: from, until: until, giver: alice), by: alice) == (isFine ? nil : .neverValid))
  }

  @Test func aGrantWithoutRightsIsNone() {
    #expect(giving(grant(9, 4, bob, [], giver: alice), by: alice) == .givesNothing)
  }

  @Test func revoking() {
    func revoking(_ grant: Grant, _ user: Principal, _ groups: [Principal] = []) -> AdministrationError? {
      refusal { () throws(AdministrationError) in
        try Administration.mayRevoke(grant, by: Subject(user: user, groups: groups), standing(user, grant.folder.value, groups))
      }
    }
    #expect(revoking(grant(9, 4, bob, .list), alice) == nil, "whoever gave it")
    #expect(revoking(grant(9, 3, bob, .list), alice) == .lacksGrant(at: NodeID(3)))
    #expect(revoking(rules.grants[1], alice) == .forThemself(alice))
    #expect(revoking(grant(9, 4, staff, .list), alice, [staff]) == nil)
  }

  @Test func raisingABarrier() {
    func raising(_ barrier: Barrier, _ user: Principal, _ groups: [Principal] = []) -> AdministrationError? {
      refusal { () throws(AdministrationError) in
        try Administration.mayRaise(
          barrier, by: Subject(user: user, groups: groups), standing(user, barrier.folder.value, groups), now: 100)
      }
    }
    #expect(raising(barrier(9, 4, chief, owner: alice), alice) == nil)
    #expect(raising(barrier(9, 4, alice, owner: alice), alice) == .forThemself(alice))
    #expect(raising(barrier(9, 4, staff, owner: alice), alice, [staff]) == .forThemself(staff))
    #expect(raising(barrier(9, 4, bob, owner: chief), alice) == .otherMaker(chief))
    #expect(raising(barrier(9, 4, bob, until: 5, owner: alice), alice) == .neverValid)
    #expect(raising(barrier(9, 3, bob, owner: alice), alice) == .lacksGrant(at: NodeID(3)))
  }

  @Test func liftingABarrier() {
    func lifting(_ barrier: Barrier, _ user: Principal, _ groups: [Principal] = []) -> AdministrationError? {
      let rules = table(rules.grants, [barrier])
      let subject = Subject(user: user, groups: groups)
      let parent = smallTree[barrier.folder]!
      return refusal { () throws(AdministrationError) in
        try Administration.mayLift(
          barrier, by: subject, rules.standing(of: subject, at: barrier.folder, now: 100),
          parentStanding: parent == .none ? nil : rules.standing(of: subject, at: parent, now: 100))
      }
    }
    #expect(lifting(barrier(9, 4, bob, owner: carol), carol) == nil, "its owner, who may do nothing else")
    #expect(lifting(barrier(9, 4, bob, owner: board), carol, [board]) == nil)
    #expect(lifting(barrier(9, 4, bob), alice) == nil, "grant above")
    #expect(lifting(barrier(9, 2, bob), alice) == .lacksGrant(at: NodeID(2)), "grant there and not above")
    #expect(lifting(barrier(9, 2, bob), chief) == nil)
    #expect(lifting(barrier(9, 1, bob), chief) == nil, "nothing is above the root")
    #expect(lifting(barrier(9, 1, bob, owner: carol), alice) == .lacksGrant(at: .root))
    #expect(lifting(barrier(9, 4, chief), chief) == .forThemself(chief), "though they own it and rule above")
    #expect(lifting(barrier(9, 4, chief, from: 500), chief) == .forThemself(chief), "though it is not live")
    #expect(lifting(barrier(9, 4, staff, owner: alice), alice, [staff]) == .forThemself(staff))
    #expect(lifting(barrier(9, 4, bob, owner: carol), bob) == .lacksGrant(at: NodeID(4)), "an outsider learns nothing of it")
  }

  @Test func boundariesNeedGrantAtBothEnds() {
    func setting(_ folder: UInt64, _ user: Principal, existing: Boundary? = nil, clear: Bool = false) -> AdministrationError? {
      let parent = smallTree[NodeID(folder)]!
      let above = parent == .none ? nil : standing(user, parent.value)
      return refusal { () throws(AdministrationError) in
        if clear {
          try Administration.mayClearBoundary(
            at: NodeID(folder), parent: parent, standing(user, folder), parentStanding: above, existing: existing)
        } else {
          try Administration.maySetBoundary(
            at: NodeID(folder), parent: parent, standing(user, folder), parentStanding: above, existing: existing)
        }
      }
    }
    #expect(setting(4, alice) == nil)
    #expect(setting(2, alice) == .lacksGrant(at: .root))
    #expect(setting(3, alice) == .lacksGrant(at: NodeID(3)))
    #expect(setting(2, chief) == nil)
    #expect(setting(1, chief) == .boundaryAtRoot)
    #expect(setting(4, alice, existing: boundary(9, 4)) == .boundaryStands(RuleID(9)))
    #expect(setting(3, alice, existing: boundary(9, 3)) == .lacksGrant(at: NodeID(3)))
    #expect(setting(4, alice, existing: boundary(9, 4), clear: true) == nil)
    #expect(setting(4, alice, clear: true) == .noBoundary(at: NodeID(4)))
    #expect(setting(2, alice, existing: boundary(9, 2), clear: true) == .lacksGrant(at: .root))
  }

  @Test func askingAboutOthersNeedsGrant() {
    #expect(
      refusal { () throws(AdministrationError) in try Administration.mayAskAboutOthers(at: NodeID(4), standing(alice, 4)) } == nil
    )
    #expect(
      refusal { () throws(AdministrationError) in try Administration.mayAskAboutOthers(at: NodeID(3), standing(bob, 3)) }
        == .lacksGrant(at: NodeID(3)))
  }

  /// `founder` gives the first administrator what counts, which they could not have given themself.
  @Test func theFoundersGrantCounts() {
    #expect(standing(chief, 1).rights == [.list, .grant])
    let own = table([grant(1, 1, chief, [.list, .grant], giver: chief)])
    #expect(own.standing(of: Subject(alone: chief), at: .root, now: 0).rights == [])
  }
}
