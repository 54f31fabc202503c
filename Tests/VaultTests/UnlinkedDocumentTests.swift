import BlobStore
import Glibc
import Platform
import Synchronization
import Testing
import VaultFormat

@testable import Vault

/// Documents that are removed and still open, which no commit seals: nobody takes their content for garbage.
@Suite struct UnlinkedDocumentTests {
  private let test: TestVault
  private let vault: Vault

  init() throws {
    test = try TestVault()
    vault = try test.unlock()
  }

  private static let fullBlob = (0..<BlobGeometry.byteCountMax).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }

  /// Open, and in the catalog.
  private func open(_ name: String) throws -> Node {
    let node = try vault.create(.document, named: Name(name)!, in: vault.node(.root), mode: 0o644, uid: 1, gid: 1)
    try vault.open(node)
    try vault.sync()
    return node
  }

  private func write(_ bytes: [UInt8], to node: Node, at offset: Int) throws {
    _ = try bytes.withUnsafeBytes { try vault.write(node, $0, at: UInt64(offset)) }
  }

  private func expectContent(of node: Node) throws {
    var bytes = [UInt8](repeating: 0, count: Self.fullBlob.count + 10)
    let count = try bytes.withUnsafeMutableBytes { try vault.read(node, at: 0, into: $0) }
    #expect(count == Self.fullBlob.count + 1 && bytes.prefix(count) == Self.fullBlob + [1])
  }

  @Test func whatWasSealedMeanwhileIsNoStray() throws {
    let node = try open("document")
    try write(Self.fullBlob, to: node, at: 0)
    let content = try vault.loadedContent(of: node)
    while content.lock.reading({ content.dirty.contains { $0.task?.hasEnded == false } }) { usleep(1000) }
    try vault.remove(node)
    try vault.sync()
    for _ in 0..<2 { #expect(try vault.verified().findings.isEmpty) }
    #expect(vault.removeUnnamed() == 0)
    try write([1], to: node, at: Self.fullBlob.count)
    try expectContent(of: node)
    vault.close(node)
    vault.content.finishRemovals()
    #expect(try vault.content.store.blobs().isEmpty)
    try vault.close()
  }

  #if DEBUG
    /// Its file is there already, and its document cannot name it yet.
    @Test func whatIsBeingSealedIsNoStray() throws {
      let vault = vault
      let begun = Flag()
      let goesOn = Flag()
      Seam.setFault(under: test.path) { call, path in
        while "\(call)" == "pwrite", path.contains("/blobs/"), !goesOn.isSet {
          begun.set()
          usleep(1000)
        }
        return nil
      }
      defer { Seam.setFault(under: test.path, nil) }
      let node = try open("document")
      try write(Self.fullBlob, to: node, at: 0)
      while !begun.isSet { usleep(1000) }
      #expect(try vault.content.store.blobs().count == 1)
      try vault.remove(node)
      let removedCount = Atomic<Int>(-1)
      let collector = Thread(name: "collector") { removedCount.store(vault.removeUnnamed(), ordering: .relaxed) }
      // It commits once it has listed the files.
      while vault.tree.withLock({ node.isDirty || node.isCommitting }) { usleep(1000) }
      usleep(20_000)
      goesOn.set()
      collector.join()
      #expect(removedCount.load(ordering: .relaxed) == 0)
      try write([1], to: node, at: Self.fullBlob.count)
      try expectContent(of: node)
      vault.close(node)
      try vault.close()
    }
  #endif
}
