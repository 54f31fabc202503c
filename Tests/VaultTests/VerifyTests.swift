import Access
import Glibc
import Keys
import Platform
import Sodium
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
    #expect(try vault.verify().findings.contains { $0.kind == .vaultFile && $0.what.contains("older than the catalog") })
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

/// A closed vault with an empty document, two in a pack and one in files of its own, and a grant.
private final class FilledVault {
  static let sizes = [0, 100, 20_000, 300_000]
  let test: TestVault
  let path: String

  init() throws {
    test = try TestVault()
    let vault = try test.unlock()
    let root = try vault.node(.root)
    let folder = try vault.create(.folder, named: Name("folder")!, in: root, mode: 0o755, uid: 1, gid: 1)
    for size in Self.sizes {
      let node = try vault.create(.document, named: Name("\(size)")!, in: folder, mode: 0o644, uid: 1, gid: 1)
      try vault.open(node)
      try (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }.withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
      vault.close(node)
    }
    try vault.close()
    path = test.path
  }

  /// As the other's files lie now, in a folder beside it.
  init(copying other: FilledVault) throws {
    test = other.test
    path = test.folder + "/copy"
    for name in try other.files() {
      mkdir(path, 0o700)
      for (index, byte) in name.utf8.enumerated() where byte == UInt8(ascii: "/") {
        mkdir(path + "/" + name.prefix(index), 0o700)
      }
      try write(name, try other.read(name))
    }
    mkdir(path + "/blobs", 0o700)
  }

  func verify(isQuick: Bool = false) throws -> (report: VerifyReport, findings: [Finding]) {
    var findings: [Finding] = []
    let report = try VaultVerifier.verify(at: path, root: test.root.bytes, isQuick: isQuick, progress: { _ in }) {
      findings.append($0)
    }
    return (report, findings)
  }

  /// What damage of a file may be told as.
  static func kinds(of name: String) -> Set<Finding.Kind> {
    if name.hasPrefix("vault.json") { return [.vaultFile] }
    if name.hasPrefix("catalog") { return [.catalog] }
    if name.hasPrefix("trail/") { return [.trail] }
    return name.hasPrefix("packs/") ? [.pack] : [.blob]
  }

  func expectDamage(_ name: String, _ context: String) throws {
    let (report, findings) = try verify()
    let kinds = Self.kinds(of: name)
    #expect(findings.contains { $0.severity == .damage && kinds.contains($0.kind) }, "\(context): \(findings)")
    #expect(
      report.worst == .damage && report.isTrailBroken == (kinds == [.trail]) && report.isVaultDamaged == (kinds != [.trail]),
      "\(context): \(findings)")
  }

  /// Every file, relative to the vault's folder.
  func files() throws -> [String] {
    func walk(_ folder: String) throws -> [String] {
      try Files.list(path + "/" + folder).sorted().flatMap { name -> [String] in
        let inner = folder.isEmpty ? name : folder + "/" + name
        var status = stat()
        lstat(path + "/" + inner, &status)
        return status.st_mode & S_IFMT == S_IFDIR ? try walk(inner) : [inner]
      }
    }
    return try walk("")
  }

  func contents() throws -> [String: [UInt8]] {
    var contents: [String: [UInt8]] = [:]
    for name in try files() { contents[name] = try read(name) }
    return contents
  }

  func read(_ name: String) throws -> [UInt8] { try File(path + "/" + name, O_RDONLY).readAll(limit: 1 << 30) }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try File(path + "/" + name, O_WRONLY | O_CREAT | O_TRUNC).write(bytes, at: 0)
  }
}
