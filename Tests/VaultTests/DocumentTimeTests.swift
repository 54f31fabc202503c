import Testing
import VaultFormat

@testable import Vault

/// The times of a document move with what changes it, and with nothing else.
@Suite struct DocumentTimeTests {
  @Test func whatIsRefusedMovesNoTime() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let node = try vault.create(.document, named: Name("document")!, in: vault.node(.root), mode: 0o644, uid: 1, gid: 1)
    _ = try [UInt8]([1, 2, 3]).withUnsafeBytes { try vault.write(node, $0, at: 0) }
    let before = vault.record(of: node)
    let limit = Vault.documentByteCountMax
    let refused: [() throws -> Void] = [
      { try vault.truncate(node, to: limit + 1) },
      { try vault.extend(node, to: limit + 1) },
      { try vault.punch(node, from: 0, to: limit + 1, extends: false) },
      { _ = try [UInt8]([1]).withUnsafeBytes { try vault.write(node, $0, at: limit) } },
    ]
    for body in refused {
      #expect { try body() } throws: { error in
        if case .tooLarge = error as? VaultError { true } else { false }
      }
    }
    let after = vault.record(of: node)
    #expect(after.modified == before.modified && after.changed == before.changed && after.size == 3)
    try vault.truncate(node, to: 2)
    let cut = vault.record(of: node)
    #expect(cut.modified > before.modified && cut.changed > before.changed && cut.size == 2)
    try vault.close()
  }
}
