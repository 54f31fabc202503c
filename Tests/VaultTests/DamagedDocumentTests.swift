import BlobStore
import Catalog
import Glibc
import Platform
import TestStores
import Testing
import VaultFormat

@testable import Vault

/// Changes of documents that cannot be read in full: they reach the disk, what is damaged stays told, and nobody else is kept from anything.
@Suite struct DamagedDocumentTests {
  private static let pageByteCount = BlobGeometry.pageByteCount

  private static func bytes(_ count: Int, _ salt: UInt8 = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) ^ salt }
  }

  // MARK: One document over a store in memory

  private struct Document {
    let store = MemoryBlobStore(seed: 1)
    let fixture: ContentFixture
    let pressure = DirtyPressure(limit: .max)
    let content: DocumentContent

    /// - Parameter bytes: sealed and in the store; no page of them is in the cache.
    init(_ bytes: [UInt8]) throws {
      fixture = try ContentFixture(store)
      content = DocumentContent(list: ExtentList(), store: fixture.content, pressure: pressure)
      write(bytes, at: 0)
      try seal()
      try fixture.commit()
    }

    var blob: BlobReference { content.list.extents[0].blob! }
    var extentCount: Int { content.list.extents.count }

    func damage(at offset: Int = 100) { store.flip(blob.object, at: blob.objectOffset + offset) }

    func write(_ bytes: [UInt8], at offset: Int) {
      content.lock.writing { bytes.withUnsafeBytes { content.writeLocked($0, at: UInt64(offset)) } }
    }

    func seal() throws {
      try content.lock.writing { try content.sealAllLocked() }
      #expect(content.isCleanLocked && pressure.byteCount == 0)
    }

    func read(at offset: Int, _ count: Int) throws(ContentError) -> [UInt8] {
      try content.lock.reading { () throws(ContentError) -> [UInt8] in
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
        defer { buffer.deallocate() }
        return Array(buffer.prefix(try content.readLocked(at: UInt64(offset), into: buffer)))
      }
    }

    func isDamaged(at offset: Int) -> Bool {
      do throws(ContentError) {
        _ = try read(at: offset, 1)
        return false
      } catch {
        if case .damaged = error { return true }
        return false
      }
    }
  }

  @Test func whatIsAppendedToADamagedSmallDocumentIsSealed() throws {
    let old = Self.bytes(40_000)
    let document = try Document(old)
    document.damage()
    for number in 0..<40 {
      document.write([UInt8(number)], at: old.count + number)
      try document.seal()
      #expect(document.extentCount == 2, "the lines are joined, up to what is damaged")
    }
    #expect(document.isDamaged(at: 0) && document.isDamaged(at: 20))
    #expect(try document.read(at: old.count, 100) == Array(0..<40))
    // Pages of the same blob that are whole stay readable.
    #expect(try document.read(at: Self.pageByteCount, 1000) == Array(old[Self.pageByteCount..<Self.pageByteCount + 1000]))
  }

  @Test func whatIsWrittenIntoADamagedSmallDocumentIsSealed() throws {
    let old = Self.bytes(40_000)
    let document = try Document(old)
    document.damage()
    for offset in [10, 300, 39_000] { document.write([1, 2, 3], at: offset) }
    try document.seal()
    for offset in [10, 300, 39_000] { #expect(try document.read(at: offset, 3) == [1, 2, 3]) }
    #expect(document.isDamaged(at: 0) && document.isDamaged(at: 13) && document.isDamaged(at: 400))
    #expect(try document.read(at: 20_000, 19_000) == Array(old[20_000..<39_000]))
    // Written anew it is one blob again.
    document.write(old, at: 0)
    try document.seal()
    #expect(document.extentCount == 1)
    #expect(try document.read(at: 0, 50_000) == old)
  }

  /// A sector that fails to be read now can be read later: nothing of the old bytes is given up.
  @Test func whatIsAppendedWhereTheDiskFailsToReadIsSealed() throws {
    let old = Self.bytes(40_000)
    let document = try Document(old)
    document.store.faults.failingCalls["read"] = 1_000
    document.write([7], at: old.count)
    try document.seal()
    #expect(document.extentCount == 2)
    #expect(throws: ContentError.io("read failed on command")) { try document.read(at: 0, 1) }
    document.store.faults.failingCalls = [:]
    #expect(try document.read(at: 0, 50_000) == old + [7])
    document.write([8], at: old.count + 1)
    try document.seal()
    #expect(document.extentCount == 1)
    #expect(try document.read(at: 0, 50_000) == old + [7, 8])
  }

  @Test func aDamagedNeighbourInALargerDocumentIsLeftAlone() throws {
    let old = Self.bytes(300_000)
    let document = try Document(old)
    document.write([1, 2, 3], at: old.count)
    try document.seal()
    try document.fixture.commit()
    let tail = document.content.list.extents[1].blob!
    document.store.flip(tail.object, at: tail.objectOffset + 1)
    for number in 0..<10 {
      document.write([UInt8(number)], at: old.count + 3 + number)
      try document.seal()
    }
    #expect(document.extentCount == 3)
    #expect(document.isDamaged(at: old.count + 1))
    #expect(try document.read(at: old.count + 3, 100) == Array(0..<10))
    #expect(try document.read(at: 0, old.count) == old)
  }

  @Test func aDamagedWindowStaysInItsPieces() throws {
    let old = Self.bytes(300_000)
    let document = try Document(old)
    document.damage()
    for number in 0..<60 { document.write([UInt8(number)], at: 20_000 + number * 1_000) }
    try document.seal()
    #expect(document.extentCount == 121)
    for number in 0..<60 { #expect(try document.read(at: 20_000 + number * 1_000, 1) == [UInt8(number)]) }
    #expect(document.isDamaged(at: 0))
    #expect(try document.read(at: 200_000, 100_000) == Array(old[200_000...]))
  }

  /// That what is there cannot be read excuses no failure to write.
  @Test func aDiskThatTakesNothingIsStillAFailure() throws {
    let document = try Document(Self.bytes(40_000))
    document.damage()
    document.store.faults.failingCalls["put"] = 1_000
    document.write(Self.bytes(200_000), at: 40_000)
    #expect(throws: ContentError.io("put failed on command")) {
      try document.content.lock.writing { try document.content.sealAllLocked() }
    }
    #expect(try document.read(at: 40_000, 200_000) == Self.bytes(200_000))
    document.store.faults.failingCalls = [:]
    try document.seal()
    #expect(try document.read(at: 40_000, 200_000) == Self.bytes(200_000))
  }

  // MARK: In a vault

  private func make(_ name: String, _ bytes: [UInt8], in vault: Vault) throws -> Node {
    let node = try vault.create(.document, named: Name(name)!, in: vault.node(.root), mode: 0o644, uid: 1, gid: 1)
    try write(bytes, to: node, at: 0, in: vault)
    return node
  }

  private func write(_ bytes: [UInt8], to node: Node, at offset: Int, in vault: Vault) throws {
    try vault.open(node)
    defer { vault.close(node) }
    _ = try bytes.withUnsafeBytes { try vault.write(node, $0, at: UInt64(offset)) }
  }

  private func find(_ name: String, in vault: Vault) throws -> Node? {
    try vault.child(of: vault.node(.root), named: Name(name)!)
  }

  private func read(_ node: Node, at offset: Int, _ count: Int, in vault: Vault) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    let read = try bytes.withUnsafeMutableBytes { try vault.read(node, at: UInt64(offset), into: $0) }
    return Array(bytes.prefix(read))
  }

  private func expectDamage(_ body: () throws -> Void) {
    #expect { try body() } throws: { error in
      if case .damaged = error as? VaultError { true } else { false }
    }
  }

  @Test func damageOfOneDocumentRefusesNoChangeOfTheVault() throws {
    let test = try TestVault()
    var vault = try test.unlock()
    let old = Self.bytes(40_000)
    let names = ["appended", "removed", "written anew"]
    for (salt, name) in names.enumerated() { _ = try make(name, Self.bytes(40_000, UInt8(salt)), in: vault) }
    let neighbour = Self.bytes(5_000, 9)
    _ = try make("neighbour", neighbour, in: vault)
    try vault.sync()
    for name in names {
      let node = try #require(try find(name, in: vault))
      let blob = try vault.loadedContent(of: node).list.extents[0].blob!
      let file = try File(test.path + "/packs/\(try #require(blob.packNumber).value)", O_RDWR)
      var byte: [UInt8] = [0]
      _ = try byte.withUnsafeMutableBytes { try file.read(at: blob.objectOffset + 100, into: $0) }
      try file.write([byte[0] ^ 1], at: blob.objectOffset + 100)
    }
    for name in names { try write([7], to: try #require(try find(name, in: vault)), at: old.count, in: vault) }
    try vault.sync()
    #expect(vault.changeFailure == nil)
    try write([1], to: try #require(try find("neighbour", in: vault)), at: 0, in: vault)
    try vault.remove(try #require(try find("removed", in: vault)))
    let anew = try #require(try find("written anew", in: vault))
    try vault.truncate(anew, to: 0)
    try write(old, to: anew, at: 0, in: vault)
    try vault.sync()
    try vault.close()

    vault = try test.unlock()
    let appended = try #require(try find("appended", in: vault))
    expectDamage { _ = try read(appended, at: 0, 1, in: vault) }
    #expect(try read(appended, at: old.count, 10, in: vault) == [7])
    #expect(try find("removed", in: vault) == nil)
    #expect(try read(#require(try find("written anew", in: vault)), at: 0, 50_000, in: vault) == old)
    #expect(try read(#require(try find("neighbour", in: vault)), at: 0, 10_000, in: vault) == [1] + neighbour.dropFirst())
    let findings = try vault.verified().findings
    #expect(Set(findings.compactMap(\.node)) == [appended.id], "\(findings)")
    try vault.close()
  }

  #if DEBUG
    @Test func aSectorThatCannotBeReadRefusesNoChangeOfTheVault() throws {
      let test = try TestVault()
      let vault = try test.unlock()
      let old = Self.bytes(40_000)
      let node = try make("document", old, in: vault)
      try vault.sync()
      Seam.setFault(under: test.path) { call, path in path.contains("/packs/") && "\(call)".hasPrefix("pread") ? EIO : nil }
      defer { Seam.setFault(under: test.path, nil) }
      try write([7], to: node, at: old.count, in: vault)
      _ = try make("neighbour", [1], in: vault)
      try vault.sync()
      #expect(vault.changeFailure == nil)
      #expect { _ = try read(node, at: 0, 1, in: vault) } throws: { error in
        if case .io = error as? VaultError { true } else { false }
      }
      Seam.setFault(under: test.path, nil)
      #expect(try read(node, at: 0, 50_000, in: vault) == old + [7])
      try vault.close()
    }
  #endif

  /// The rows that say where its content lies are damaged: it cannot be read, but it can go.
  @Test func aDocumentWithDamagedRowsCanBeRemovedAndReplaced() throws {
    let test = try TestVault()
    var vault = try test.unlock()
    for name in ["removed", "replaced"] {
      let node = try make(name, [1], in: vault)
      // A hole behind it, and so a further extent.
      try vault.truncate(node, to: 1 << 20)
    }
    _ = try make("new", [5], in: vault)
    try vault.close()

    vault = try test.unlock()
    for name in ["removed", "replaced"] {
      let id = try #require(try find(name, in: vault)).id
      let row = try #require(try vault.catalog.extents(of: id).first)
      var sealed = row.sealed
      sealed[30] ^= 1
      try vault.catalog.commit(CatalogChanges(upserts: [SealedRow(key: row.key, version: row.version, sealed: sealed)]))
    }
    let removed = try #require(try find("removed", in: vault))
    let replaced = try #require(try find("replaced", in: vault))
    expectDamage { _ = try read(removed, at: 0, 1, in: vault) }
    try vault.remove(removed)
    let new = try #require(try find("new", in: vault))
    #expect(try vault.rename(new, to: Name("replaced")!, in: vault.node(.root), over: replaced, mode: .replace))
    try vault.sync()
    #expect(try find("removed", in: vault) == nil)
    #expect(try read(#require(try find("replaced", in: vault)), at: 0, 10, in: vault) == [5])
    // Rows that do not open could name anything: nothing is removed.
    #expect(vault.removeUnnamed() == 0)
    try vault.close()

    vault = try test.unlock()
    #expect(try find("removed", in: vault) == nil)
    #expect(try read(#require(try find("replaced", in: vault)), at: 0, 10, in: vault) == [5])
    try vault.close()
  }
}
