import Access
import Glibc
import Platform
import Testing
import Vault
import VaultFormat

@testable import VaultFS

/// Closed reviews stand in the catalog alone, and are there all the same for whoever asks.
@Suite struct ClosedReviewTests {
  private let test: TestFiles
  private let bobs: Grant
  private let carols: Grant

  init() throws {
    let test = try TestFiles()
    self.test = test
    try test.make(.folder, "a")
    func give(_ name: String) throws -> Grant {
      try test.files.addGrant(
        TestFiles.root, on: Array("/a".utf8), to: "user:" + name, [.list, .read], from: nil, until: nil, reason: "work")
    }
    bobs = try give("bob")
    carols = try give("carol")
  }

  private func open() throws -> RuleID {
    try test.files.openReview(
      TestFiles.root, of: Array("/a".utf8), due: test.vault.latestTime() + 86_400_000_000_000, reason: "yearly",
      suspendsWhenDue: false
    ).review.id
  }

  private func keep(_ grant: Grant, in review: RuleID) throws -> [ReviewStep] {
    let line = ReviewAnswerLine(line: 0, grant: grant.id, decision: .keep, rights: nil, until: nil, note: "looked at")
    return try test.files.decide(TestFiles.root, review, [line], isDryRun: false)
  }

  /// A review in which bob's grant was kept, and nobody answered for carol's.
  private func closed() throws -> RuleID {
    let review = try open()
    _ = try keep(bobs, in: review)
    _ = try test.files.closeReview(TestFiles.root, review, reason: "the year is over")
    return review
  }

  private func states(of review: RuleID) throws -> [RuleID: ReviewItemState] {
    let shown = try test.files.review(TestFiles.root, review, owner: nil).items
    return Dictionary(uniqueKeysWithValues: shown.map { ($0.item.grant.id, $0.state) })
  }

  private var isMemoryEmpty: Bool { test.vault.openReviews.isEmpty && test.vault.openReviewItems.isEmpty }

  @Test func ofAClosedReviewNothingStaysInMemory() throws {
    let first = try closed()
    #expect(isMemoryEmpty)
    let second = try open()
    #expect(test.vault.openReviews.map(\.id) == [second] && test.vault.openReviewItems.count == 2)
    let (reviews, items) = try test.vault.closedReviews()
    #expect(reviews.map(\.id) == [first] && items.count == 2 && items.allSatisfy { $0.review == first })
    #expect(try test.vault.closedReviews(second).reviews.isEmpty, "it is open")
    #expect(try test.files.reviews(TestFiles.root).map(\.review.id) == [first, second])
    #expect(try states(of: first) == [bobs.id: .kept, carols.id: .suspended])
    try test.remount()
    #expect(test.vault.openReviews.map(\.id) == [second] && test.vault.openReviewItems.count == 2)
    #expect(try test.vault.closedReviews().reviews == reviews)
    #expect(try test.vault.closedReviews(first).items == items)
    #expect(try states(of: first) == [bobs.id: .kept, carols.id: .suspended])
  }

  @Test func theCatalogIsReadForThoseThatAreClosedAlone() throws {
    let (first, second) = (try closed(), try open())
    func check(_ statementCount: UInt64, _ what: String, _ body: () throws -> Void) throws {
      let before = test.vault.statementCount
      try body()
      #expect(test.vault.statementCount - before == statementCount, "\(what)")
    }
    try check(0, "an open one is in memory") { _ = try states(of: second) }
    try check(0, "and so is what is overdue") { _ = test.files.overdueReviews }
    try check(2, "the reviews, and their items") { _ = try states(of: first) }
    try check(2, "likewise") { _ = try test.files.reviews(TestFiles.root) }
    try check(1, "there is no such review") { _ = try test.vault.closedReviews(RuleID(1 << 40)) }
  }

  @Test func aLateAnswerIsWrittenAndForgotten() throws {
    let review = try closed()
    #expect(try keep(carols, in: review).count == 1)
    #expect(isMemoryEmpty && test.vault.suspensions.isEmpty)
    #expect(try states(of: review) == [bobs.id: .kept, carols.id: .kept])
    #expect(try keep(carols, in: review).isEmpty, "it says so already")
    // What else is changed meanwhile is told from it: the digests add up.
    _ = try closed()
    let (reviews, items) = try test.vault.closedReviews()
    try test.reopened { copy in
      let found = try copy.closedReviews()
      #expect(found.reviews == reviews && found.items == items && reviews.count == 2)
    }
  }

  @Test func whatIsClosedTwiceAtOnceIsWrittenOverTheFirst() throws {
    let review = try closed()
    var again = try #require(test.vault.closedReviews(review).reviews.first)
    again.closing?.reason = "the year is over, I say"
    try test.vault.change([.putReview(again)])
    #expect(isMemoryEmpty)
    let found = try test.reopened { copy in try copy.closedReviews(review) }
    #expect(found.reviews == [again] && found.items.count == 2, "the digests add up")
  }

  #if DEBUG
    @Test func aLateAnswerThatCannotBeWrittenChangesNothing() throws {
      let review = try closed()
      let catalog = test.folder + "/vault/catalog.sqlite"
      Seam.setFault(under: catalog) { _, _ in ENOSPC }
      #expect(throws: AdministrationFailure.self) { _ = try keep(carols, in: review) }
      Seam.setFault(under: catalog, nil)
      try test.vault.sync()
      #expect(isMemoryEmpty && test.vault.suspensions.count == 1)
      #expect(try states(of: review) == [bobs.id: .kept, carols.id: .suspended])
      let unanswered = try test.reopened { copy in try copy.closedReviews(review).items.filter { $0.answer == nil } }
      #expect(unanswered.count == 1)

      #expect(try keep(carols, in: review).count == 1)
      #expect(try states(of: review) == [bobs.id: .kept, carols.id: .kept])
      let items = try test.vault.closedReviews().items
      try test.remount()
      #expect(try test.vault.closedReviews().items == items)
    }
  #endif
}
