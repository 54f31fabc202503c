import Glibc
import Keys
import Platform
import Sodium
import Testing
import Vault
import VaultFormat

@Suite struct LifecycleTests {
  @Test func documentsAreThereAfterUnlockingAgain() throws {
    let test = try TestVault()
    let sizes = [0, 1, 16383, 16384, 16385, 131_071, 131_072, 131_073, (4 << 20) - 1, 4 << 20, (4 << 20) + 1]
    do {
      let vault = try test.unlock()
      let root = try vault.node(.root)
      for size in sizes {
        let node = try vault.create(.document, named: Name("文件 \(size)")!, in: root, mode: 0o644, uid: 1, gid: 1)
        try vault.open(node)
        try bytes(size).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
        vault.close(node)
      }
      try vault.close()
    }
    let vault = try test.unlock()
    let root = try vault.node(.root)
    #expect(try vault.children(of: root, after: .none, limit: 1000).count == sizes.count)
    for size in sizes {
      let node = try #require(try vault.child(of: root, named: Name("文件 \(size)")!))
      #expect(vault.record(of: node).size == UInt64(size))
      #expect(try content(of: node, in: vault) == bytes(size))
    }
    try vault.close()
  }

  @Test func aSecondUnlockIsRefused() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    #expect { _ = try test.unlock() } throws: { error in
      guard case .folder(.inUse) = error as? UnlockError else { return false }
      return true
    }
    try vault.close()
    try test.unlock().close()
  }

  @Test func theWrongPassphraseOpensNothing() throws {
    let test = try TestVault()
    let secret = try TestVault.passphrase("wrong horse")
    #expect { _ = try Vault.readFile(at: test.path, secret: secret) } throws: { error in
      guard case .wrongSecret = error as? UnlockError else { return false }
      return true
    }
  }

  @Test func whatWasNotSyncedMayGoAndWhatWasStays() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let root = try vault.node(.root)
    let kept = try vault.create(.document, named: Name("kept")!, in: root, mode: 0o644, uid: 1, gid: 1)
    try bytes(5000).withUnsafeBytes { _ = try vault.write(kept, $0, at: 0) }
    try vault.sync()
    _ = try vault.create(.document, named: Name("lost")!, in: root, mode: 0o644, uid: 1, gid: 1)
    // A copy of the folder as it lies is what a power cut at this moment would leave at best.
    let copy = test.folder + "/copy"
    try copyFolder(test.path, to: copy)
    try vault.close()
    let after = try Vault.unlock(at: copy, root: try test.root.bytes.copy(), settings: TestVault.settings)
    let found = try #require(try after.child(of: try after.node(.root), named: Name("kept")!))
    #expect(try content(of: found, in: after) == bytes(5000))
    #expect(try after.child(of: try after.node(.root), named: Name("lost")!) == nil)
    try after.close()
  }

  /// A mount after a crash that was ended before it had removed what nothing names leaves that to the next one, crash or not.
  @Test func whatACrashLeftIsRemovedByALaterMount() throws {
    let test = try TestVault()
    try test.unlock().close()
    let folder = test.path + "/blobs/ab"
    try Files.makeFolder(folder, mode: 0o700)
    let stray = folder + "/ab" + String(repeating: "0", count: 30)
    try File(stray, O_WRONLY | O_CREAT).write([1, 2, 3], at: 0)
    try test.unlock().close()
    #expect(Files.exists(stray), "a vault without the mark of a crash is not walked through")
    _ = try File(test.path + "/garbage", O_WRONLY | O_CREAT)
    let vault = try test.unlock()
    for _ in 0..<500 where Files.exists(test.path + "/garbage") { usleep(20_000) }
    #expect(!Files.exists(test.path + "/garbage") && !Files.exists(stray))
    try vault.close()
  }

  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }

  private func content(of node: Node, in vault: Vault) throws -> [UInt8] {
    try vault.open(node)
    defer { vault.close(node) }
    let size = Int(vault.record(of: node).size)
    var bytes = [UInt8](repeating: 0, count: size)
    let count = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
    #expect(count == size)
    return bytes
  }

  private func copyFolder(_ from: String, to: String) throws {
    try Files.makeFolder(to, mode: 0o700)
    for name in try Files.list(from) {
      var status = stat()
      lstat(from + "/" + name, &status)
      if status.st_mode & S_IFMT == S_IFDIR {
        try copyFolder(from + "/" + name, to: to + "/" + name)
      } else {
        let bytes = try File(from + "/" + name, O_RDONLY).readAll(limit: 1 << 30)
        try File(to + "/" + name, O_WRONLY | O_CREAT).write(bytes, at: 0)
      }
    }
  }
}
