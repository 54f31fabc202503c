import Access
import Synchronization
import Testing
import VaultFS
import VaultFormat

@testable import Vault

/// The table of rights follows folders that move and go, and is made anew only where rules do.
@Suite struct RightsTableTests {
  private func sees(_ test: TestFiles, _ caller: Caller, _ name: String, in folder: Node) -> Bool {
    test.failure { _ = try test.number(caller, name, in: folder) } == nil
  }

  private func move(_ test: TestFiles, _ node: Node, to name: String, in folder: Node) throws {
    #expect(try test.vault.rename(node, to: Name(name)!, in: folder, over: nil, mode: .replace))
  }

  @Test func aFolderWithoutRulesMovesUnderOtherRights() throws {
    let test = try TestFiles()
    let (open, closed) = (try test.make(.folder, "open"), try test.make(.folder, "closed"))
    let moved = try test.make(.folder, "moved", in: closed)
    let inner = try test.make(.folder, "inner", in: moved)
    try test.make(.document, "paper", in: inner)
    try test.give([.list, .read], to: TestFiles.alice, on: open)
    #expect(!sees(test, TestFiles.alice, "paper", in: inner))
    let before = test.vault.rights

    try move(test, moved, to: "moved", in: open)
    let after = test.vault.rights
    #expect(after.generation != before.generation && after.hasSameRules(as: before))
    #expect(sees(test, TestFiles.alice, "paper", in: inner))
    #expect(!after.isAnchor(moved.id) && !after.isAnchor(closed.id))

    // Within one folder nobody's rights change.
    try move(test, moved, to: "renamed", in: open)
    #expect(test.vault.rights.generation == after.generation)

    try move(test, moved, to: "moved", in: closed)
    #expect(!sees(test, TestFiles.alice, "paper", in: inner))
    #expect(test.vault.rights.hasSameRules(as: before))
  }

  /// What was remembered of a folder's place once counted again after 2²⁴ tables.
  @Test(arguments: [24, 32, 48] as [UInt64]) func whatWasRememberedOfAPlaceCountsForOneTable(bits: UInt64) throws {
    let test = try TestFiles()
    let (open, closed) = (try test.make(.folder, "open"), try test.make(.folder, "closed"))
    let moved = try test.make(.folder, "moved", in: open)
    try test.make(.document, "paper", in: moved)
    try test.give([.list, .read], to: TestFiles.alice, on: open)
    #expect(sees(test, TestFiles.alice, "paper", in: moved))
    #expect(sees(test, TestFiles.alice, "paper", in: moved))
    // As if folders had moved so often.
    test.vault.rightsGenerationCell.add((1 << bits) - 1, ordering: .releasing)
    try move(test, moved, to: "moved", in: closed)
    #expect(!sees(test, TestFiles.alice, "paper", in: moved))
  }

  @Test func anOlderPlaceIsNotKeptOverANewerOne() {
    let cell = RightsAnchorCell()
    #expect(cell.anchor(at: 1) == nil)
    cell.keep(NodeID(7), generation: 5)
    cell.keep(NodeID(8), generation: 4)
    #expect(cell.anchor(at: 5) == NodeID(7) && cell.anchor(at: 4) == nil)
    cell.keep(NodeID(9), generation: 6)
    #expect(cell.anchor(at: 6) == NodeID(9) && cell.anchor(at: 5) == nil)
  }

  @Test func rulesMoveWithTheirFolder() throws {
    let test = try TestFiles()
    let (one, other) = (try test.make(.folder, "one"), try test.make(.folder, "other"))
    let moved = try test.make(.folder, "moved", in: one)
    let inner = try test.make(.folder, "inner", in: moved)
    try test.make(.document, "paper", in: inner)
    try test.give([.list, .read], to: TestFiles.alice, on: inner)
    try test.give([.list, .read], to: TestFiles.bob, on: one)
    #expect(sees(test, TestFiles.alice, "one", in: try test.vault.node(.root)))
    #expect(sees(test, TestFiles.bob, "paper", in: inner))

    try move(test, moved, to: "moved", in: other)
    let root = try test.vault.node(.root)
    #expect(!sees(test, TestFiles.alice, "one", in: root) && sees(test, TestFiles.alice, "other", in: root))
    #expect(sees(test, TestFiles.alice, "paper", in: inner) && !sees(test, TestFiles.bob, "paper", in: inner))
    // `one` carries a rule itself; what lies on the way to no rule is no anchor any more.
    #expect(test.vault.rights.isAnchor(one.id) && test.vault.rights.isAnchor(other.id))
    try move(test, moved, to: "moved", in: one)
    #expect(!test.vault.rights.isAnchor(other.id))
  }

  @Test func foldersTradePlacesWithTheirRules() throws {
    let test = try TestFiles()
    let (one, other) = (try test.make(.folder, "one"), try test.make(.folder, "other"))
    let (left, right) = (try test.make(.folder, "left", in: one), try test.make(.folder, "right", in: other))
    try test.make(.document, "paper", in: left)
    try test.give([.list, .read], to: TestFiles.alice, on: left)
    #expect(try test.vault.rename(left, to: Name("right")!, in: other, over: right, mode: .exchange))
    let root = try test.vault.node(.root)
    #expect(sees(test, TestFiles.alice, "other", in: root) && !sees(test, TestFiles.alice, "one", in: root))
    #expect(sees(test, TestFiles.alice, "right", in: other) && sees(test, TestFiles.alice, "paper", in: left))
  }

  @Test func rulesGoWithTheirFolder() throws {
    let test = try TestFiles()
    let parent = try test.make(.folder, "parent")
    let folder = try test.make(.folder, "folder", in: parent)
    let plain = try test.make(.folder, "plain", in: parent)
    let grant = try test.give([.list], to: TestFiles.alice, on: folder)
    let root = try test.vault.node(.root)
    #expect(sees(test, TestFiles.alice, "parent", in: root))

    let before = test.vault.rights
    #expect(try test.vault.remove(plain) == [])
    #expect(test.vault.rights.generation == before.generation)

    #expect(try test.vault.remove(folder) == [.grant(grant)])
    #expect(!sees(test, TestFiles.alice, "parent", in: root))
    #expect(test.vault.rules(on: folder.id).isEmpty && !test.vault.rights.isAnchor(parent.id))
    try test.vault.sync()
  }

  @Test func rulesGoWithAFolderThatIsReplaced() throws {
    let test = try TestFiles()
    let (fresh, old) = (try test.make(.folder, "fresh"), try test.make(.folder, "old"))
    try test.give([.list], to: TestFiles.alice, on: old)
    #expect(try test.vault.rename(fresh, to: Name("old")!, in: try test.vault.node(.root), over: old, mode: .replace))
    #expect(test.vault.rules(on: old.id).isEmpty)
    #expect(!sees(test, TestFiles.alice, "old", in: try test.vault.node(.root)))
  }
}
