import Access
import Testing
import Vault
import VaultFS
import VaultFormat

/// Many grants at once.
@Suite struct ImportTests {
  private func line(
    _ line: Int, _ path: String, _ principal: String, _ rights: Rights, id: RuleID? = nil, reason: String = "r",
    until: Int64? = nil
  ) -> VaultFS.GrantLine {
    VaultFS.GrantLine(
      line: line, id: id, path: Array(path.utf8), principalName: principal, rights: rights, from: nil, until: until,
      reason: reason)
  }

  private func run(
    _ test: TestFiles, _ lines: [VaultFS.GrantLine], as caller: Caller = TestFiles.root, pruning: String? = nil,
    isDryRun: Bool = false
  ) throws -> [VaultFS.ImportStep] {
    try test.files.importGrants(caller, lines, pruning: pruning.map { Array($0.utf8) }, reason: "import", isDryRun: isDryRun)
  }

  private func lines(of grants: [Grant], _ test: TestFiles) -> [VaultFS.GrantLine] {
    zip(2..., grants).map { number, grant in
      VaultFS.GrantLine(
        line: number, id: grant.id, path: test.files.path(ofFolder: grant.folder), principalName: grant.principal.description,
        rights: grant.rights, from: grant.from, until: grant.until, reason: grant.reason)
    }
  }

  @Test func whatStandsImportedAgainChangesNothing() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    try test.give([.list, .read], to: TestFiles.bob, on: folder)
    // Twice the same is two grants, and stays two.
    try test.give([.list, .read], to: TestFiles.bob, on: folder)
    let before = try test.files.grants(TestFiles.root, under: nil, to: nil)
    #expect(before.count == 3)
    let commits = test.vault.figures.commitNumber
    #expect(try run(test, lines(of: before, test), pruning: "/").isEmpty)
    #expect(test.vault.figures.commitNumber == commits)
    #expect(try test.files.grants(TestFiles.root, under: nil, to: nil) == before)
  }

  @Test func anImportIsOneCommit() throws {
    let test = try TestFiles()
    let folder = try test.make(.folder, "a")
    try test.vault.sync()
    let kept = try test.give([.list], to: TestFiles.alice, on: folder)
    let widened = try test.give([.list], to: TestFiles.bob, on: folder)
    let gone = try test.give([.list], to: TestFiles.carol, on: folder)
    let above = try test.give([.list], to: TestFiles.carol, on: test.vault.node(.root))
    let commits = test.vault.figures.commitNumber
    let wanted = [
      line(2, "/a", "user:alice", [.list]),
      line(3, "/a", "user:bob", [.list, .read], id: widened.id),
      line(4, "/a", "user:carol", [.list, .read]),
    ]
    let dry = try run(test, wanted, pruning: "/a", isDryRun: true)
    #expect(dry.count == 3)
    #expect(test.vault.figures.commitNumber == commits)
    let steps = try run(test, wanted, pruning: "/a")
    #expect(test.vault.figures.commitNumber == commits + 1)
    #expect(steps.count == 3)
    let after = test.vault.grants.filter { $0.folder == folder.id || $0.id == above.id }
    #expect(Set(after.map(\.id)).isSuperset(of: [kept.id, above.id]))
    #expect(!after.contains { $0.id == widened.id || $0.id == gone.id })
    #expect(after.filter { $0.rights == [.list, .read] }.map(\.principal.name).sorted() == ["bob", "carol"])
    let records = try test.records().filter { $0.details.contains(Record.Detail("operation", "import")) }
    #expect(records.map(\.action) == [.revoke, .grant, .grant, .revoke])
    #expect(records.allSatisfy { $0.outcome == .done })
  }

  @Test func oneBadLineAndNothingIsDone() throws {
    let test = try TestFiles()
    try test.make(.folder, "a")
    try test.give([.list, .grant], to: TestFiles.carol, on: test.make(.folder, "b"))
    let before = test.vault.grants
    let wanted = [
      line(2, "/b", "user:alice", [.list]), line(3, "/b", "user:nobody", [.list]), line(4, "/b", "user:carol", [.read]),
      line(5, "/a", "user:alice", [.list]), line(6, "/b", "user:alice", [.list]),
      line(7, "/b", "user:bob", [.list], id: RuleID(4000)), line(8, "/b", "user:bob", [.list], until: 1),
    ]
    let steps = try run(test, wanted, as: TestFiles.carol)
    var problems: [Int: String] = [:]
    for case .problem(let line, let failure) in steps { problems[line] = "\(failure)" }
    #expect(problems.keys.sorted() == [3, 4, 5, 6, 7, 8])
    #expect(problems[3] == "identity(Access.IdentityError.unknownUser)")
    #expect(problems[4]?.hasPrefix("refused(Access.AdministrationError.forThemself") == true)
    // Hidden from carol, so it is not there.
    #expect(problems[5] == "noSuchPath")
    #expect(problems[6] == "repeatsLine(2)")
    #expect(problems[8] == "refused(Access.AdministrationError.neverValid)")
    #expect(test.vault.grants == before)
    #expect(try test.records().filter { $0.action == .grant && $0.outcome == .done }.count == 1)
  }

  @Test func onlyGrantsThatEndInTimeAreExpiring() throws {
    let test = try TestFiles()
    try test.make(.folder, "a")
    let now = test.vault.latestTime()
    func add(_ until: Int64?) throws -> RuleID {
      try test.files.addGrant(
        TestFiles.root, on: Array("/a".utf8), to: "user:bob", [.list], from: nil, until: until, reason: "r"
      ).id
    }
    let hour: Int64 = 3_600_000_000_000
    _ = try add(nil)
    let soon = try add(now + hour)
    _ = try add(now + 48 * hour)
    let found = try test.files.grants(TestFiles.root, under: nil, to: nil, endingBy: now + 24 * hour)
    #expect(found.map(\.id) == [soon])
  }
}
