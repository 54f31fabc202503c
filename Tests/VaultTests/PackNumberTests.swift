import Glibc
import Platform
import Testing
import VaultFormat

@testable import Vault

/// Numbers of packs come with commits, and commits need packs: neither may wait for the other, however long packs cannot be begun.
@Suite(.timeLimit(.minutes(2))) struct PackNumberTests {
  private let test: TestVault

  init() throws { test = try TestVault() }

  private func makeDocument(in vault: Vault, _ bytes: [UInt8]) throws -> Node {
    let node = try vault.create(.document, named: Name("document")!, in: vault.node(.root), mode: 0o644, uid: 1, gid: 1)
    _ = try bytes.withUnsafeBytes { try vault.write(node, $0, at: 0) }
    return node
  }

  private func openAndClose(_ node: Node, in vault: Vault) throws {
    try vault.open(node)
    vault.close(node)
  }

  private func expect(_ bytes: [UInt8], in vault: Vault) throws {
    let node = try #require(try vault.child(of: vault.node(.root), named: Name("document")!))
    var found = [UInt8](repeating: 0, count: bytes.count + 1)
    let count = try found.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
    #expect(Array(found[..<count]) == bytes)
  }

  /// Nobody's files lie where packs would. Each takes a number away: more than are reserved at one time.
  @Test func aCommitReservesNumbersBeforeItSeals() throws {
    let takenCount = 400
    for number in 1...takenCount { _ = try File(test.path + "/packs/\(number)", O_CREAT | O_WRONLY) }
    var settings = TestVault.settings
    // Whoever closes seals.
    settings.dirtyByteCountMax = 1_000
    let vault = try test.unlock(settings)
    let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0) }
    let node = try makeDocument(in: vault, bytes)
    for _ in 0..<300 { try openAndClose(node, in: vault) }
    var failures = 0
    while (try? vault.sync()) == nil {
      failures += 1
      try #require(failures <= takenCount)
    }
    try vault.close()
    let again = try test.unlock()
    try expect(bytes, in: again)
    try again.close()
  }

  #if DEBUG
    /// Each attempt would use a number up, and only a commit brings more.
    @Test(arguments: [false, true]) func aDiskThatTakesNoPacksUsesUpNoNumbers(isClosedBetween: Bool) throws {
      let vault = try test.unlock()
      let bytes = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let node = try makeDocument(in: vault, bytes)
      Seam.setFault(under: test.path) { call, path in "\(call)" == "open" && path.contains("/packs/") ? ENOSPC : nil }
      defer { Seam.setFault(under: test.path, nil) }
      for _ in 0..<300 {
        #expect(throws: VaultError.self) { try vault.sync() }
        if isClosedBetween { try openAndClose(node, in: vault) }
      }
      Seam.setFault(under: test.path, nil)
      if isClosedBetween { try openAndClose(node, in: vault) }
      try vault.sync()
      #expect(vault.pressure.byteCount == 0)
      #expect(vault.content.liveByteCounts.count == 1)
      try vault.close()
      let again = try test.unlock()
      try expect(bytes, in: again)
      try again.close()
    }
  #endif
}
