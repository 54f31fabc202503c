import BlobStore
import Catalog
import Glibc
import Platform
import Sodium
import TestStores
import Testing
import VaultFormat

@testable import Vault

/// Packs that are mostly dead, garbage of a crash, and files that nothing names.
@Suite(.serialized) struct CompactionTests {
  /// 40 documents of 10,000 bytes in a sealed pack, of which 30 are deleted.
  private func sparse(_ settings: VaultSettings = TestVault.settings) throws -> (test: TestVault, vault: Vault) {
    let test = try TestVault()
    var vault = try test.unlock()
    let root = try vault.node(.root)
    for number in 0..<40 {
      let node = try vault.create(.document, named: Name("\(number)")!, in: root, mode: 0o600, uid: 1, gid: 1)
      try content(number).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
    }
    try vault.close()
    vault = try test.unlock(settings)
    for number in 10..<40 {
      try vault.remove(try #require(try vault.child(of: try vault.node(.root), named: Name("\(number)")!)))
    }
    try vault.sync()
    return (test, vault)
  }

  private func content(_ number: Int) -> [UInt8] { (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ number) } }

  private func expectContent(_ vault: Vault, _ comment: String = "") throws {
    for number in 0..<10 {
      let node = try #require(try vault.child(of: try vault.node(.root), named: Name("\(number)")!))
      var bytes = [UInt8](repeating: 0, count: 10_001)
      let count = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
      #expect(count == 10_000 && Array(bytes.prefix(10_000)) == content(number), "\(number) \(comment)")
    }
  }

  private func packs(_ path: String) throws -> [String] { try Files.list(path + "/packs").sorted() }

  @Test func whatLivesMovesAndTheOldPackGoes() throws {
    let (test, vault) = try sparse()
    let before = try packs(test.path)
    #expect(before.count == 1)
    #expect(vault.content.packsWorthCompacting.map { "\($0.number.value)" } == before)
    let modified = vault.record(of: try #require(try vault.child(of: try vault.node(.root), named: Name("3")!))).modified
    #expect(vault.compactPacks() == 10)
    vault.content.finishRemovals()
    let left = try packs(test.path)
    #expect(left.count == 1 && left != before, "\(left)")
    #expect(vault.record(of: try #require(try vault.child(of: try vault.node(.root), named: Name("3")!))).modified == modified)
    #expect(vault.compactPacks() == 0)
    try expectContent(vault)
    let (report, findings) = try vault.verified()
    #expect(findings.isEmpty && report.packCount == 1, "\(findings)")
    // Each blob was sealed once: 10,000 bytes and a tag.
    #expect(vault.content.liveByteCounts.values.map { $0 } == [10 * 10_016])
    try vault.close()
    let again = try test.unlock()
    try expectContent(again)
    try again.close()
  }

  @Test func aMountCompactsByItself() throws {
    var settings = TestVault.settings
    settings.housekeepingIntervalNanoseconds = 20_000_000
    settings.compactionByteCountMin = 1
    let (test, vault) = try sparse(settings)
    let before = try packs(test.path)
    #expect(
      eventually {
        vault.content.finishRemovals(); return (try? packs(test.path)) != before
      })
    try expectContent(vault)
    try vault.close()
  }

  /// What a machine leaves that stops while the commit of a compaction is half done, and right after it.
  @Test func aCrashLeavesTheOldPlaceOrTheNewOne() throws {
    let copies = Copies()
    var settings = TestVault.settings
    #if DEBUG
      settings.catalog.beforeCommit = { () throws(CatalogError) in copies.take("before") }
    #endif
    let (test, vault) = try sparse(settings)
    copies.source = test.path
    #expect(vault.compactPacks() == 10)
    copies.take("after")
    copies.source = nil
    try vault.close()
    for name in ["before", "after"] {
      let path = test.folder + "/" + name
      try #require(Files.exists(path))
      let after = try Vault.unlock(at: path, root: try test.root.bytes.copy(), settings: TestVault.settings)
      try expectContent(after, name)
      #expect(eventually { (try? packs(path).count) == 1 }, "\(name): the other pack is garbage")
      let findings = try after.verified().findings
      #expect(findings.isEmpty, "\(name): \(findings)")
      try after.close()
    }
  }

  /// Copies that were appended and not synced are lost or torn by a power cut; the places that commits named are not.
  @Test func copiesThatWereNotSyncedHarmNothing() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("CompactionTests seed \(seed)")
    let store = MemoryBlobStore(seed: seed)
    let fixture = try ContentFixture(store)
    let blobs = try (0..<8).map { try fixture.seal(content($0)) }
    let records = try fixture.commit().records
    // As a later mount, whose packs are sealed.
    let later = try ContentFixture(store, keys: fixture.keys, packs: records, lastPack: 1)
    let copies = try blobs.map { try later.content.copy($0) }
    for _ in 0..<8 {
      let crashed = try ContentFixture(store.crashed(), keys: fixture.keys, packs: records, lastPack: 9)
      for (number, blob) in blobs.enumerated() { #expect(try crashed.read(blob) == content(number), "seed \(seed)") }
    }
    let states = try later.commit(obsolete: blobs)
    #expect(
      states.map(\.record?.liveByteCount) == [nil, 8 * 10_016], "the old pack goes with the commit that names the new places")
    let crashed = try ContentFixture(store.crashed(), keys: fixture.keys, packs: states.records, lastPack: 9)
    for (number, blob) in copies.enumerated() { #expect(try crashed.read(blob) == content(number), "seed \(seed)") }
  }

  @Test func aDamagedBlobStaysWhereItIsAndTheOthersMove() throws {
    let (test, vault) = try sparse()
    let file = try File(test.path + "/packs/" + (try packs(test.path)[0]), O_RDWR)
    var bytes = try file.readAll(limit: 1 << 20)
    let third = try vault.loadedContent(of: try #require(try vault.child(of: try vault.node(.root), named: Name("3")!)))
    bytes[try #require(third.list.extents.first?.blob).objectOffset + 500] ^= 1
    try file.write(bytes, at: 0)
    #expect(vault.compactPacks() == 9)
    #expect(vault.compactPacks() == 0, "it is not tried again")
    vault.content.finishRemovals()
    #expect(try packs(test.path).count == 2)
    let findings = try vault.verified().findings
    #expect(Set(findings.map(\.kind)) == [.blob, .pack], "\(findings)")
    try vault.close()
  }

  @Test func aDocumentThatChangesMeanwhileKeepsWhatWasWritten() throws {
    let (test, vault) = try sparse()
    defer { withExtendedLifetime(test) {} }
    let node = try #require(try vault.child(of: try vault.node(.root), named: Name("4")!))
    try vault.open(node)
    let stopping = Flag()
    let writer = Thread(name: "writer") {
      var round: UInt8 = 0
      while !stopping.isSet {
        round &+= 1
        try? [round].withUnsafeBytes { _ = try vault.write(node, $0, at: 5) }
        try? vault.sync()
      }
    }
    for _ in 0..<5 { _ = vault.compactPacks() }
    stopping.set()
    writer.join()
    try [UInt8(4 &+ 35)].withUnsafeBytes { _ = try vault.write(node, $0, at: 5) }
    vault.close(node)
    try vault.sync()
    try expectContent(vault)
    #expect(try vault.verified().findings.isEmpty)
    try vault.close()
  }

  // MARK: Garbage

  @Test func liveBytesAreRightAfterACrash() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let node = try vault.create(.document, named: Name("kept")!, in: try vault.node(.root), mode: 0o600, uid: 1, gid: 1)
    try content(0).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
    // Sealed, counted by the commit, and named by nothing: what a crash between two commits leaves.
    var leaked = [UInt8](repeating: 9, count: 30_000)
    _ = try leaked.withUnsafeMutableBytes { try vault.content.seal($0) }
    try vault.sync()
    let pack = try #require(vault.content.liveByteCounts.first)
    #expect(pack.value == 10_016 + 30_032)
    let copies = Copies(test.path)
    copies.take("copy")
    try vault.close()
    let after = try Vault.unlock(at: test.folder + "/copy", root: try test.root.bytes.copy(), settings: TestVault.settings)
    #expect(eventually { after.content.liveByteCounts == [pack.key: 10_016] })
    try after.close()
    let again = try Vault.unlock(at: test.folder + "/copy", root: try test.root.bytes.copy(), settings: TestVault.settings)
    #expect(again.content.liveByteCounts == [pack.key: 10_016], "and the catalog says so")
    try again.close()
  }

  @Test func whatNothingNamesIsFoundAndRemovedAndNothingElse() throws {
    let test = try TestVault()
    let vault = try test.unlock()
    let root = try vault.node(.root)
    func make(_ name: String) throws -> Node {
      let node = try vault.create(.document, named: Name(name)!, in: root, mode: 0o600, uid: 1, gid: 1)
      try [UInt8](repeating: 5, count: 200_000).withUnsafeBytes { _ = try vault.write(node, $0, at: 0) }
      return node
    }
    let removed = try make("removed")
    try vault.sync()
    try vault.open(removed)
    try vault.remove(removed)
    _ = try make("not committed")
    var leaked = [UInt8](repeating: 9, count: 200_000)
    let blob = try leaked.withUnsafeMutableBytes { try vault.content.seal($0) }
    let (report, findings) = try vault.verified()
    #expect(findings.map(\.fault) == [.unnamed] && report.worst == .notice, "\(findings)")
    #expect(findings.first?.subject.hasSuffix("\(blob.id)") == true)
    // The verification asked for it to be removed; or it is removed here.
    #expect(
      eventually {
        vault.removeUnnamed(); return (try? vault.content.store.blobs().count) == 2
      })
    var byte: [UInt8] = [0]
    #expect(try byte.withUnsafeMutableBytes { try vault.read(removed, at: 199_999, into: $0) } == 1 && byte == [5])
    vault.close(removed)
    try vault.sync()
    vault.content.finishRemovals()
    #expect(try vault.content.store.blobs().count == 1)
    try vault.close()
  }
}

/// Copies of a vault's folder as it lies.
private final class Copies: @unchecked Sendable {
  /// Nil: nothing is copied.
  var source: String?
  init(_ source: String? = nil) { self.source = source }

  func take(_ name: String) {
    guard let source else { return }
    let target = Files.folder(of: source) + "/" + name
    TestVault.remove(target)
    try? copy(source, target)
  }

  private func copy(_ from: String, _ to: String) throws {
    try Files.makeFolder(to, mode: 0o700)
    for name in try Files.list(from) {
      var status = stat()
      lstat(from + "/" + name, &status)
      if status.st_mode & S_IFMT == S_IFDIR {
        try copy(from + "/" + name, to + "/" + name)
      } else {
        let bytes = try File(from + "/" + name, O_RDONLY).readAll(limit: 1 << 30)
        try File(to + "/" + name, O_WRONLY | O_CREAT).write(bytes, at: 0)
      }
    }
  }
}

/// Tries until `condition` holds, for at most ten seconds.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<500 {
    if condition() { return true }
    usleep(20_000)
  }
  return condition()
}
