import Access
import TestKit
import TestOracle
import Testing
import VaultFormat

/// Over random worlds; a failure is repeated with the seed that was printed.
@Suite struct PropertyTests {
  /// What the mount judges by (a subject's view, at a folder's nearest anchor), what `access explain` says and what the naive evaluator says
  /// agree, at every folder, for every right: a million cases, a part of them in each lane.
  @Test(arguments: 0..<Run.laneCount) func agreesWithTheNaiveEvaluator(_ lane: Int) {
    var generator = SeededGenerator(seed: Run.seed("agreesWithTheNaiveEvaluator, lane \(lane)"))
    var caseCount = 0
    var allowedCount = 0
    var bareCount = 0
    while caseCount < Run.caseCount / Run.laneCount {
      let world = RandomWorld(using: &generator)
      let table = world.table
      let anchors = Dictionary(uniqueKeysWithValues: world.folders.map { ($0, world.anchor(of: $0, in: table)) })
      let folders = world.folders
      for _ in 0..<12 {
        let person = RandomWorld.person(using: &generator)
        let subject = person.subject
        let now = Int64.random(in: RandomWorld.times, using: &generator)
        let view = table.view(for: subject, now: now)
        let naive = folders.map { world.naive.rights(person, $0, now) }
        let seeing = zip(folders, naive).filter { $0.1.contains(.list) || $0.1.contains(.grant) }
        let (visible, bare) = world.naive.visible(Set(seeing.map(\.0)))
        // Folders without an anchor of their own ask at the one above.
        var answers: [NodeID: Answer] = [:]
        for (folder, rights) in zip(folders, naive) {
          let anchor = anchors[folder]!
          let answer = answers[anchor] ?? Self.explain(subject, in: table, seen: view, at: anchor, now: now)
          answers[anchor] = answer
          let standing = anchor == folder ? view.standing(at: anchor) : view.standing(at: anchor).ofFolderBelow
          var agrees = answer.isConsistent && standing.rights == rights && answer.rights == rights && answer.allowed == rights
          agrees = agrees && standing.isVisible == visible.contains(folder) && standing.isBareChain == bare.contains(folder)
          if anchor == folder { agrees = agrees && view.isVisible(folder) == standing.isVisible }
          if bare.contains(folder) { bareCount += 1 }
          agrees = agrees && answer.decisions == Self.rights.map { standing.decision(for: $0) }
          caseCount += Self.rights.count
          allowedCount += answer.allowed.rawValue.nonzeroBitCount
          #expect(agrees, "folder \(folder) for \(person) at \(now) in \(world)")
          if !agrees { return }
        }
      }
    }
    // The worlds must not be so barren that nothing was tried.
    #expect(allowedCount > caseCount / 20)
    #expect(bareCount > caseCount / 600)
  }

  private static let rights = Rights.named.map(\.right)

  /// What the explanations for each right at an anchor say.
  private struct Answer {
    /// The rights that each one says there are.
    let rights: Rights
    /// Those for which one says that they are allowed.
    let allowed: Rights
    /// Of each right.
    let decisions: [Record.Decision]
    /// Each in itself, all with each other, and with what is asked about many people at once.
    let isConsistent: Bool
  }

  /// An explanation for each right. At the root one makes its own view of the subject; the others use the one that the mount would have.
  private static func explain(
    _ subject: Subject, in table: RightsTable, seen view: SubjectView, at anchor: NodeID, now: Int64
  ) -> Answer {
    let standing = view.standing(at: anchor)
    var allowed: Rights = []
    var decisions: [Record.Decision] = []
    decisions.reserveCapacity(rights.count)
    var isConsistent = table.rights(of: subject, at: anchor, now: now) == standing.rights
    for right in rights {
      let known = right == .list && anchor == .root ? nil : view
      let explanation = table.explain(subject, right, at: anchor, now: now, seen: known)
      if explanation.isAllowed { allowed.formUnion(right) }
      decisions.append(explanation.decision)
      let explained = explanation.standing
      isConsistent = isConsistent && explained.rights == standing.rights && explained.isVisible == standing.isVisible
      isConsistent = isConsistent && explained.isBareChain == standing.isBareChain && Self.isConsistent(explanation)
    }
    return Answer(rights: standing.rights, allowed: allowed, decisions: decisions, isConsistent: isConsistent)
  }

  /// What an explanation shows is what decided.
  static func isConsistent(_ explanation: Explanation) -> Bool {
    switch explanation.decision {
    case .grant(let id):
      let row = explanation.deciding.first { $0.grant.id == id }
      return explanation.isAllowed && row != nil && row!.gives.isSuperset(of: explanation.asked)
        && explanation.barriers.allSatisfy { !$0.failings.isEmpty }
    case .barrier(let id):
      return !explanation.isAllowed && explanation.deciding.isEmpty
        && explanation.barriers.first { $0.failings.isEmpty }?.barrier.id == id
    case .missing(let right):
      // No grant that counts gives what is missing.
      return !explanation.isAllowed && explanation.deciding.isEmpty && explanation.barriers.allSatisfy { !$0.failings.isEmpty }
        && explanation.nearMisses.allSatisfy { !$0.counts || $0.gives.isDisjoint(with: right) }
    default: return false
    }
  }

  @Test func orderOfRulesAndGroupsMeansNothing() {
    var generator = SeededGenerator(seed: Run.seed("orderOfRulesAndGroupsMeansNothing"))
    for _ in 0..<2_000 {
      let world = RandomWorld(using: &generator)
      var shuffled = world
      shuffled.naive.grants.shuffle(using: &generator)
      shuffled.naive.barriers.shuffle(using: &generator)
      shuffled.naive.boundaries.shuffle(using: &generator)
      let person = RandomWorld.person(using: &generator)
      let other = Subject(user: person.user, groups: person.groups.reversed())
      let now = Int64.random(in: RandomWorld.times, using: &generator)
      let one = world.table.view(for: person.subject, now: now)
      let two = shuffled.table.view(for: other, now: now)
      for folder in world.folders {
        #expect(one.standing(at: folder) == two.standing(at: folder))
        #expect(one.visibleChildren(of: folder) == two.visibleChildren(of: folder))
      }
    }
  }

  @Test func aBarrierNeverAddsAndAGrantNeverRemoves() {
    var generator = SeededGenerator(seed: Run.seed("aBarrierNeverAddsAndAGrantNeverRemoves"))
    var lessCount = 0
    var moreCount = 0
    for _ in 0..<3_000 {
      let world = RandomWorld(using: &generator)
      var walled = world
      var richer = world
      let folder = world.folders.randomElement(using: &generator)!
      let principal = RandomWorld.principals.randomElement(using: &generator)!
      walled.naive.barriers.append(barrier(50, folder.value, principal))
      richer.naive.grants.append(
        grant(51, folder.value, principal, Rights(rawValue: UInt8.random(in: 1...63, using: &generator)), giver: chief))
      let person = RandomWorld.person(using: &generator)
      let now = Int64.random(in: RandomWorld.times, using: &generator)
      let before = (table: world.table, view: world.table.view(for: person.subject, now: now))
      let less = (table: walled.table, view: walled.table.view(for: person.subject, now: now))
      let more = (table: richer.table, view: richer.table.view(for: person.subject, now: now))
      for folder in world.folders {
        let standing = before.view.standing(at: world.anchor(of: folder, in: before.table))
        let lesser = less.view.standing(at: walled.anchor(of: folder, in: less.table))
        let greater = more.view.standing(at: richer.anchor(of: folder, in: more.table))
        #expect(lesser.rights.isSubset(of: standing.rights))
        #expect(greater.rights.isSuperset(of: standing.rights))
        if before.table.isAnchor(folder) {
          #expect(standing.isVisible || !lesser.isVisible)
          #expect(greater.isVisible || !standing.isVisible)
        }
        if lesser.rights != standing.rights { lessCount += 1 }
        if greater.rights != standing.rights { moreCount += 1 }
      }
    }
    #expect(lessCount > 100 && moreCount > 100)
  }

  @Test func visibleChildrenAreThoseOfTheNaiveEvaluator() {
    var generator = SeededGenerator(seed: Run.seed("visibleChildrenAreThoseOfTheNaiveEvaluator"))
    for _ in 0..<3_000 {
      let world = RandomWorld(using: &generator)
      let table = world.table
      let person = RandomWorld.person(using: &generator)
      let now = Int64.random(in: RandomWorld.times, using: &generator)
      let view = table.view(for: person.subject, now: now)
      let (visible, bare) = world.naive.visible(person, now)
      for folder in world.folders where table.isAnchor(folder) {
        let children = world.folders.filter { world.naive.parents[$0] == folder && visible.contains($0) }
        if bare.contains(folder) {
          #expect(view.visibleChildren(of: folder) == children, "all that a bare chain shows")
        } else {
          #expect(view.visibleChildren(of: folder) == children.filter { table.isAnchor($0) })
        }
      }
    }
  }

  /// Within its stretch of time a view does not change; and a stretch ends only where a rule about the subject begins or ends.
  @Test func aViewHoldsForItsTime() {
    var generator = SeededGenerator(seed: Run.seed("aViewHoldsForItsTime"))
    for _ in 0..<2_000 {
      let world = RandomWorld(using: &generator)
      let table = world.table
      let person = RandomWorld.person(using: &generator)
      let now = Int64.random(in: RandomWorld.times, using: &generator)
      let view = table.view(for: person.subject, now: now)
      #expect(view.isValid(at: now))
      for time in RandomWorld.times.lowerBound - 1...RandomWorld.times.upperBound + 1 where view.isValid(at: time) {
        for folder in world.folders where table.isAnchor(folder) {
          #expect(world.naive.rights(person, folder, time) == view.standing(at: folder).rights)
          #expect(view.standing(at: folder).validUntil == view.validUntil)
        }
      }
      let ends = Set(
        world.naive.grants.filter { world.naive.names($0.principal, person) }.flatMap { [$0.from, $0.until] }
          + world.naive.grants.map { world.naive.suspensions[$0.id]?.from }
          + world.naive.barriers.filter { world.naive.names($0.principal, person) }.flatMap { [$0.from, $0.until] })
      #expect(view.validUntil == .max || ends.contains(view.validUntil))
      #expect(view.validFrom == .min || ends.contains(view.validFrom))
    }
  }

  /// `who` has for each principal what it would have by itself; `what` says enough to know the rights everywhere.
  @Test func whoAndWhatAgreeWithTheNaiveEvaluator() {
    var generator = SeededGenerator(seed: Run.seed("whoAndWhatAgreeWithTheNaiveEvaluator"))
    for _ in 0..<1_500 {
      let world = RandomWorld(using: &generator)
      let table = world.table
      let now = Int64.random(in: RandomWorld.times, using: &generator)
      for folder in world.folders where table.isAnchor(folder) {
        let holdings = table.who(at: folder, now: now)
        for principal in RandomWorld.principals {
          let alone = NaiveEvaluator.Person(user: principal, groups: [])
          let holding = holdings.first { $0.principal.isExactly(principal) }
          #expect((holding?.rights ?? []) == world.naive.rights(alone, folder, now))
          #expect((holding?.barrier != nil) == world.naive.isBarred(alone, folder, now))
        }
      }
      let person = RandomWorld.person(using: &generator)
      let reaches = table.what(person.subject, now: now)
      for folder in world.folders {
        let nearest = world.naive.chain(folder).lazy.compactMap { place in reaches.first { $0.folder == place } }.first
        #expect((nearest?.standing.rights ?? []) == world.naive.rights(person, folder, now))
      }
    }
  }

  /// A grant as if it stood explains what it would do if it did.
  @Test func hypotheticalGrantsCountAsIfTheyStood() {
    var generator = SeededGenerator(seed: Run.seed("hypotheticalGrantsCountAsIfTheyStood"))
    for _ in 0..<2_000 {
      let world = RandomWorld(using: &generator)
      var real = world
      let table = world.table
      let place = world.folders.filter { table.isAnchor($0) }.randomElement(using: &generator)!
      let extra = grant(
        60, place.value, RandomWorld.principals.randomElement(using: &generator)!,
        Rights(rawValue: UInt8.random(in: 1...63, using: &generator)),
        giver: RandomWorld.principals.randomElement(using: &generator)!)
      real.naive.grants.append(extra)
      let person = RandomWorld.person(using: &generator)
      for folder in world.folders where table.isAnchor(folder) {
        let asked = Rights(rawValue: UInt8.random(in: 1...63, using: &generator))
        let supposed = table.explain(person.subject, asked, at: folder, now: 3, with: [extra])
        let actual = real.table.explain(person.subject, asked, at: folder, now: 3)
        #expect(supposed.standing.rights == actual.standing.rights)
        #expect(supposed.decision == actual.decision)
        #expect(supposed.deciding == actual.deciding)
        #expect(supposed.nearMisses == actual.nearMisses)
      }
    }
  }
}
