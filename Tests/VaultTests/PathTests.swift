import Testing
import Vault
import VaultFormat

/// The path that records name a node by.
@Suite struct PathTests {
  @Test func namesEveryFolderAboveHoweverLongItIs() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    var folder = try vault.node(.root)
    #expect(vault.path(of: folder) == Array("/".utf8))
    var path = ""
    // Below, at and above the room that most paths need, with names of one byte and of 255.
    for index in 0..<24 {
      let name =
        index % 3 == 0 ? "ä" : String(repeating: Character(UnicodeScalar(UInt8(97 + index))), count: 1 + (index * 53) % 255)
      folder = try vault.create(.folder, named: Name(name)!, in: folder, mode: 0, uid: 1, gid: 1)
      path += "/" + name
      #expect(vault.path(of: folder) == Array(path.utf8))
    }
    #expect(path.utf8.count > 1024)
    for length in [255, 1] {
      let name = String(repeating: "z", count: length)
      let document = try vault.create(.document, named: Name(name)!, in: folder, mode: 0, uid: 1, gid: 1)
      #expect(vault.path(of: document) == Array((path + "/" + name).utf8))
    }
    try vault.close()
    withExtendedLifetime(test) {}
  }

  @Test func ofExactlyTheUsualRoomIsWhole() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    // Each folder takes 128 bytes with its slash; the eighth reaches 1024, the ninth passes it.
    var folder = try vault.node(.root)
    for depth in 1...9 {
      folder = try vault.create(.folder, named: Name(String(repeating: "x", count: 127))!, in: folder, mode: 0, uid: 1, gid: 1)
      #expect(vault.path(of: folder).count == 128 * depth)
    }
    try vault.close()
    withExtendedLifetime(test) {}
  }

  /// A folder keeps its path while no folder moves.
  @Test func followsEveryFolderAboveThatMoves() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let root = try vault.node(.root)
    func make(_ kind: NodeRecord.Kind, _ name: String, in folder: Node) throws -> Node {
      try vault.create(kind, named: Name(name)!, in: folder, mode: 0, uid: 1, gid: 1)
    }
    func rename(_ node: Node, to name: String, in folder: Node, over other: Node? = nil, _ mode: Vault.RenameMode = .replace)
      throws
    {
      #expect(try vault.rename(node, to: Name(name)!, in: folder, over: other, mode: mode))
    }
    func expect(_ path: String, _ node: Node) { #expect(vault.path(of: node) == Array(path.utf8)) }
    let upper = try make(.folder, "upper", in: root)
    let middle = try make(.folder, "middle", in: upper)
    let lower = try make(.folder, "lower", in: middle)
    let document = try make(.document, "document", in: lower)
    for _ in 0..<2 { expect("/upper/middle/lower/document", document) }
    try rename(upper, to: "above", in: root)
    for _ in 0..<2 { expect("/above/middle/lower/document", document) }
    try rename(middle, to: "middle", in: root)
    expect("/middle/lower/document", document)
    try rename(lower, to: "above", in: root, over: upper, .exchange)
    expect("/above/document", document)
    expect("/middle/lower", upper)
    try rename(document, to: "paper", in: root)
    expect("/paper", document)
    try rename(document, to: "paper", in: lower)
    expect("/above/paper", document)
    try vault.open(document)
    try vault.remove(document)
    expect("/above/paper", document)
    try rename(lower, to: "last", in: middle)
    expect("/middle/last/paper", document)
    vault.close(document)
    try vault.close()
    withExtendedLifetime(test) {}
  }
}
