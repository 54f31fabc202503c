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
}
