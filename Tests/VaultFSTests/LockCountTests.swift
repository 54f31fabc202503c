import Access
import Platform
import Testing
import Vault
import VaultFormat

@testable import VaultFS

#if DEBUG
  /// Which locks a check and a read take. Sixteen documents, half of them alice's and half bob's, all in memory.
  @Suite struct LockCountTests {
    private let test: TestFiles
    private let folder: Node
    private let open: [(caller: Caller, id: HandleID)]
    private let rights: Rights = [.list, .read, .add, .edit]

    init() throws {
      let test = try TestFiles()
      let folder = try test.make(.folder, "a")
      try test.give([.list, .read, .add, .edit], to: TestFiles.alice, on: folder)
      try test.give([.list, .read, .add, .edit], to: TestFiles.bob, on: folder)
      let bytes = [UInt8](repeating: 7, count: 4096)
      var open: [(caller: Caller, id: HandleID)] = []
      for index in 0..<16 {
        let caller = index < 8 ? TestFiles.alice : TestFiles.bob
        let made = try test.create(caller, "d\(index)", in: folder)
        _ = try bytes.withUnsafeBytes { try test.files.write(caller, made, $0, at: 0, appends: false) }
        test.files.release(made, lockOwner: nil)
      }
      try test.vault.sync()
      for index in 0..<16 {
        let caller = index < 8 ? TestFiles.alice : TestFiles.bob
        let number = try test.number(caller, "d\(index)", in: folder)
        open.append((caller, try test.files.open(caller, number, OpenAccess(reads: true, writes: false))))
      }
      (self.test, self.folder, self.open) = (test, folder, open)
      // Twice: read once it is in the cache.
      for _ in 0..<2 { for index in open.indices { try read(index) } }
    }

    private func read(_ index: Int) throws(FSError) {
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
      defer { buffer.deallocate() }
      guard try test.files.read(open[index].caller, open[index].id, at: 0, into: buffer) == 4096 else { throw .io }
    }

    /// A permit ends after two seconds, and a machine can stand still for so long: what took more is done once more.
    private func taken(_ body: () throws(FSError) -> Void) throws -> [LockCount.Identity] {
      while true {
        for index in open.indices { try read(index) }
        let begin = Clock.boot()
        let locks = try LockCount.taken(body)
        if Clock.boot() - begin < 500_000_000 { return locks }
      }
    }

    @Test func aWarmReadIsJudgedWithoutALock() throws {
      for (caller, id) in open {
        let handle = try #require(test.files.handles[id])
        let locks = try taken { () throws(FSError) in
          for _ in 0..<10 { try test.files.judgeHandle(handle, caller, .read, .read) }
        }
        #expect(locks.isEmpty)
      }
    }

    /// The handle table's shard, the document, the cache's shard, the trail, the handle's coverage; and of these only the trail's is one for
    /// all, which has nothing to do with rights.
    @Test func aWarmReadTakesFiveLocksAndSharesOnlyTheTrails() throws {
      var shared: Set<LockCount.Identity>?
      for index in open.indices {
        let locks = try taken { () throws(FSError) in try read(index) }
        #expect(locks.count == 5 && Set(locks).count == 5)
        shared = shared?.intersection(locks) ?? Set(locks)
      }
      let appending = try taken { () throws(FSError) in try test.files.append(Record(.mount)) }
      #expect(shared?.count == 1 && shared == shared?.intersection(appending))
    }

    /// Who the caller is, what they may, and the tree, each once; of a document that is open its content's lock as well, and the tree's for it.
    @Test func aLookupTakesTheTreesLockOnce() throws {
      let root = try test.vault.node(.root)
      // Which rules a folder's rights come from is kept with it, and the slot of whoever asked last.
      try look("a", in: root)
      try look("d0", in: self.folder)
      let folder = try taken { () throws(FSError) in try look("a", in: root) }
      #expect(folder.count == 3 && Set(folder).count == 3)
      let document = try taken { () throws(FSError) in try look("d0", in: self.folder) }
      #expect(document.count == 5 && Set(document).isSuperset(of: folder))
    }

    /// Who waited for a document's content would tell by the time it took that there is one. Carol sees the folder for what lies beneath it.
    @Test func aNameThatIsHiddenWaitsForNoContent() throws {
      try test.give([.list], to: TestFiles.carol, on: try test.make(.folder, "inner", in: folder))
      let content = try #require(test.files.handles[open[0].id]).content(in: test.vault)
      let lock = try #require(try taken { () throws(FSError) in content.lock.reading {} }.first)
      #expect(try taken { () throws(FSError) in try look("d0", in: folder) }.contains(lock))
      for _ in 0..<2 {
        let locks = try taken { () throws(FSError) in
          var failure: FSError?
          do throws(FSError) { try look("d0", in: folder, TestFiles.carol) } catch { failure = error }
          guard failure == .noEntry else { throw .io }
        }
        #expect(!locks.isEmpty && !locks.contains(lock))
      }
    }

    private func look(_ name: String, in folder: Node, _ caller: Caller = TestFiles.alice) throws(FSError) {
      let bytes = Array(name.utf8)
      var failure: FSError?
      bytes.withUnsafeBytes {
        do throws(FSError) {
          _ = try test.files.lookup(caller, in: FileNumber(folder.id.value), $0)
        } catch { failure = error }
      }
      if let failure { throw failure }
    }

    @Test func whoCreatedWritesWithoutBeingJudgedAnew() throws {
      while true {
        let begin = Clock.boot()
        let id = try test.create(TestFiles.alice, "new\(begin)", in: folder)
        let handle = try #require(test.files.handles[id])
        let locks = try LockCount.taken { () throws(FSError) in try test.files.judgeHandle(handle, TestFiles.alice, .edit, .write)
        }
        if Clock.boot() - begin > 1_000_000_000 { continue }
        #expect(locks.isEmpty)
        return
      }
    }

    @Test func aChangeOfGrantsIsSeenByTheNextReadAndAsksTheCatalogNothing() throws {
      var grant = try #require(test.vault.grants.first { $0.principal.name == "alice" })
      for _ in 0..<5 {
        try test.vault.change([.remove(.grant(grant))])
        var before = test.vault.statementCount
        #expect(test.failure { try read(0) } == .accessDenied)
        #expect(test.vault.statementCount == before)
        try read(8)
        grant = try test.give(rights, to: TestFiles.alice, on: folder)
        before = test.vault.statementCount
        #expect(test.failure { try read(0) } == nil)
        #expect(test.vault.statementCount == before)
      }
    }
  }
#endif
