import Access
import Glibc
import Testing
import Vault
import VaultFormat

@testable import VaultFS

/// Reviews of grants: who is asked, who may answer, what becomes of it.
@Suite struct ReviewTests {
  private static let day: Int64 = 86_400_000_000_000
  private let test: TestFiles
  private let folder: Node
  /// Alice is steward of `/a`, and gave bob and carol what they have there.
  private let alices: Grant
  private let bobs: Grant
  private let carols: Grant

  init() throws {
    let test = try TestFiles()
    self.test = test
    folder = try test.make(.folder, "a")
    alices = try test.give([.list, .grant], to: TestFiles.alice, on: folder)
    func give(_ name: String, _ rights: Rights) throws -> Grant {
      try test.files.addGrant(
        TestFiles.alice, on: Array("/a".utf8), to: "user:" + name, rights, from: nil, until: nil, reason: "work")
    }
    bobs = try give("bob", [.list, .read])
    carols = try give("carol", [.list, .read, .add, .edit])
  }

  private func open(
    by caller: Caller = TestFiles.root, _ path: String = "/a", due: Int64 = day, suspends: Bool = false
  ) throws -> RuleID {
    try test.files.openReview(
      caller, of: Array(path.utf8), due: test.vault.latestTime() + due, reason: "yearly", suspendsWhenDue: suspends
    ).review.id
  }

  private func line(
    _ grant: Grant, _ decision: ReviewItem.Decision, _ rights: Rights? = nil, until: Int64? = nil, line: Int = 0
  ) -> ReviewAnswerLine {
    ReviewAnswerLine(line: line, grant: grant.id, decision: decision, rights: rights, until: until, note: "looked at")
  }

  /// The problem that an answer meets; nil where it is taken.
  private func refusal(_ caller: Caller, _ review: RuleID, _ lines: ReviewAnswerLine...) throws -> String? {
    let steps = try test.files.decide(caller, review, lines, isDryRun: false)
    for case .problem(_, _, let failure) in steps { return "\(failure)" }
    return nil
  }

  private func failure(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "done"
  }

  private func states(_ review: RuleID, _ caller: Caller = TestFiles.root) throws -> [RuleID: ReviewItemState] {
    let shown = try test.files.review(caller, review, owner: nil).items
    return Dictionary(uniqueKeysWithValues: shown.map { ($0.item.grant.id, $0.state) })
  }

  private func seesFolder(_ caller: Caller) -> Bool { (try? test.number(caller, "a")) != nil }

  // MARK: Who is asked

  @Test func theGiverAnswersElseTheNearestHolderOfGrantNeverWhoeverItNames() throws {
    let review = try open()
    let owners = Dictionary(
      uniqueKeysWithValues: try test.files.review(TestFiles.root, review, owner: nil).items.map {
        ($0.item.grant.id, $0.item.owner?.name)
      })
    #expect(owners == [alices.id: "root", bobs.id: "alice", carols.id: "alice"])
    #expect(
      try test.files.review(TestFiles.root, review, owner: "user:alice").items.map(\.item.grant.id) == [bobs.id, carols.id])
    // Without her grant, what alice gave falls to whoever is nearest.
    _ = try test.files.revokeGrant(TestFiles.root, alices.id, reason: "left")
    let next = try open()
    #expect(try test.files.review(TestFiles.root, next, owner: "user:root").items.count == 2)
  }

  @Test func nobodyIsAskedAboutTheLastAdministrator() throws {
    let review = try test.files.openReview(
      TestFiles.root, of: Array("/".utf8), due: test.vault.latestTime() + Self.day, reason: "r", suspendsWhenDue: false)
    #expect(review.unassignedCount == 1, "root for itself, and alice has grant below only")
    #expect(review.counts == [.pending: 4])
  }

  @Test func openingNeedsGrantThereAndALaterDate() throws {
    #expect(failure { _ = try open(by: TestFiles.bob) }.contains("lacksGrant"))
    #expect(failure { _ = try open(by: TestFiles.alice, "/") }.contains("lacksGrant"))
    #expect(failure { _ = try open(due: -1) } == "refused(Access.AdministrationError.dueInPast)")
    let empty = try test.make(.folder, "empty")
    try test.give([.list, .grant], to: TestFiles.bob, on: empty)
    _ = try test.files.revokeGrant(TestFiles.root, bobs.id, reason: "r")
    #expect(failure { _ = try open(by: TestFiles.alice, "/empty") } == "noSuchPath", "hidden is absent")
    let review = try open(by: TestFiles.alice)
    #expect(try states(review, TestFiles.alice).count == 2, "what alice may manage: her own too, which others answer for")
  }

  @Test func whoManagesNoneOfItKnowsNothingOfIt() throws {
    let review = try open()
    #expect(try test.files.reviews(TestFiles.bob).isEmpty)
    #expect(failure { _ = try test.files.review(TestFiles.bob, review, owner: nil) }.hasPrefix("noSuchReview"))
    #expect(
      failure { _ = try test.files.decide(TestFiles.bob, review, [line(carols, .keep)], isDryRun: false) }.hasPrefix(
        "noSuchReview"))
    #expect(failure { _ = try test.files.closeReview(TestFiles.bob, review, reason: "r") }.hasPrefix("noSuchReview"))
    #expect(try test.files.reviews(TestFiles.alice).map(\.review.id) == [review])
  }

  // MARK: Answers

  @Test func answersCountAtOnceAndNobodyCertifiesTheirOwn() throws {
    let review = try open()
    #expect(
      try refusal(TestFiles.alice, review, line(alices, .keep)) == "refused(Access.AdministrationError.ownAccess(user:alice))")
    #expect(try refusal(TestFiles.alice, review, line(bobs, .keep)) == nil, "what she gave she may keep: she has nothing from it")
    #expect(try refusal(TestFiles.alice, review, line(carols, .shrink, .all))?.contains("notSmaller") == true)
    #expect(try refusal(TestFiles.alice, review, line(carols, .shrink, carols.rights))?.contains("notSmaller") == true)
    #expect(try refusal(TestFiles.alice, review, line(carols, .shrink, [.list, .read])) == nil)
    #expect(
      test.vault.grants.contains { $0.principal.name == "carol" && $0.rights == [.list, .read] && $0.giver.name == "alice" })
    #expect(!test.vault.grants.contains { $0.id == carols.id })
    #expect(try refusal(TestFiles.root, review, line(alices, .revoke)) == nil)
    #expect(!test.vault.grants.contains { $0.id == alices.id })
    #expect(try states(review) == [alices.id: .revoked, bobs.id: .kept, carols.id: .shrunk])
    // An answer can be changed while the review is open; a shrunk grant is still the one that was asked for.
    #expect(try refusal(TestFiles.root, review, line(bobs, .revoke), line(carols, .revoke)) == nil)
    #expect(!seesFolder(TestFiles.bob) && !seesFolder(TestFiles.carol))
    #expect(try refusal(TestFiles.root, review, line(bobs, .keep))?.hasPrefix("noSuchRule") == true, "what is revoked is gone")
    let certified = try test.records().filter { $0.action == .certify && $0.outcome == .done }
    #expect(
      certified.compactMap { record in record.details.first { $0.key == "change" }?.value } == ["opened"]
        + Array(repeating: "decided", count: 5))
    #expect(try test.records().contains { $0.action == .deny && $0.actor?.uid == TestFiles.alice.uid })
  }

  @Test func aWorksheetCountsWholeOrNotAtAll() throws {
    let review = try open()
    let lines = [line(bobs, .keep, line: 2), line(carols, .revoke, line: 3), line(alices, .keep, line: 4)]
    for isDryRun in [true, false] {
      let steps = try test.files.decide(TestFiles.alice, review, lines, isDryRun: isDryRun)
      let problems = steps.compactMap { step in if case .problem(let line, _, _) = step { line } else { nil } }
      #expect(steps.count == 3 && problems == [4])
    }
    #expect(try Set(states(review).values) == [.pending] && test.vault.grants.contains { $0.id == carols.id })
    #expect(try test.files.decide(TestFiles.alice, review, [lines[0], lines[1]], isDryRun: true).count == 2)
    #expect(try Set(states(review).values) == [.pending], "a dry run changes nothing")
    #expect(try test.files.decide(TestFiles.alice, review, [lines[0], lines[1]], isDryRun: false).count == 2)
    #expect(
      try test.files.decide(TestFiles.alice, review, [lines[0], lines[1]], isDryRun: false).isEmpty, "said again, nothing changes"
    )
    let twice = try test.files.decide(
      TestFiles.root, review, [line(alices, .keep, line: 2), line(alices, .revoke, line: 3)], isDryRun: false)
    #expect(twice.contains { if case .problem(3, _, .repeatsLine(2)) = $0 { true } else { false } })
    #expect(try states(review)[alices.id] == .pending)
  }

  // MARK: The end

  @Test func whatIsNotAnsweredIsSuspendedUntilItIs() throws {
    try test.make(.document, "d", in: folder)
    let review = try open()
    #expect(try refusal(TestFiles.alice, review, line(carols, .keep)) == nil)
    let number = try test.number(TestFiles.bob, "d", in: folder)
    let handle = try test.files.open(TestFiles.bob, number, OpenAccess(reads: true, writes: false))
    #expect(failure { _ = try test.files.closeReview(TestFiles.bob, review, reason: "r") }.hasPrefix("noSuchReview"))
    let closed = try test.files.closeReview(TestFiles.root, review, reason: "the year is over")
    #expect(closed.counts == [.kept: 1, .suspended: 2])
    // Also through a handle that is open.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
    defer { buffer.deallocate() }
    #expect(test.failure { _ = try test.files.read(TestFiles.bob, handle, at: 0, into: buffer) } == .accessDenied)
    #expect(!seesFolder(TestFiles.bob) && seesFolder(TestFiles.carol))
    test.files.release(handle, lockOwner: nil)
    let explained = try test.files.explain(TestFiles.root, "user:bob", .read, at: Array("/a".utf8), time: nil)
    guard case .explanation(let explanation, _) = explained else { return #expect(Bool(false)) }
    #expect(explanation.nearMisses.map(\.failings) == [[.suspended(by: review)]])

    #expect(
      try refusal(TestFiles.root, review, line(carols, .revoke)) == "refused(Access.AdministrationError.reviewClosed(\(review)))")
    #expect(failure { _ = try test.files.closeReview(TestFiles.root, review, reason: "again") }.contains("reviewClosed"))
    // Alice, suspended herself, manages nothing; root answers late.
    #expect(
      failure { _ = try test.files.decide(TestFiles.alice, review, [line(bobs, .keep)], isDryRun: false) }.hasPrefix(
        "noSuchReview"))
    #expect(try refusal(TestFiles.root, review, line(bobs, .keep), line(alices, .shrink, .list)) == nil)
    #expect(seesFolder(TestFiles.bob) && test.vault.suspensions.isEmpty)
    let changes = try test.records().filter { $0.action == .certify && $0.outcome == .done }
      .compactMap { record in record.details.first { $0.key == "change" }?.value }
    #expect(changes == ["opened", "decided", "suspended", "suspended", "closed", "decided", "decided"])
    #expect(try test.records().contains { record in record.details.contains(Record.Detail("restored", "true")) })
  }

  @Test func whoeverSeesAFileIsToldThatAReviewSuspendedTheirGrant() throws {
    try test.make(.document, "d", in: folder)
    let review = try open()
    // Given after the list was frozen, so that bob still sees what he may no longer read.
    let later = try test.give(.list, to: TestFiles.bob, on: folder)
    let number = try test.number(TestFiles.bob, "d", in: folder)
    func why() throws -> [String] {
      let line = try test.files.xattr(TestFiles.bob, number, Array("user.strongroom.why".utf8))
      return String(decoding: line, as: UTF8.self).split(separator: ";").map { $0.drop { $0 == " " } }.map(String.init)
    }
    #expect(try why().prefix(3) == ["list: grant \(bobs.id)", "read: grant \(bobs.id)", "add: no grant"])
    _ = try test.files.closeReview(TestFiles.root, review, reason: "the year is over")
    let suspended = "read: no, grant \(bobs.id) is suspended by review \(review)"
    #expect(try why().prefix(3) == ["list: grant \(later.id)", suspended, "add: no grant"])
    let explained = try test.files.explain(TestFiles.bob, "user:bob", .read, at: Array("/a/d".utf8), time: nil)
    guard case .explanation(let explanation, _) = explained else { return #expect(Bool(false)) }
    #expect(!explanation.isAllowed)
    #expect(explanation.nearMisses.first { $0.grant.id == bobs.id }?.failings == [.suspended(by: review)])
    #expect(try refusal(TestFiles.root, review, line(bobs, .keep)) == nil)
    #expect(try why().prefix(2) == ["list: grant \(bobs.id)", "read: grant \(bobs.id)"])
  }

  @Test func theLastWhoManageRightsAtTheRootAreNotSuspended() throws {
    let root = try test.vault.node(.root)
    let second = try test.give([.list, .grant], to: TestFiles.bob, on: root)
    let review = try open("/")
    #expect(try refusal(TestFiles.root, review, line(alices, .keep), line(bobs, .keep), line(carols, .keep)) == nil)
    let closed = try test.files.closeReview(TestFiles.root, review, reason: "r")
    #expect(closed.counts == [.kept: 3, .suspended: 1, .unanswered: 1])
    #expect(test.vault.suspensions.keys.map { $0 } == [second.id], "the lowest stands")
    // Nor can it be revoked now: what is suspended manages nothing.
    let first = try #require(test.vault.grants.first { $0.folder == .root && $0.id != second.id })
    #expect(failure { _ = try test.files.revokeGrant(TestFiles.root, first.id, reason: "r") } != "done")
  }

  @Test func aReviewMaySuspendByItselfWhenItIsDue() throws {
    let review = try open(due: 3_000_000_000, suspends: true)
    let other = try open(due: Self.day, suspends: true)
    #expect(test.vault.suspensions.values.allSatisfy { $0.review == review }, "the one that is due first")
    #expect(try refusal(TestFiles.alice, review, line(carols, .keep)) == nil)
    #expect(test.vault.suspensions[carols.id]?.review == other, "the other one still asks")
    #expect(seesFolder(TestFiles.carol))
    for _ in 0..<1_500 where seesFolder(TestFiles.bob) { usleep(20_000) }
    #expect(!seesFolder(TestFiles.bob) && seesFolder(TestFiles.carol))
    #expect(try states(review)[bobs.id] == .suspended)
    #expect(test.files.overdueReviews.map(\.id) == [review])
    #expect(try test.files.reviews(TestFiles.root).map(\.isOverdue) == [true, false])
    // An answer brings it back, due or not.
    #expect(try refusal(TestFiles.root, review, line(bobs, .keep)) == nil)
    #expect(seesFolder(TestFiles.bob))
    #expect(try test.files.closeReview(TestFiles.root, review, reason: "r").counts == [.kept: 2, .suspended: 1])
    #expect(test.files.overdueReviews.isEmpty)
  }

  // MARK: Figures, and what is kept

  @Test func usesAreWhatTheTrailSaysThatAGrantDecided() throws {
    let number = try {
      try test.make(.document, "d", in: folder); return try test.number(TestFiles.carol, "d", in: folder)
    }()
    #expect(test.vault.uses[carols.id] == nil, "a lookup is no use")
    for _ in 0..<3 {
      let handle = try test.files.open(TestFiles.carol, number, OpenAccess(reads: true, writes: false))
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
      defer { buffer.deallocate() }
      for _ in 0..<5 { _ = try test.files.read(TestFiles.carol, handle, at: 0, into: buffer) }
      test.files.release(handle, lockOwner: nil)
    }
    test.files.release(try test.create(TestFiles.carol, "e", in: folder), lockOwner: nil)
    #expect(test.vault.uses[carols.id]?.count == 4)
    #expect(test.failure { _ = try test.create(TestFiles.bob, "f", in: folder) } == .accessDenied)
    #expect(test.vault.uses[bobs.id] == nil, "what was refused is no use")
    let decided = try test.records().count { $0.decision == .grant(carols.id) && $0.outcome == .done }
    #expect(decided == 4)
    // Giving rights is a use of the grant that allows it.
    #expect(test.vault.uses[alices.id]?.count == 2)
    let review = try open()
    let item = try #require(
      try test.files.review(TestFiles.root, review, owner: nil).items.first { $0.item.grant.id == carols.id })
    #expect(item.item.use?.count == 4 && item.item.countedSince == carols.given)
    #expect((item.item.use?.last ?? 0) % 60_000_000_000 == 0 && (item.item.use?.last ?? 0) > 0)
  }

  @Test func figuresAndReviewsOutliveACrash() throws {
    test.files.release(try test.create(TestFiles.carol, "e", in: folder), lockOwner: nil)
    test.vault.storeUses()
    try test.vault.sync()
    let review = try open()
    #expect(try refusal(TestFiles.alice, review, line(carols, .shrink, [.list])) == nil)
    let closed = try test.files.closeReview(TestFiles.root, review, reason: "r")
    #expect(closed.counts == [.shrunk: 1, .suspended: 2])
    let (reviews, items) = try test.vault.closedReviews()
    let (suspensions, uses) = (test.vault.suspensions, test.vault.uses)
    #expect(uses[alices.id]?.count ?? 0 >= 2 && uses[carols.id] == nil, "figures go with their grant")
    try test.reopened { copy in
      let found = try copy.closedReviews()
      #expect(found.reviews == reviews && found.items == items && items.count == 3 && copy.suspensions == suspensions)
      #expect(copy.uses[alices.id]?.count == 2, "what was stored before")
      #expect(copy.countedSince == test.vault.countedSince)
      let named = copy.rights.who(at: folder.id, now: copy.latestTime()).map(\.principal.name)
      #expect(named == ["carol", "root"], "of what stands at the folder only what was answered; root has theirs from above")
    }
  }
}
