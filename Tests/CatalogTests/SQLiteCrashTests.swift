import Catalog
import Glibc
import Platform
import Synchronization
import Testing
import VaultFormat

extension CatalogTests {
  /// What is on disk at any instant, as a crash would leave it.
  @Suite struct SQLiteCrash {
    private static let files = ["catalog.sqlite", "catalog.sqlite-wal"]

    /// Everything in the catalog that a crash left as the files of `folder`.
    private func recovered(_ folder: String) throws -> [SealedRow] {
      let catalog = try SQLiteCatalog.open(at: folder + "/catalog.sqlite")
      defer { try? catalog.close() }
      let snapshot = try catalog.snapshot()
      defer { snapshot.close() }
      #expect(try snapshot.integrityCheck() == [])
      return try catalog.everything()
    }

    @Test func `a catalog left open comes back with all its commits`() throws {
      try withFolder { (folder) throws in
        do {
          let catalog = try SQLiteCatalog.create(at: folder + "/catalog.sqlite")
          for version in 1...3 { try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0, version: UInt64(version))])) }
        }
        #expect(try recovered(folder) == [nodeRow(1, in: 0, version: 3)])
      }
    }

    @Test func `half a commit on disk is none of it`() throws {
      try withFolder { (crashed) throws in
        let logBefore = Atomic<Int>(0)
        let logWithin = Atomic<Int>(0)
        let isSecond = Atomic<Bool>(false)
        let source = Mutex("")
        var settings = SQLiteCatalogSettings()
        // So small a cache that rows go to the log before the commit.
        settings.cacheByteCount = 256 << 10
        settings.beforeCommit = { () throws(CatalogError) in
          guard isSecond.load(ordering: .relaxed) else { return }
          let folder = source.withLock { $0 }
          try! copyFiles(Self.files, from: folder, to: crashed)
          logWithin.store(fileSize(crashed + "/catalog.sqlite-wal") ?? 0, ordering: .relaxed)
        }
        try withCatalog(settings) { (catalog, path) throws in
          let folder = Files.folder(of: path)
          source.withLock { $0 = folder }
          let before = (1...20).map { nodeRow($0, in: 0) }
          try catalog.commit(CatalogChanges(upserts: before))
          logBefore.store(fileSize(path + "-wal") ?? 0, ordering: .relaxed)
          isSecond.store(true, ordering: .relaxed)
          let after = (1...5000).map { nodeRow($0, in: 0, version: 2) }
          try catalog.commit(CatalogChanges(upserts: after))
          // The test is of something only if the log held rows of the commit under way.
          #expect(logWithin.load(ordering: .relaxed) > logBefore.load(ordering: .relaxed) + 100 * 4096)
          #expect(try recovered(crashed) == before)
          try copyFiles(Self.files, from: folder, to: crashed)
          #expect(try recovered(crashed) == after)
        }
      }
    }

    @Test(arguments: [1, 5000])
    func `a commit that fails at its end leaves nothing, and the next one works`(_ count: Int) throws {
      let failures = Atomic<Int>(0)
      var settings = SQLiteCatalogSettings()
      settings.cacheByteCount = 256 << 10
      settings.beforeCommit = { () throws(CatalogError) in
        if failures.load(ordering: .relaxed) > 0 {
          failures.subtract(1, ordering: .relaxed)
          throw .io("told to")
        }
      }
      try withCatalog(settings) { (catalog, path) throws in
        let before = (1...20).map { nodeRow($0, in: 0) }
        try catalog.commit(CatalogChanges(upserts: before))
        let logBefore = fileSize(path + "-wal")
        let changes = CatalogChanges(
          deletes: before.map(\.key),
          upserts: (1...UInt64(count)).map { nodeRow($0, in: 0, version: 2) } + [row(RowKey(.meta, 2))])
        failures.store(2, ordering: .relaxed)
        for _ in 0..<2 {
          #expect(throws: CatalogError.io("told to")) { try catalog.commit(changes) }
          #expect(try catalog.everything() == before)
          #expect(fileSize(path + "-wal") == logBefore)
        }
        try catalog.commit(changes)
        #expect(try catalog.everything() == changes.upserts)
        try catalog.close()
        #expect(try recovered(Files.folder(of: path)) == changes.upserts)
      }
    }

    @Test func `a log cut or flipped anywhere is a number of whole commits`() throws {
      // Rows that lie on many pages, all of one version in each commit.
      func rows(_ version: UInt64) -> [SealedRow] {
        stride(from: UInt64(1), through: 200, by: 20).map { nodeRow($0, in: 0, version: version) } + [
          row(RowKey(.meta, 2), version: version)
        ]
      }
      let (file, log) = try withCatalog { (catalog, path) throws in
        try catalog.commit(CatalogChanges(upserts: (1...200).map { nodeRow($0, in: 0, version: 1) } + [row(RowKey(.meta, 2))]))
        try catalog.checkpointTruncate()
        for version in 2...4 { try catalog.commit(CatalogChanges(upserts: rows(UInt64(version)))) }
        return (try bytes(of: path), try bytes(of: path + "-wal"))
      }
      #expect(log.count > 3 * 5 * 4096)

      func version(_ log: [UInt8]) throws -> UInt64 {
        try withFolder { (folder) throws in
          try write(file, to: folder + "/catalog.sqlite")
          try write(log, to: folder + "/catalog.sqlite-wal")
          let found = try recovered(folder)
          let version = try #require(found.last?.version.value)
          #expect(found.filter { $0.key.first % 20 == 1 || $0.key.table == .meta } == rows(version))
          return version
        }
      }
      #expect(try version(log) == 4)
      var seen: [UInt64] = []
      for length in stride(from: 0, to: log.count, by: 1531) { seen.append(try version(Array(log[..<length]))) }
      #expect(seen == seen.sorted())
      #expect(Set(seen) == [1, 2, 3])
      seen = []
      for position in stride(from: 3, to: log.count, by: 2039) {
        var flipped = log
        flipped[position] ^= 0x40
        seen.append(try version(flipped))
      }
      #expect(seen == seen.sorted())
      #expect(Set(seen) == [1, 2, 3])
    }

    @Test func `a deliberate destruction leaves no bytes of the row`() throws {
      try withCatalog { (catalog, path) throws in
        let doomed = nodeRow(150, in: 1, version: 77)
        let needle = Array(doomed.sealed[20..<52])
        func isFound(_ path: String) throws -> Bool { try bytes(of: path).contains(needle) }
        try catalog.commit(CatalogChanges(upserts: (1...300).map { nodeRow($0, in: 1) }))
        try catalog.commit(CatalogChanges(upserts: [doomed]))
        #expect(try isFound(path + "-wal"))
        try catalog.checkpointTruncate()
        #expect(try isFound(path))
        try catalog.commit(CatalogChanges(deletes: [doomed.key]))
        #expect(try isFound(path), "still in the file until the log is folded")
        try catalog.checkpointTruncate()
        #expect(!(try isFound(path)))
        #expect(fileSize(path + "-wal") == 0)
        #expect(catalog.logByteCount == 32)
        #expect(try catalog.node(NodeID(149)) != nil)
      }
    }
  }
}
