import Access
import Testing
import Vault
import VaultFormat

/// What unlocking makes of rules: all of them in force, and no folder in memory that nobody asked for.
@Suite struct RuledFoldersTests {
  private func grant(_ id: RuleID, on folder: NodeID) -> Grant {
    Grant(
      id: id, folder: folder, principal: Principal(kind: .user, name: "alice", id: 1001), rights: [.list, .read],
      giver: Principal(kind: .user, name: "root", id: 0), reason: "test", given: 0)
  }

  private func folder(_ name: String, in parent: Node, _ vault: Vault) throws -> Node {
    try vault.create(.folder, named: Name(name)!, in: parent, mode: 0o755, uid: 0, gid: 0)
  }

  /// Twenty folders in the root with a hundred in each, and a grant on each of the hundred, beneath folders without any.
  private func filled() throws -> (test: TestVault, grants: [Grant]) {
    let test = try TestVault()
    let vault = try test.unlock()
    var grants: [Grant] = []
    for outer in 0..<20 {
      let above = try folder("\(outer)", in: try vault.node(.root), vault)
      for inner in 0..<100 {
        grants.append(grant(try vault.newRuleID(), on: try folder("\(inner)", in: above, vault).id))
      }
    }
    try vault.change(grants.map { .add(.grant($0)) })
    try vault.close()
    return (test, grants)
  }

  @Test func unlockingBringsNoFolderIntoMemoryForItsRules() throws {
    let (test, grants) = try filled()
    let vault = try test.unlock()
    #expect(vault.figures.nodeCount == 1)
    #expect(vault.rights.strayRules == [])
    #expect(vault.grants.filter { $0.principal.name == "alice" } == grants)
    for grant in grants {
      #expect(vault.rights.isAnchor(grant.folder))
      #expect(vault.rights.grants(on: grant.folder) == [grant])
    }
    try vault.close()
    withExtendedLifetime(test) {}
  }

  /// The rows of folders are read once each, in few transactions: a rule costs the folder that it stands on, and those above are shared.
  @Test func unlockingReadsEachFolderOnce() throws {
    let (test, _) = try filled()
    let vault = try test.unlock()
    let statementCount = vault.statementCount
    #expect((2020..<2150).contains(statementCount), "\(statementCount)")
    try vault.close()
    withExtendedLifetime(test) {}
  }

  @Test func aFolderThatMovedSinceTheLastCommitHasItsRulesWhereItIs() throws {
    let (test, grants) = try filled()
    let vault = try test.unlock()
    let root = try vault.node(.root)
    let (first, second) = (try #require(try vault.child(of: root, named: Name("0")!)), try folder("new", in: root, vault))
    #expect(try vault.rename(first, to: Name("moved")!, in: second, over: nil, mode: .keepExisting))
    // Another rule has the table made anew, with the folder in memory and its old row in the catalog.
    try vault.change([.add(.grant(grant(try vault.newRuleID(), on: root.id)))])
    #expect(vault.rights.strayRules == [])
    #expect(vault.rights.isAnchor(second.id))
    #expect(vault.rights.grants(on: grants[0].folder) == [grants[0]])
    try vault.close()
    withExtendedLifetime(test) {}
  }

  @Test func rulesThatGoTogetherLeaveTheOthers() throws {
    let (test, grants) = try filled()
    let vault = try test.unlock()
    let (gone, kept) = (grants.filter { $0.id.value % 2 == 0 }, grants.filter { $0.id.value % 2 != 0 })
    let again = grant(gone[0].id, on: kept[0].folder)
    try vault.change(gone.map { .remove(.grant($0)) } + [.add(.grant(again))])
    #expect(vault.grants.filter { $0.principal.name == "alice" } == (kept + [again]).sorted { $0.id < $1.id })
    #expect(Set(vault.rules(on: kept[0].folder)) == [.grant(kept[0]), .grant(again)])
    #expect(vault.rules(on: gone[1].folder) == [])
    #expect(!vault.rights.isAnchor(gone[1].folder))
    try vault.close()
    // The same is on disk.
    let unlocked = try test.unlock()
    #expect(unlocked.grants.filter { $0.principal.name == "alice" } == (kept + [again]).sorted { $0.id < $1.id })
    try unlocked.close()
    withExtendedLifetime(test) {}
  }
}
