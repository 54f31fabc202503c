import Access
import Platform
import Testing
import Trail
import Vault
import VaultFormat

@testable import VaultFS

#if DEBUG
  /// Two who change rules at the same moment, each by rules that the other's change ends: exactly one does.
  @Suite struct RuleTurnTests {
    private let test: TestFiles

    /// Root and alice are administrators, and manage rights at the root.
    init() throws {
      test = try TestFiles()
      try test.make(.folder, "a")
      _ = try test.files.addDuty(TestFiles.root, .administrator, to: "user:alice", reason: "r")
      _ = try grant("/", "alice", [.list, .grant])
    }

    private func grant(_ path: String, _ name: String, _ rights: Rights) throws -> Grant {
      try test.files.addGrant(
        TestFiles.root, on: Array(path.utf8), to: "user:" + name, rights, from: nil, until: nil, reason: "r")
    }

    private func rootGrant(of name: String) throws -> RuleID {
      try #require(test.vault.grants.first { $0.folder == .root && $0.principal.name == name }).id
    }

    private typealias Change = @Sendable (VaultFS) throws -> Void

    /// Runs `first` until its record is written and its commit waits for the disk, then `second` until it has asked the system about somebody, and
    /// lets both go on.
    /// - Parameter asks: false where `second` asks the system about nobody.
    /// - Returns: what each was refused with; nil where it was done.
    private func race(_ first: @escaping Change, against second: @escaping Change, asks: Bool = true) -> [String?] {
      let gate = Gate()
      let files = VaultFS(
        vault: test.vault,
        identities: Identities(resolver: { query, _ in
          gate.note()
          return TestFiles.answer(query)
        }))
      defer { files.close() }
      // Who makes the changes is known already.
      for caller in [TestFiles.root, TestFiles.alice] { _ = files.dutyKinds(of: caller) }
      gate.close()
      Seam.setFault(under: test.folder) { call, _ in
        if "\(call)" == "fdatasync" { gate.pass() }
        return nil
      }
      defer { Seam.setFault(under: test.folder, nil) }
      let outcomes = Outcomes()
      let recorded = test.vault.trail.status.sequence
      let one = Thread(name: "first") { outcomes.take(0, first, files) }
      while test.vault.trail.status.sequence == recorded, outcomes.isOpen(0) { Glimpse.pause() }
      gate.forgetQuestions()
      let two = Thread(name: "second") { outcomes.take(1, second, files) }
      if asks { gate.waitForQuestion() } else { Glimpse.pause(nanoseconds: 100_000_000) }
      gate.open()
      one.join()
      two.join()
      return outcomes.all
    }

    @Test func twoAdministratorsCannotTakeEachOthersDuty() throws {
      let outcomes = race(
        { _ = try $0.removeDuty(TestFiles.root, .administrator, from: "user:alice", reason: "r") },
        against: { _ = try $0.removeDuty(TestFiles.alice, .administrator, from: "user:root", reason: "r") })
      #expect(outcomes == [nil, "refused(Access.AdministrationError.lacksDuty(VaultFormat.Duty.Kind.administrator))"])
      #expect(test.vault.duties.map(\.principal.name) == ["root"])
    }

    @Test func twoManagersOfTheRootCannotTakeEachOthersGrant() throws {
      let (roots, alices) = (try rootGrant(of: "root"), try rootGrant(of: "alice"))
      let outcomes = race(
        { _ = try $0.revokeGrant(TestFiles.root, alices, reason: "r") },
        against: { _ = try $0.revokeGrant(TestFiles.alice, roots, reason: "r") })
      #expect(outcomes[0] == nil && outcomes[1]?.hasPrefix("noSuchRule") == true, "\(outcomes)")
      #expect(test.vault.grants.map(\.principal.name) == ["root"])
    }

    /// The second change concerns somebody of whom it first had nothing to ask.
    @Test func aDutyAndARightThatItForbidsAreNotGivenAtOnce() throws {
      let outcomes = race(
        { _ = try $0.addDuty(TestFiles.root, .reviewer, to: "user:bob", reason: "r") },
        against: {
          _ = try $0.addGrant(
            TestFiles.alice, on: Array("/a".utf8), to: "user:bob", [.list, .grant], from: nil, until: nil, reason: "r")
        })
      #expect(outcomes[0] == nil && outcomes[1]?.contains("dutyForbids") == true, "\(outcomes)")
      #expect(!test.vault.grants.contains { $0.principal.name == "bob" })
    }

    @Test func twoBoundariesDoNotComeToStandOnOneFolder() throws {
      let outcomes = race(
        { _ = try $0.setBoundary(TestFiles.root, on: Array("/a".utf8), reason: "r") },
        against: { _ = try $0.setBoundary(TestFiles.alice, on: Array("/a".utf8), reason: "r") }, asks: false)
      #expect(outcomes[0] == nil && outcomes[1]?.contains("boundaryStands") == true, "\(outcomes)")
      #expect(test.vault.boundaries.count == 1)
    }

    @Test func whoMayBeSuspendedByAReviewDoesNotTakeTheOthersGrantMeanwhile() throws {
      let roots = try rootGrant(of: "root")
      let review = try test.files.openReview(
        TestFiles.root, of: Array("/".utf8), due: test.vault.latestTime() + 1_000_000_000_000, reason: "r", suspendsWhenDue: false
      ).review.id
      // Nobody answered: alice's is suspended, and root's spared as the last.
      let outcomes = race(
        { _ = try $0.closeReview(TestFiles.root, review, reason: "r") },
        against: { _ = try $0.revokeGrant(TestFiles.alice, roots, reason: "r") })
      #expect(outcomes[0] == nil && outcomes[1]?.hasPrefix("noSuchRule") == true, "\(outcomes)")
      #expect(test.vault.grants.contains { $0.id == roots } && test.vault.suspensions[roots] == nil)
    }
  }

#endif

/// Of somebody who manages nothing.
@Suite struct StrangersQuestionTests {
  @Test func strangersDoNotHaveTheSystemAskedForOthers() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    try test.give([.list, .read], to: TestFiles.carol, on: folder)
    try test.give([.list, .grant], to: TestFiles.alice, on: folder)
    try test.give([.list, .read], to: TestFiles.bob, on: folder)
    let gate = Gate()
    let files = VaultFS(
      vault: test.vault,
      identities: Identities(resolver: { query, _ in
        if case .userName = query { gate.note() }
        return TestFiles.answer(query)
      }))
    defer { files.close() }
    for name in ["user:bob", "user:nobody-knows", "group:staff"] {
      #expect(throws: AdministrationFailure.self) { try files.what(TestFiles.carol, name, time: nil) }
    }
    #expect(gate.questionCount == 0)
    #expect(try files.what(TestFiles.carol, "user:carol", time: nil).map(\.folder) == [folder.id])
    #expect(gate.questionCount == 0)
    #expect(try files.what(TestFiles.alice, "user:bob", time: nil).map(\.folder) == [folder.id])
    #expect(gate.questionCount == 1)
  }
}

/// Holds whoever passes while it is closed, and counts questions.
private final class Gate: @unchecked Sendable {
  private let lock = Lock()
  private let changed = Condition()
  private var isClosed = false
  private var count = 0

  var questionCount: Int { lock.withLock { count } }

  func note() {
    lock.withLock {
      count += 1
      changed.broadcast()
    }
  }

  func forgetQuestions() { lock.withLock { count = 0 } }
  func waitForQuestion() { lock.withLock { while count == 0 { changed.wait(lock) } } }
  func close() { lock.withLock { isClosed = true } }
  func pass() { lock.withLock { while isClosed { changed.wait(lock) } } }

  func open() {
    lock.withLock {
      isClosed = false
      changed.broadcast()
    }
  }
}

private final class Outcomes: @unchecked Sendable {
  private let lock = Lock()
  private var outcomes: [String?] = [nil, nil]
  private var ended: Set<Int> = []

  var all: [String?] { lock.withLock { outcomes } }
  func isOpen(_ index: Int) -> Bool { lock.withLock { !ended.contains(index) } }

  func take(_ index: Int, _ change: (VaultFS) throws -> Void, _ files: VaultFS) {
    var outcome: String?
    do { try change(files) } catch { outcome = "\(error)" }
    lock.withLock {
      outcomes[index] = outcome
      ended.insert(index)
    }
  }
}

private enum Glimpse {
  static func pause(nanoseconds: Int = 2_000_000) {
    let (lock, never) = (Lock(), Condition())
    lock.withLock { _ = never.wait(lock, nanoseconds: nanoseconds) }
  }
}
