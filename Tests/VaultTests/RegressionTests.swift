import Glibc
import Platform
import Testing
import Vault
import VaultFormat

@Suite struct UnlockComparisonTests {
  /// After an end in order, one changed byte of the catalog's file is seen; the vault opens again once it is put right.
  @Test(arguments: ["", "-wal", "-journal"])
  func aChangedCatalogFileIsRefused(suffix: String) throws {
    let test = try TestVault()
    try test.unlock().close()
    let path = test.path + "/catalog.sqlite"
    // Bytes 60…63 are SQLite's user_version, 72…91 reserved: nothing else would notice these.
    let offset = 80
    if suffix.isEmpty {
      try File(path, O_RDWR).write([1], at: offset)
    } else {
      try File(path + suffix, O_RDWR | O_CREAT).write([1], at: 0)
    }
    for _ in 0..<2 {
      #expect { _ = try test.unlock() } throws: { error in
        guard case .damaged("catalog: its file is not the one that was closed") = error as? UnlockError else { return false }
        return true
      }
    }
    if suffix.isEmpty {
      try File(path, O_RDWR).write([0], at: offset)
    } else {
      #expect(unlink(path + suffix) == 0)
    }
    try test.unlock().close()
  }
}

@Suite struct SharedUseTests {
  /// A reader loads extents while a commit of attributes is due; the removal afterwards leaves no row and no blob behind.
  @Test func aRemovedDocumentLeavesNothingOnDisk() throws {
    let test = try TestVault()
    var vault = try test.unlock()
    let big = [UInt8](repeating: 7, count: 9 << 20)
    var node = try make("big", in: vault)
    try write(big, to: node, in: vault)
    try vault.close()

    vault = try test.unlock()
    node = try #require(try vault.child(of: try vault.node(.root), named: Name("big")!))
    try vault.change(node) {
      $0.mode = 0o600
      return true
    }
    try vault.sync()
    try vault.open(node)
    try vault.remove(node)
    try vault.sync()
    var byte: [UInt8] = [0]
    #expect(try byte.withUnsafeMutableBytes { try vault.read(node, at: 8 << 20, into: $0) } == 1)
    #expect(byte == [7])
    vault.close(node)
    #expect { try byte.withUnsafeMutableBytes { _ = try vault.read(node, at: 0, into: $0) } } throws: { error in
      guard case .gone = error as? VaultError else { return false }
      return true
    }
    try vault.close()
    #expect(try blobCount(test) == 0)
    try test.unlock().close()
  }

  /// Writers, closers and commits meet: every write that returned is there in the end.
  @Test func nothingWrittenIsLostToAClose() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let node = try make("shared", in: vault)
    let rounds = 60
    let opener = Thread(name: "opener") {
      for _ in 0..<rounds {
        guard (try? vault.open(node)) != nil else { continue }
        vault.close(node)
        try? vault.sync()
      }
    }
    for round in 0..<rounds { try write([UInt8(round + 1)], to: node, in: vault, at: UInt64(round)) }
    opener.join()
    try vault.close()
    let after = try test.unlock()
    let found = try #require(try after.child(of: try after.node(.root), named: Name("shared")!))
    var bytes = [UInt8](repeating: 0, count: rounds)
    #expect(try bytes.withUnsafeMutableBytes { try after.read(found, at: 0, into: $0) } == rounds)
    #expect(bytes == (0..<rounds).map { UInt8($0 + 1) })
    try after.close()
  }

  @Test func anUnlinkedOpenFolderIsForgottenAtItsLastClose() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let folder = try vault.create(.folder, named: Name("f")!, in: try vault.node(.root), mode: 0o755, uid: 1, gid: 1)
    try vault.open(folder)
    try vault.remove(folder)
    try vault.sync()
    #expect(try vault.node(folder.id) === folder)
    vault.close(folder)
    #expect { _ = try vault.node(folder.id) } throws: { error in
      guard case .gone = error as? VaultError else { return false }
      return true
    }
    try vault.close()
  }

  private func make(_ name: String, in vault: Vault) throws -> Node {
    try vault.create(.document, named: Name(name)!, in: try vault.node(.root), mode: 0o644, uid: 1, gid: 1)
  }

  private func write(_ bytes: [UInt8], to node: Node, in vault: Vault, at offset: UInt64 = 0) throws {
    _ = try bytes.withUnsafeBytes { try vault.write(node, $0, at: offset) }
  }

  private func blobCount(_ test: TestVault) throws -> Int {
    var count = 0
    for name in try Files.list(test.path + "/blobs") { count += try Files.list(test.path + "/blobs/" + name).count }
    return count
  }
}
