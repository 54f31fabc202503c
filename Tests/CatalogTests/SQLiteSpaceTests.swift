import Glibc
import Platform
import Testing
import VaultFormat

@testable import Catalog

extension CatalogTests {
  /// Full disks, played by a small tmpfs; needs root, as the container that runs the tests has.
  @Suite(.enabled(if: geteuid() == 0, "a tmpfs can be mounted by root only"))
  struct SQLiteSpace {
    /// A fresh file system of `byteCount` bytes, unmounted at the end.
    private func withSmallDisk(_ byteCount: Int, _ body: (String) throws -> Void) throws {
      try withFolder { (folder) throws in
        try #require(mount("tmpfs", folder, "tmpfs", 0, "size=\(byteCount)") == 0, "mount: \(errno)")
        defer { umount2(folder, Int32(MNT_DETACH)) }
        try body(folder)
      }
    }

    /// Takes all that is free.
    private func fill(_ folder: String) throws {
      let file = try File(folder + "/ballast", O_WRONLY | O_CREAT)
      let block = [UInt8](repeating: 1, count: 4096)
      var offset = (try? file.size()) ?? 0
      while (try? file.write(block, at: offset)) != nil { offset += block.count }
    }

    private func empty(_ folder: String) throws { try Files.unlink(folder + "/ballast") }

    @Test func `a commit on a full disk leaves nothing, and the next one works`() throws {
      try withSmallDisk(2 << 20) { (folder) throws in
        let catalog = try SQLiteCatalog.create(at: folder + "/catalog.sqlite")
        let before = (1...50).map { nodeRow($0, in: 0) }
        try catalog.commit(CatalogChanges(upserts: before))
        let logBefore = fileSize(folder + "/catalog.sqlite-wal")
        let large = CatalogChanges(deletes: [RowKey(.node, 1)], upserts: (2...20_000).map { nodeRow($0, in: 0, version: 2) })
        for _ in 0..<2 {
          #expect(throws: CatalogError.outOfSpace) { try catalog.commit(large) }
          #expect(try catalog.everything() == before)
          #expect(fileSize(folder + "/catalog.sqlite-wal") == logBefore, "the space is given back")
        }
        let small = nodeRow(51, in: 0)
        try catalog.commit(CatalogChanges(upserts: [small]))
        #expect(try catalog.everything() == before + [small])
        try catalog.close()
        let reopened = try SQLiteCatalog.open(at: folder + "/catalog.sqlite")
        #expect(try reopened.everything() == before + [small])
        let snapshot = try reopened.snapshot()
        #expect(try snapshot.integrityCheck() == [])
        snapshot.close()
        try reopened.close()
      }
    }

    @Test func `with not a block free nothing is lost, and all works again when there is`() throws {
      try withSmallDisk(4 << 20) { (folder) throws in
        let path = folder + "/catalog.sqlite"
        let catalog = try SQLiteCatalog.create(at: path)
        let before = (1...500).map { nodeRow($0, in: 0) }
        try catalog.commit(CatalogChanges(upserts: before))
        try fill(folder)
        let after = (1...500).map { nodeRow($0, in: 0, version: 2) }
        #expect(throws: CatalogError.outOfSpace) { try catalog.commit(CatalogChanges(upserts: after)) }
        #expect(throws: CatalogError.outOfSpace) { try catalog.reserve(rowCount: 500) }
        #expect(try catalog.everything() == before)
        // The log cannot be folded now: it stays, and is whole.
        #expect(throws: CatalogError.outOfSpace) { try catalog.close() }
        #expect(throws: CatalogError.self) { try catalog.node(.root) }
        #expect(Files.exists(path + "-wal"))
        try empty(folder)
        let reopened = try SQLiteCatalog.open(at: path)
        #expect(try reopened.everything() == before)
        try reopened.commit(CatalogChanges(upserts: after))
        #expect(try reopened.everything() == after)
        try reopened.close()
        #expect(try Files.list(folder) == ["catalog.sqlite"])
      }
    }

    @Test(arguments: [1, 20, 500, 3000])
    func `a reserved commit goes through on a disk that is full since`(_ count: Int) throws {
      try withSmallDisk(24 << 20) { (folder) throws in
        let catalog = try SQLiteCatalog.create(at: folder + "/catalog.sqlite")
        try catalog.commit(CatalogChanges(upserts: (1...5000).map { nodeRow($0 * 10, in: 0) }))
        try catalog.reserve(rowCount: count)
        try fill(folder)
        // The worst: every row on other pages, half of them new.
        let rows = (0..<UInt64(count)).map { index -> SealedRow in
          let id = (index &* 7919 % 5000 + 1) * 10 + index % 2
          return nodeRow(id, in: 0, version: 9)
        }
        try catalog.commit(CatalogChanges(upserts: rows))
        for row in rows { #expect(try catalog.row(row.key)?.version == RowVersion(9)) }
        try empty(folder)
        try catalog.close()
      }
    }

    @Test func `reserving asks for the space and tells when there is none`() throws {
      try withSmallDisk(2 << 20) { (folder) throws in
        let catalog = try SQLiteCatalog.create(at: folder + "/catalog.sqlite")
        try catalog.reserve(rowCount: 100)
        #expect(throws: CatalogError.outOfSpace) { try catalog.reserve(rowCount: 100_000) }
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
        #expect(try catalog.rows(of: .node).count == 1)
        try catalog.close()
      }
    }
  }
}
