import Access
import Glibc
import Keys
import Platform
import Sodium
import TestKit
import TestStores
import Testing
import Vault
import VaultFormat

/// `verify` of a closed vault: nothing to say of a whole one, and something of the right kind for every byte that changed.
@Suite(.serialized) struct VerifyTests {
  @Test(arguments: [false, true]) func aWholeVaultHasNoFindings(isQuick: Bool) throws {
    let vault = try FilledVault()
    let before = try vault.contents()
    let (report, findings) = try vault.verify(isQuick: isQuick)
    #expect(findings.isEmpty, "\(findings)")
    #expect(report.documentCount == 4 && report.packCount == 1 && report.blobCount >= 3)
    #expect(report.byteCount == UInt64(FilledVault.sizes.reduce(0, +)))
    #expect(report.worst == nil && report.rowCount > 5 && report.trailFrameCount > 0)
    #expect(try vault.contents() == before)
    // What was verified still unlocks.
    try vault.test.unlock().close()
  }

  @Test func everyChangedByteIsFound() throws {
    let vault = try FilledVault()
    let seed = UInt64.random(in: 0...UInt64.max)
    print("VerifyTests seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let files = try vault.files().filter { $0 != "lock" }
    let flipCount = max(3, 360 / files.count)
    for name in files {
      let original = try vault.read(name)
      try #require(!original.isEmpty, "\(name)")
      var offsets: Set<Int> = [0, original.count - 1]
      while offsets.count < min(flipCount, original.count) {
        offsets.insert(Int.random(in: 0..<original.count, using: &generator))
      }
      for offset in offsets {
        var bytes = original
        bytes[offset] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
        try vault.write(name, bytes)
        try vault.expectDamage(name, "\(name) byte \(offset), seed \(seed)")
      }
      try vault.write(name, original)
    }
    #expect(try vault.verify().findings.isEmpty)
  }

  @Test func filesThatAreMissingOrCutAreFound() throws {
    let vault = try FilledVault()
    for name in try vault.files() where name != "lock" {
      let original = try vault.read(name)
      try vault.write(name, Array(original.dropLast()))
      try vault.expectDamage(name, "\(name) cut")
      unlink(vault.test.path + "/" + name)
      try vault.expectDamage(name, "\(name) missing")
      try vault.write(name, original)
    }
    #expect(try vault.verify().findings.isEmpty)
  }

  @Test(arguments: [
    "stray", "blobs/stray", "blobs/00/00000000000000000000000000000000", "packs/7", "packs/stray", "trail/stray",
  ])
  func extraFilesAreNoticed(name: String) throws {
    let vault = try FilledVault()
    mkdir(vault.test.path + "/blobs/00", 0o700)
    try vault.write(name, [1, 2, 3])
    let (report, findings) = try vault.verify()
    #expect(findings.map(\.kind) == [.stray] && findings.map(\.subject) == [name], "\(findings)")
    #expect(report.worst == .notice)
  }

  @Test func bytesAfterTheEndAreFound() throws {
    let vault = try FilledVault()
    for name in try vault.files() where name != "lock" {
      let original = try vault.read(name)
      try vault.write(name, original + [0])
      let (report, findings) = try vault.verify()
      #expect(
        report.worst != nil && findings.contains { FilledVault.kinds(of: name).contains($0.kind) || $0.kind == .stray }, "\(name)"
      )
      try vault.write(name, original)
    }
  }

  @Test func anEarlierFileAndAnEarlierCatalogAreFound() throws {
    let vault = try FilledVault()
    let catalog = try vault.read("catalog.sqlite")
    let file = try vault.read("vault.json.2")
    let open = try vault.test.unlock()
    let secret = try TestVault.passphrase("another horse")
    _ = try open.changeFile { (present, root) throws(KeysError) in
      try present.adding(secret, label: "other", now: 2, root: root, strength: .interactive).file
    }
    try open.close()
    #expect(try vault.verify().findings.isEmpty)
    try vault.write("vault.json.2", file)
    let older = try vault.verify().findings
    #expect(older.map(\.kind) == [.vaultFile] && older.map(\.subject) == ["vault.json.2"], "\(older)")
    try vault.write("vault.json", file)
    #expect(try vault.verify().findings.contains { $0.kind == .vaultFile && $0.fault == .fileOlder })
    try vault.write("catalog.sqlite", catalog)
    #expect(try vault.verify().findings.filter { $0.kind == .catalog }.count >= 2)
  }

  @Test func aVaultThatWasNotClosedIsCheckedWithItsLogAndNotChanged() throws {
    let vault = try FilledVault()
    let open = try vault.test.unlock()
    let node = try open.create(.document, named: Name("more")!, in: try open.node(.root), mode: 0o600, uid: 1, gid: 1)
    try open.open(node)
    try [UInt8](repeating: 7, count: 9000).withUnsafeBytes { _ = try open.write(node, $0, at: 0) }
    try open.sync()
    open.close(node)
    let copy = try FilledVault(copying: vault)
    try open.close()
    let before = try copy.contents()
    #expect(before["catalog.sqlite-wal"]?.isEmpty == false)
    let (report, findings) = try copy.verify()
    #expect(findings.allSatisfy { $0.severity == .notice }, "\(findings)")
    #expect(report.documentCount == 5)
    var after = try copy.contents()
    after["catalog.sqlite-shm"] = nil
    #expect(after == before.filter { $0.key != "catalog.sqlite-shm" })
  }

  @Test func aVaultInUseIsNotVerified() throws {
    let vault = try FilledVault()
    let open = try vault.test.unlock()
    #expect { _ = try vault.verify() } throws: { error in
      guard case .folder(.inUse) = error as? UnlockError else { return false }
      return true
    }
    try open.close()
  }
}
