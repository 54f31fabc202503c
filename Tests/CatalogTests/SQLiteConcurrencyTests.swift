import Catalog
import Platform
import Synchronization
import Testing
import VaultFormat

extension CatalogTests {
  @Suite struct SQLiteConcurrency {
    /// Waits until `isDone`, at most ten seconds; so that a failure is a failure and no hang.
    private func eventually(_ isDone: () -> Bool) -> Bool {
      for _ in 0..<10_000 {
        if isDone() { return true }
        let lock = Lock()
        lock.lock()
        Condition().wait(lock, nanoseconds: 1_000_000)
        lock.unlock()
      }
      return isDone()
    }

    @Test func `readers do not wait for a commit, and see the state before it`() throws {
      struct Shared: Sendable {
        var order: [String] = []
        var seen: [SealedRow?] = []
      }
      let shared = Mutex(Shared())
      let catalogInHook = Mutex<SQLiteCatalog?>(nil)
      let threads = Mutex<[Thread]>([])
      var settings = SQLiteCatalogSettings()
      settings.beforeCommit = { () throws(CatalogError) in
        guard let catalog = catalogInHook.withLock({ $0 }) else { return }
        // The commit now waits for both readers; were they to wait for it, they would not be done in time.
        for name in ["first", "second"] {
          let thread = Thread(name: name) {
            let row = try? catalog.node(NodeID(1))
            let listed = (try? catalog.children(of: .none, after: .none, limit: 5000).count) ?? -1
            shared.withLock {
              $0.order.append("reader of \(listed)")
              $0.seen.append(row)
            }
          }
          threads.withLock { $0.append(thread) }
        }
        _ = self.eventually { shared.withLock { $0.order.count == 2 } }
      }
      try withCatalog(settings) { (catalog, _) throws in
        let before = nodeRow(1, in: 0)
        try catalog.commit(CatalogChanges(upserts: [before]))
        catalogInHook.withLock { $0 = catalog }
        try catalog.commit(CatalogChanges(upserts: (1...3000).map { nodeRow($0, in: 0, version: 2) }))
        shared.withLock { $0.order.append("commit") }
        for thread in threads.withLock({ $0 }) { thread.join() }
        catalogInHook.withLock { $0 = nil }
        #expect(shared.withLock { $0.order } == ["reader of 1", "reader of 1", "commit"])
        #expect(shared.withLock { $0.seen } == [before, before])
        #expect(try catalog.node(NodeID(1)) == nodeRow(1, in: 0, version: 2))
      }
    }

    @Test func `every read sees whole commits, whatever runs beside it`() throws {
      var settings = SQLiteCatalogSettings()
      settings.logByteCountMax = 64 << 10
      try withCatalog(settings) { (catalog, _) throws in
        func rows(_ version: UInt64) -> [SealedRow] {
          [10, 20, 200].map { nodeRow($0, in: 1, version: version) } + [row(RowKey(.extent, 10, 5), version: version)]
        }
        try catalog.commit(CatalogChanges(upserts: rows(1)))
        let isOver = Atomic<Bool>(false)
        let torn = Atomic<Int>(0)
        let backwards = Atomic<Int>(0)
        let reads = Atomic<Int>(0)
        let threads = (0..<3).map { index in
          Thread(name: "reader") {
            var last: UInt64 = 0
            while !isOver.load(ordering: .relaxed) {
              let found = (try? catalog.rows(inBucket: 0)) ?? []
              let versions = Set(found.map(\.version.value))
              if found.count != 4 || versions.count != 1 { torn.add(1, ordering: .relaxed) }
              if let version = versions.first {
                if version < last { backwards.add(1, ordering: .relaxed) }
                last = version
              }
              reads.add(1, ordering: .relaxed)
            }
          }
        }
        for version in 2...150 {
          let fresh = rows(UInt64(version))
          // Odd ones delete and insert, even ones write in place.
          try catalog.commit(CatalogChanges(deletes: version % 2 == 1 ? fresh.map(\.key) : [], upserts: fresh))
          #expect(try catalog.node(NodeID(20))?.version.value == UInt64(version), "a commit that returned is seen")
        }
        _ = eventually { reads.load(ordering: .relaxed) > 30 }
        isOver.store(true, ordering: .relaxed)
        for thread in threads { thread.join() }
        #expect(torn.load(ordering: .relaxed) == 0)
        #expect(backwards.load(ordering: .relaxed) == 0)
        #expect(reads.load(ordering: .relaxed) > 30)
      }
    }

    @Test func `the log is folded by its own thread when it passes the limit, and begun anew`() throws {
      var settings = SQLiteCatalogSettings()
      settings.logByteCountMax = 256 << 10
      try withCatalog(settings) { (catalog, path) throws in
        let fileBefore = try #require(fileSize(path))
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
        #expect(catalog.checkpointCount == 0)
        #expect(catalog.logByteCount < 256 << 10)
        #expect(fileSize(path) == fileBefore, "a commit goes to the log alone")
        var rounds: UInt64 = 0
        while catalog.checkpointCount < 3, rounds < 200 {
          rounds += 1
          let known = catalog.checkpointCount
          try catalog.commit(CatalogChanges(upserts: (1...200).map { nodeRow($0, in: 0, version: rounds) }))
          if catalog.logByteCount > 256 << 10 { #expect(eventually { catalog.checkpointCount > known }) }
        }
        #expect(catalog.checkpointCount >= 3)
        #expect(catalog.checkpointFailure == nil)
        #expect(try #require(fileSize(path)) > fileBefore)
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0, version: rounds + 1)]))
        #expect(try #require(fileSize(path + "-wal")) < 2 * (256 << 10))
        #expect(try catalog.rows(of: .node).count == 200)
      }
    }

    @Test func `a snapshot holds the log, and lets it go`() throws {
      var settings = SQLiteCatalogSettings()
      settings.logByteCountMax = 64 << 10
      try withCatalog(settings) { (catalog, path) throws in
        try catalog.commit(CatalogChanges(upserts: (1...200).map { nodeRow($0, in: 0) }))
        let snapshot = try catalog.snapshot()
        for version in 2...10 {
          try catalog.commit(CatalogChanges(upserts: (1...200).map { nodeRow($0, in: 0, version: UInt64(version)) }))
        }
        #expect(try #require(fileSize(path + "-wal")) > 256 << 10)
        var versions: Set<UInt64> = []
        try snapshot.forEachRow(of: .node) { versions.insert($0.version.value) }
        #expect(versions == [1])
        snapshot.close()
        let known = catalog.checkpointCount
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0, version: 11)]))
        #expect(eventually { catalog.checkpointCount > known })
        try catalog.checkpointTruncate()
        #expect(fileSize(path + "-wal") == 0)
        #expect(try catalog.rows(of: .node).count == 200)
      }
    }
  }
}
