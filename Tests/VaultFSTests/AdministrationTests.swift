import Access
import Platform
import Testing
import VaultFormat

@testable import Vault
@testable import VaultFS

/// What administrators' commands show, and whom they tell.
@Suite struct AdministrationTests {
  @Test func listenersAreToldWhetherTheyMayWait() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    let inner = try test.make(.folder, "inner", in: folder)
    try test.make(.folder, "old", in: folder)
    try test.give([.list, .read, .add, .edit, .remove], to: TestFiles.alice, on: folder)
    let told = Told()
    let kept = Told()
    let token = test.files.onRightsChange { told.add($0) }
    _ = test.files.onRightsChange { kept.add($0) }
    // Another name in the same folder is nobody's right.
    try test.rename(TestFiles.alice, "old", in: folder, to: "new", in: folder)
    #expect(told.all == [])
    try test.rename(TestFiles.alice, "new", in: folder, to: "new", in: inner)
    #expect(told.all == [false])
    _ = try test.files.addGrant(
      TestFiles.root, on: Array("/a".utf8), to: "user:bob", [.list], from: nil, until: nil, reason: "test")
    #expect(told.all == [false, true])
    test.files.removeRightsListener(token)
    try test.rename(TestFiles.alice, "new", in: inner, to: "newer", in: folder)
    #expect(told.all == [false, true])
    #expect(kept.all == [false, true, false])
  }

  @Test func ownGrantsShowOnlyWhereTheFolderDoes() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    let walled = try test.make(.folder, "walled", in: folder)
    let open = try test.give([.list], to: TestFiles.bob, on: folder)
    let behind = try test.give([.list], to: TestFiles.bob, on: walled)
    func shown(_ caller: Caller) throws -> [RuleID] { try test.files.grants(caller, under: nil, to: "user:bob").map(\.id) }
    #expect(try shown(TestFiles.bob) == [open.id, behind.id])
    try test.bar(TestFiles.bob, at: walled)
    #expect(try shown(TestFiles.bob) == [open.id])
    #expect(try shown(TestFiles.root) == [open.id, behind.id])
    #expect(try shown(TestFiles.carol).isEmpty)
  }

  @Test func explanationsSupposeAndNameNearMisses() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    let now = test.vault.latestTime()
    let hour: Int64 = 3_600_000_000_000
    func stand(_ from: Int64?, _ until: Int64?) throws -> Grant {
      let grant = Grant(
        id: try test.vault.newRuleID(), folder: folder.id, principal: TestFiles.principal(TestFiles.bob), rights: [.list, .read],
        from: from, until: until, giver: Administration.founder, reason: "r", given: now)
      try test.vault.change([.add(.grant(grant))])
      return grant
    }
    let ended = try stand(nil, now - hour)
    let later = try stand(now + hour, nil)
    func ask(
      time: Int64? = nil, with: RuleID? = nil, without: RuleID? = nil, as caller: Caller = TestFiles.root
    ) throws -> Explanation {
      let answer = try test.files.explain(
        caller, "user:bob", .read, at: Array("/a".utf8), time: time, supposing: with, without: without)
      guard case .explanation(let explanation, _) = answer else { throw FSError.noEntry }
      return explanation
    }
    let today = try ask()
    #expect(!today.isAllowed)
    #expect(today.nearMisses.map(\.failings) == [[.ended(now - hour)], [.begins(now + hour)]])
    #expect(try ask(time: now - 2 * hour).deciding.map(\.grant.id) == [ended.id])
    #expect(try ask(time: now + 2 * hour).deciding.map(\.grant.id) == [later.id])
    let supposed = try ask(with: ended.id)
    #expect(supposed.deciding.map(\.grant.id) == [ended.id])
    #expect(supposed.nearMisses.map(\.grant.id) == [later.id], "once, not twice")
    #expect(try !ask(time: now + 2 * hour, without: later.id).isAllowed)
    let standing = try stand(nil, nil)
    #expect(try ask().isAllowed)
    #expect(try !ask(without: standing.id).isAllowed)
    #expect(throws: (any Error).self) { try ask(with: ended.id, as: TestFiles.bob) }
    #expect(throws: (any Error).self) { try ask(without: RuleID(99_999)) }
    try test.bar(TestFiles.bob, at: folder)
    let walled = try ask()
    #expect(!walled.isAllowed && walled.barriers.map(\.failings) == [[]])
    if case .barrier = walled.decision {} else { Issue.record("\(walled.decision)") }
  }

  @Test func aClockThatWasSetBackIsRecordedOnce() throws {
    let test = try TestFiles()
    #expect(test.files.clockBehind == nil)
    _ = test.vault.latest.advance(to: test.vault.latestTime() + 3_600_000_000_000)
    test.files.clock.look()
    test.files.clock.look()
    #expect((test.files.clockBehind ?? 0) > 3_500_000_000_000)
    let alerts = try test.records().filter { $0.action == .alert && $0.details.contains(Record.Detail("kind", "clock-set-back")) }
    #expect(alerts.count == 1)
    let seconds = alerts.first?.details.first { $0.key == "seconds" }?.value
    #expect(seconds == "3600" || seconds == "3599")
  }

  @Test func reasonsAreForManagersOfTheRulesFolder() throws {
    let test = try TestFiles()
    let upper = try test.make(.folder, "a")
    let lower = try test.make(.folder, "b", in: upper)
    let above = try test.give([.list, .read], to: TestFiles.bob, on: upper, reason: "secret above")
    let below = try test.give([.list, .read], to: TestFiles.bob, on: lower, reason: "known below")
    try test.give([.list, .grant], to: TestFiles.carol, on: lower)
    func managed(_ caller: Caller) throws -> Set<NodeID> {
      let answer = try test.files.explain(caller, "user:bob", .read, at: Array("/a/b".utf8), time: nil)
      guard case .explanation(let explanation, let managed) = answer else { return [] }
      let rows = explanation.deciding + explanation.nearMisses
      #expect(Set(rows.map(\.grant.id)) == [above.id, below.id])
      return managed
    }
    #expect(try managed(TestFiles.carol) == [lower.id])
    #expect(try managed(TestFiles.bob).isEmpty)
    #expect(try managed(TestFiles.root) == [upper.id, lower.id])
  }
}

/// What a listener was told. `values` belongs to `lock`.
private final class Told: @unchecked Sendable {
  private let lock = Lock()
  private var values: [Bool] = []
  func add(_ value: Bool) { lock.withLock { values.append(value) } }
  var all: [Bool] { lock.withLock { values } }
}
