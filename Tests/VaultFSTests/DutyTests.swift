import Access
import Testing
import Vault
import VaultFormat

@testable import VaultFS

/// Duties as the mount holds people to them.
@Suite struct DutyTests {
  private func refusal(_ body: () throws -> Void) -> AdministrationError? {
    do { try body() } catch {
      if case .refused(let refusal) = error as? AdministrationFailure { return refusal }
      Issue.record("\(error)")
    }
    return nil
  }

  private func failure(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "done"
  }

  private func add(_ test: TestFiles, _ kind: Duty.Kind, _ name: String, by caller: Caller = TestFiles.root) throws {
    _ = try test.files.addDuty(caller, kind, to: "user:" + name, reason: "test")
  }

  private func grant(
    _ test: TestFiles, _ path: String, _ name: String, _ rights: Rights, by caller: Caller = TestFiles.root
  ) throws -> Grant {
    try test.files.addGrant(
      caller, on: Array(path.utf8), to: "user:" + name, rights, from: nil, until: nil, reason: "test")
  }

  @Test func initMakesTheFirstAndTheFirstTheSecond() throws {
    let test = try TestFiles()
    #expect(test.vault.duties.map(\.principal.name) == ["root"])
    #expect(refusal { try add(test, .administrator, "alice", by: TestFiles.alice) } == .lacksDuty(.administrator))
    try add(test, .administrator, "alice")
    try add(test, .operator, "bob", by: TestFiles.alice)
    #expect(
      refusal { try add(test, .reviewer, "alice") }
        == .dutiesConflict(.administrator, .reviewer, of: TestFiles.principal(TestFiles.alice)))
    _ = try test.files.removeDuty(TestFiles.alice, .administrator, from: "user:root", reason: "left")
    #expect(refusal { try add(test, .operator, "carol") } == .lacksDuty(.administrator))
    #expect(
      refusal { _ = try test.files.removeDuty(TestFiles.alice, .administrator, from: "user:alice", reason: "r") }
        == .forThemself(TestFiles.principal(TestFiles.alice)))
    #expect(failure { _ = try test.files.removeDuty(TestFiles.alice, .reviewer, from: "user:bob", reason: "r") } == "noSuchDuty")
    let records = try test.records().filter { $0.action == .duty && $0.outcome == .done }
    func details(_ key: String) -> [String] { records.map { record in record.details.first { $0.key == key }?.value ?? "" } }
    #expect(details("change") == ["given", "given", "given", "taken"])
    #expect(details("duty") == ["administrator", "administrator", "operator", "administrator"])
    #expect(details("to") == ["user:root", "user:alice", "user:bob", "user:root"])
    #expect(try test.records().contains { $0.action == .deny && $0.actor?.uid == TestFiles.alice.uid })
  }

  @Test func rulesAtTheRootAreTheAdministrators() throws {
    let test = try TestFiles()
    try test.make(.folder, "a")
    let root = try test.vault.node(.root)
    try test.give([.list, .grant], to: TestFiles.alice, on: root)
    _ = try grant(test, "/a", "bob", [.list], by: TestFiles.alice)
    #expect(refusal { _ = try grant(test, "/", "bob", [.list], by: TestFiles.alice) } == .lacksDuty(.administrator))
    #expect(
      refusal {
        _ = try test.files.addBarrier(
          TestFiles.alice, on: Array("/".utf8), against: "user:bob", name: "w", from: nil, until: nil, reason: "r")
      } == .lacksDuty(.administrator))
    let own = try test.give([.list], to: TestFiles.bob, on: root)
    #expect(refusal { _ = try test.files.revokeGrant(TestFiles.alice, own.id, reason: "r") } == .lacksDuty(.administrator))
    try add(test, .administrator, "alice")
    _ = try test.files.revokeGrant(TestFiles.alice, own.id, reason: "r")
  }

  @Test func theLastWhoManagesTheRootStays() throws {
    let test = try TestFiles()
    try add(test, .administrator, "alice")
    let root = try #require(test.vault.grants.first { $0.principal.name == "root" })
    _ = try grant(test, "/", "alice", [.list, .grant])
    _ = try test.files.revokeGrant(TestFiles.alice, root.id, reason: "left")
    // Now alice's is the last; another administrator who has `grant` for a time only cannot take it.
    try add(test, .administrator, "bob", by: TestFiles.alice)
    _ = try test.files.addGrant(
      TestFiles.alice, on: Array("/".utf8), to: "user:bob", [.list, .grant], from: nil,
      until: test.vault.latestTime() + 3_600_000_000_000, reason: "r")
    let last = try #require(test.vault.grants.first { $0.principal.name == "alice" })
    #expect(refusal { _ = try test.files.revokeGrant(TestFiles.bob, last.id, reason: "r") } == .lastAdministrator)
    // In one import with a successor it goes.
    let successor = VaultFS.GrantLine(
      line: 2, id: nil, path: Array("/".utf8), principalName: "user:carol", rights: [.list, .grant], from: nil, until: nil,
      reason: "r")
    let other = VaultFS.GrantLine(
      line: 3, id: last.id, path: Array("/".utf8), principalName: "user:alice", rights: [.list], from: nil, until: nil,
      reason: "r")
    #expect(
      refusal {
        _ = try test.files.importGrants(TestFiles.bob, [other], pruning: nil, reason: "r", isDryRun: false)
      } == .lastAdministrator)
    #expect(
      try test.files.importGrants(TestFiles.bob, [successor, other], pruning: nil, reason: "r", isDryRun: false).count == 2)
  }

  @Test func dutiesAndRightsAreKeptApart() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    let (bob, carol) = (TestFiles.principal(TestFiles.bob), TestFiles.principal(TestFiles.carol))
    try add(test, .reviewer, "bob")
    try add(test, .operator, "carol")
    #expect(refusal { _ = try grant(test, "/a", "bob", [.list, .grant]) } == .dutyForbids(.reviewer, .grant, of: bob))
    #expect(refusal { _ = try grant(test, "/a", "carol", [.list, .read]) } == .dutyForbids(.operator, .read, of: carol))
    _ = try grant(test, "/a", "bob", [.list, .read])
    _ = try grant(test, "/a", "carol", [.list, .add])
    // A right that came by another way is of no use for changing rules, and is listed.
    let steward = try test.give([.list, .grant], to: TestFiles.bob, on: folder)
    let reading = try test.give([.read], to: TestFiles.carol, on: folder)
    #expect(
      refusal { _ = try grant(test, "/a", "alice", [.list], by: TestFiles.bob) } == .dutyForbids(.reviewer, .grant, of: bob))
    let found = try test.files.conflicts(TestFiles.root, operators: [], seesAll: false)
    #expect(found.map(\.principal.name) == ["bob", "carol"])
    #expect(found.map { $0.grant?.id } == [steward.id, reading.id])
    #expect(
      refusal { _ = try test.files.conflicts(TestFiles.carol, operators: [], seesAll: false) } == .lacksDuty(.administrator))
    // Root administers, and is an operator by nature where it mounts.
    let natural = try test.files.conflicts(TestFiles.bob, operators: [0], seesAll: false)
    #expect(natural.contains { $0.principal.name == "root" && $0.duties == [.administrator, .operator] })
  }

  @Test func onlyThoseWithADutySeeTheDuties() throws {
    let test = try TestFiles()
    try add(test, .operator, "bob")
    #expect(try test.files.duties(TestFiles.bob, seesAll: false).count == 2)
    #expect(try test.files.duties(TestFiles.carol, seesAll: false).isEmpty)
    #expect(try test.files.duties(TestFiles.carol, seesAll: true).count == 2)
    #expect(refusal { try test.files.requireDuty(TestFiles.carol, .operator) } == .lacksDuty(.operator))
    try test.files.requireDuty(TestFiles.bob, .operator)
  }

  @Test func dutiesOutliveTheVaultsClosing() throws {
    let test = try TestFiles()
    try add(test, .recordsOfficer, "carol")
    let before = test.vault.duties
    #expect(before.count == 2)
    #expect(try test.reopened { $0.duties } == before)
  }
}

/// A wall clock that was set back.
@Suite struct ClockWatchTests {
  @Test func onlyMoreThanAMinuteIsToldAndOnce() {
    var watch = ClockWatch()
    let second: Int64 = 1_000_000_000
    func look(_ behind: Int64) -> Int64? { watch.look(latest: 1000 * second, wall: (1000 - behind) * second).map { $0 / second } }
    #expect(look(0) == nil)
    #expect(look(60) == nil)
    #expect(look(61) == 61)
    #expect(look(61) == nil)
    #expect(look(100) == nil)
    #expect(look(200) == 200)
    // It catches up, and is set back again.
    #expect(look(30) == nil)
    #expect(look(61) == 61)
  }
}
