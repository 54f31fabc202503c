import Glibc
import Keys
import Platform
import Sodium
import Testing
import Trail
import Vault
import VaultFormat

/// A vault that was put back from a copy, in whole or in part, goes on once somebody has said so, and never by itself.
@Suite struct RestoreTests {
  enum Part: CaseIterable, Sendable {
    case everything, catalogAndContent, catalogContentAndFile, trail
    func holds(_ name: String) -> Bool {
      switch self {
      case .everything: true
      case .catalogAndContent: !name.hasPrefix("trail/") && !name.hasPrefix("vault.json")
      case .catalogContentAndFile: !name.hasPrefix("trail/")
      case .trail: name.hasPrefix("trail/")
      }
    }
  }

  private func restore(_ vault: AgedVault, reason: String = "the disk burnt") throws -> RestoredVault {
    try Vault.restore(
      at: vault.path, root: try vault.filled.test.root.bytes.copy(),
      Restoration(actor: Record.Actor(uid: 0, name: "op", pid: 1), reason: reason), settings: TestVault.settings)
  }

  /// The files of yesterday in place of today's, but only those of the part.
  private func putBack(_ part: Part, _ vault: AgedVault) throws {
    for name in try vault.files() where part.holds(name) { unlink(vault.path + "/" + name) }
    for (name, bytes) in vault.yesterday where part.holds(name) { try vault.write(name, bytes) }
  }

  private func restored(_ vault: AgedVault, anchored: Bool) throws -> [TrailReport.Finding] {
    var verifier = TrailVerifier(vault.path + "/trail")
    verifier.genesis = vault.filled.test.genesis
    verifier.anchorPath = anchored ? vault.anchor : nil
    let report = try verifier.verify()
    guard case .consistent(let findings) = report.verdict else {
      Issue.record("\(report.verdict)")
      return []
    }
    return findings.filter { if case .restored = $0 { true } else { false } }
  }

  @Test(arguments: Part.allCases) func aVaultOfTwoMomentsGoesOnOnceItIsSaid(_ part: Part) throws {
    let vault = try AgedVault()
    try putBack(part, vault)
    if part != .everything {
      #expect(throws: UnlockError.self) { try vault.filled.test.unlock() }
    }
    let report = try restore(vault)
    #expect((report.trailCommit ?? 0) != 0 && report.from != nil)
    switch part {
    case .everything: #expect(report.catalogCommit == report.trailCommit)
    case .catalogAndContent, .catalogContentAndFile: #expect(report.catalogCommit < report.trailCommit!)
    case .trail: #expect(report.catalogCommit > report.trailCommit!)
    }
    // Whole by every comparison, and with the documents of that moment.
    let (verified, findings) = try vault.filled.verify()
    #expect(verified.worst != .damage, "\(findings)")
    let open = try vault.filled.test.unlock()
    let root = try open.node(.root)
    #expect(try (open.child(of: root, named: Name("today 3000")!) != nil) == (part == .trail))
    let folder = try #require(try open.child(of: root, named: Name("folder")!))
    let node = try #require(try open.child(of: folder, named: Name("20000")!))
    var content = [UInt8](repeating: 0, count: 20_000)
    #expect(try content.withUnsafeMutableBytes { try open.read(node, at: 0, into: $0) } == 20_000)
    #expect(content == (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    // No number of what was left behind is given again.
    let new = try open.create(.document, named: Name("after")!, in: root, mode: 0o600, uid: 1, gid: 1)
    #expect(new.id.value >= 1 << 28)
    try open.close()
    try vault.filled.test.unlock().close()
    #expect(try restored(vault, anchored: part == .everything || part == .trail).count == 1)
  }

  @Test func aRestorationSaysWhoWhyAndFromWhere() throws {
    let vault = try AgedVault()
    try putBack(.everything, vault)
    let report = try restore(vault, reason: "copy of Monday")
    let found = try restored(vault, anchored: true)
    // Of today's run: its opening and its closing checkpoint, which the anchor was told.
    guard case .restored(_, let after, let leftBehind, let by, _) = try #require(found.first) else { return }
    #expect(after == report.from?.sequence && leftBehind == 2 && by == nil)
    // A second time is on record as well.
    _ = try restore(vault)
    #expect(try restored(vault, anchored: true).count == 2)
  }

  @Test func whatIsDamagedIsNotRestored() throws {
    let vault = try AgedVault()
    try putBack(.catalogAndContent, vault)
    var bytes = try vault.filled.read("catalog.sqlite")
    // Within the sealed rows: a digest, a tag or SQLite's own structure breaks.
    for index in stride(from: 8_192, to: bytes.count, by: 512) { bytes[index] ^= 1 }
    try vault.write("catalog.sqlite", bytes)
    #expect(throws: UnlockError.self) { _ = try restore(vault) }
    try putBack(.everything, vault)
    bytes = try vault.filled.read("trail/0000000001.segment")
    bytes[bytes.count - 9] ^= 1
    try vault.write("trail/0000000001.segment", bytes)
    _ = unlink(vault.path + "/trail/signer")
    #expect(throws: UnlockError.self) { _ = try restore(vault) }
  }

  /// vault.json is never taken from before the catalog: its key slots could be ones that were removed since.
  @Test func aVaultFileThatIsOlderThanTheCatalogIsNotTaken() throws {
    let vault = try AgedVault()
    for name in ["vault.json", "vault.json.2"] { try vault.write(name, vault.yesterday[name]!) }
    #expect(throws: UnlockError.self) { _ = try restore(vault) }
  }
}
