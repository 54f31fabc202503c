import Access
import Catalog
import Glibc
import Keys
import Platform
import Sodium
import Testing
import Vault
import VaultFormat

/// Vaults that earlier programs left (Tests/Vaults).
@Suite struct OldVaultTests {
  /// A copy with the modes that git does not keep.
  private final class Copy {
    let path: String
    init(of name: String) throws {
      var template = Array("/tmp/strongroom-test-XXXXXX".utf8CString)
      path = String(cString: mkdtemp(&template)!)
      let source = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Vaults/" + name
      try copy(source, path)
    }

    deinit { TestVault.remove(path) }

    private func copy(_ source: String, _ target: String) throws {
      for name in try Files.list(source) {
        var status = stat()
        #expect(lstat(source + "/" + name, &status) == 0)
        if status.st_mode & S_IFMT == S_IFDIR {
          mkdir(target + "/" + name, name == "trail" ? 0o750 : 0o700)
          try copy(source + "/" + name, target + "/" + name)
        } else {
          let bytes = try File(source + "/" + name, O_RDONLY).readAll(limit: 1 << 24)
          let mode: mode_t = name.hasSuffix(".segment") ? 0o640 : 0o600
          let file = try File(target + "/" + name, O_RDWR | O_CREAT | O_EXCL, mode: mode)
          try bytes.withUnsafeBytes { try file.write($0, at: 0) }
        }
      }
    }

    func unlock() throws -> Vault {
      let file = try Vault.readFile(at: path, secret: try TestVault.passphrase("correct horse"))
      return try Vault.unlock(at: path, root: file.takeRoot(), settings: TestVault.settings)
    }
  }

  @Test func aVaultWithoutDutiesGetsItsAdministrators() throws {
    let copy = try Copy(of: "catalog-1")
    for round in 0..<3 {
      let vault = try copy.unlock()
      #expect(vault.grants.count == 3 && vault.barriers.count == 1 && vault.boundaries.count == 1, "round \(round)")
      #expect(vault.duties.map(\.principal.description) == ["user:root"])
      #expect(vault.duties.map(\.kind) == [.administrator])
      #expect(vault.duties.map(\.giver) == [Administration.founder])
      let clients = try #require(try vault.child(of: vault.node(.root), named: Name("clients")!))
      let letter = try #require(try vault.child(of: clients, named: Name("letter")!))
      #expect(vault.record(of: letter).size == 11)
      try vault.close()
    }
  }

  /// A vault with duties, and from before reviews.
  @Test func aVaultWithoutReviewsBeginsToCount() throws {
    let copy = try Copy(of: "catalog-2")
    var since: Int64?
    for round in 0..<3 {
      let vault = try copy.unlock()
      #expect(vault.grants.count == 3 && vault.barriers.count == 1 && vault.boundaries.count == 1, "round \(round)")
      #expect(vault.duties.map(\.kind) == [.administrator, .operator])
      #expect(vault.openReviews.isEmpty && vault.openReviewItems.isEmpty && vault.suspensions.isEmpty && vault.uses.isEmpty)
      #expect(since == nil || vault.countedSince == since)
      since = vault.countedSince
      let clients = try #require(try vault.child(of: vault.node(.root), named: Name("clients")!))
      let letter = try #require(try vault.child(of: clients, named: Name("letter")!))
      #expect(vault.record(of: letter).size == 11)
      try vault.close()
    }
  }

  @Test(arguments: ["catalog-1", "catalog-2"]) func anOldVaultThatIsUnlockedAndKilledOpensAgain(_ name: String) throws {
    let copy = try Copy(of: name)
    let vault = try copy.unlock()
    let other = try Copy(of: name)
    // What lies on disk at this moment, as after kill -9.
    TestVault.remove(other.path)
    mkdir(other.path, 0o700)
    #expect(system("cp -a '\(copy.path)/.' '\(other.path)/'") == 0)
    let again = try other.unlock()
    #expect(again.duties.first?.principal.description == "user:root")
    try again.close()
    try vault.close()
  }
}
