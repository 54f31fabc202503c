import Glibc
import Platform
import Synchronization
import Testing
import Vault
import VaultFormat

/// One object for one node, for as long as anybody has it, however small the cache.
@Suite struct NodePinTests {
  /// A vault with `count` committed documents `0`, `1` …, unlocked anew with a cache of a few nodes.
  private func filled(_ count: Int, nodeCacheCount: Int) throws -> (test: TestVault, vault: Vault) {
    let test = try TestVault()
    let first = try test.unlock()
    for index in 0..<count { _ = try make("\(index)", in: first) }
    try first.close()
    var settings = TestVault.settings
    settings.nodeCacheCount = nodeCacheCount
    settings.commitIntervalNanoseconds = 2_000_000
    return (test, try test.unlock(settings))
  }

  private func make(_ name: String, in vault: Vault) throws -> Node {
    try vault.create(.document, named: Name(name)!, in: try vault.node(.root), mode: 0, uid: 1, gid: 1)
  }

  private func child(_ index: Int, of vault: Vault) throws -> Node {
    try #require(try vault.child(of: try vault.node(.root), named: Name("\(index)")!))
  }

  @Test func aNodeThatSomebodyHasIsFoundAgainAsTheSameObject() throws {
    let (test, vault) = try filled(400, nodeCacheCount: 8)
    let held = try child(0, of: vault)
    for round in 0..<2 {
      for index in 1..<400 { _ = try child(index, of: vault) }
      #expect(vault.figures.nodeCount <= 8, "round \(round)")
      #expect(try child(0, of: vault) === held)
      #expect(try vault.node(held.id) === held)
    }
    try vault.close()
    withExtendedLifetime(test) {}
  }

  @Test func aNodeThatNobodyHasIsLetGo() throws {
    let (test, vault) = try filled(100, nodeCacheCount: 8)
    weak let seen: Node? = try child(0, of: vault)
    for _ in 0..<3 { for index in 1..<100 { _ = try child(index, of: vault) } }
    #expect(seen == nil)
    try vault.close()
    withExtendedLifetime(test) {}
  }

  /// Many threads each add one to the time of documents that they find by name, while others push them out of the cache and commits go on.
  /// Were a node ever there twice, an addition would be lost.
  @Test func noChangeIsLostInACacheOfAFewNodes() throws {
    let documentCount = 64
    let (test, vault) = try filled(documentCount, nodeCacheCount: 4)
    let threadCount = 6
    let roundCount = 40
    let failures = Atomic<Int>(0)
    let threads = (0..<threadCount).map { thread in
      Thread(name: "changer") { [self] in
        for round in 0..<roundCount {
          for index in 0..<documentCount {
            // Each its own way through the documents, so that they meet at all of them.
            let target = (index * (2 * thread + 1) + round) % documentCount
            do {
              let node = try child(target, of: vault)
              if index % 7 == 0 { sched_yield() }
              try vault.change(node) {
                $0.accessed += 1
                return true
              }
            } catch { failures.add(1, ordering: .relaxed) }
          }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.load(ordering: .relaxed) == 0)
    try vault.close()
    let after = try test.unlock()
    let sums = try (0..<documentCount).map { index in
      let record = after.record(of: try child(index, of: after))
      return record.accessed - record.born
    }
    #expect(sums == [Int64](repeating: Int64(threadCount * roundCount), count: documentCount))
    try after.close()
  }
}
