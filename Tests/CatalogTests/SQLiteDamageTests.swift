import Glibc
import Platform
import Testing
import VaultFormat

@testable import Catalog

extension CatalogTests {
  /// Files that are not what was written.
  @Suite struct SQLiteDamage {
    /// A closed catalog's bytes: 600 nodes in one folder, some extents.
    private func closedCatalog() throws -> [UInt8] {
      try withCatalog { (catalog, path) throws in
        let extents = (0..<50).map { row(RowKey(.extent, 7, $0 * 4096)) }
        try catalog.commit(CatalogChanges(upserts: (1...600).map { nodeRow($0, in: 1) } + extents))
        try catalog.close()
        return try bytes(of: path)
      }
    }

    /// Opens `bytes` as a catalog and looks at everything.
    private func outcome(_ bytes: [UInt8]) throws -> (error: CatalogError?, findings: [String]) {
      try withFolder { (folder) throws in
        let path = folder + "/catalog.sqlite"
        try write(bytes, to: path)
        do throws(CatalogError) {
          let catalog = try SQLiteCatalog.open(at: path)
          defer { try? catalog.close() }
          let snapshot = try catalog.snapshot()
          defer { snapshot.close() }
          let findings = try snapshot.integrityCheck()
          for table in Table.allCases { _ = try catalog.rows(of: table) }
          return (nil, findings)
        } catch { return (error, []) }
      }
    }

    private func isDamaged(_ error: CatalogError?) -> Bool { if case .damaged = error { true } else { false } }

    @Test func `a whole file has no findings`() throws {
      let whole = try outcome(try closedCatalog())
      #expect(whole.error == nil && whole.findings == [])
    }

    @Test func `a later schema is refused by its number, and left as it was`() throws {
      var bytes = try closedCatalog()
      bytes[63] = UInt8(Schema.version + 1)
      #expect(try outcome(bytes).error == .newerVersion(Schema.version + 1))
      bytes[62] = 1
      #expect(try outcome(bytes).error == .newerVersion(0x100 + Schema.version + 1))
    }

    @Test func `what is not a catalog is damage`() throws {
      let whole = try closedCatalog()
      var other = whole
      other[68] = 0
      #expect(try outcome(other).error == .damaged("not a catalog"))
      var noHeader = whole
      noHeader[0] ^= 1
      for bytes in [[], Array("no database".utf8), [UInt8](repeating: 0, count: 8192), noHeader] {
        let error = try outcome(bytes).error
        #expect(isDamaged(error), "\(bytes.count) bytes: \(String(describing: error))")
      }
    }

    @Test func `a file cut at any page is damage`() throws {
      let whole = try closedCatalog()
      for pages in 1..<whole.count / 4096 {
        let cut = try outcome(Array(whole[..<(pages * 4096)]))
        #expect(isDamaged(cut.error) || !cut.findings.isEmpty, "\(pages) pages")
      }
    }

    @Test func `a page of zeros or with a flipped head is damage`() throws {
      let whole = try closedCatalog()
      for page in 1..<whole.count / 4096 {
        var flipped = whole
        flipped[page * 4096] ^= 0xff
        var zeroed = whole
        for index in page * 4096..<(page + 1) * 4096 { zeroed[index] = 0 }
        for (bytes, what) in [(flipped, "flipped"), (zeroed, "zeroed")] {
          let found = try outcome(bytes)
          #expect(isDamaged(found.error) || !found.findings.isEmpty, "page \(page) \(what)")
        }
      }
    }

    @Test func `an index entry that is gone is found by the integrity check`() throws {
      try withCatalog { (catalog, path) throws in
        try catalog.commit(CatalogChanges(upserts: (1...20).map { nodeRow($0, in: 1) }))
        // Out of the index, while the row stays.
        for sql in [
          "PRAGMA writable_schema = ON",
          "UPDATE sqlite_schema SET sql = 'CREATE INDEX node_parent ON node(parent) WHERE id <> 7' WHERE name = 'node_parent'",
          "PRAGMA writable_schema = RESET", "REINDEX node_parent", "PRAGMA writable_schema = ON",
          "UPDATE sqlite_schema SET sql = 'CREATE INDEX node_parent ON node(parent)' WHERE name = 'node_parent'",
          "PRAGMA writable_schema = RESET",
        ] {
          try run(sql, catalog)
        }
        try catalog.close()
        let found = try outcome(try bytes(of: path))
        #expect(found.error == nil)
        #expect(found.findings.contains { $0.contains("missing from index node_parent") }, "\(found.findings)")
      }
    }

    @Test(arguments: [
      "CREATE TRIGGER other AFTER INSERT ON node BEGIN DELETE FROM node; END", "CREATE VIEW other AS SELECT 1",
      "CREATE TABLE other(x)", "DROP INDEX node_parent", "ALTER TABLE \"grant\" ADD COLUMN more BLOB",
    ])
    func `a schema that is not ours is refused`(_ sql: String) throws {
      try withCatalog { (catalog, path) throws in
        try run(sql, catalog)
        try catalog.close()
        #expect(throws: CatalogError.damaged("foreign schema")) { try SQLiteCatalog.open(at: path) }
      }
    }

    @Test func `a value longer than any row is damage, not memory`() throws {
      try withCatalog { (catalog, path) throws in
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
        #expect(throws: CatalogError.self) {
          try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0, tag: tag(1), version: 2, byteCount: 2 << 20)]))
        }
        #expect(try catalog.rows(of: .node) == [nodeRow(1, in: 0)])
      }
    }

    private func run(_ sql: String, _ catalog: SQLiteCatalog) throws {
      try catalog.writer.use { (writer) throws(CatalogError) -> Void in
        try PreparedStatement(sql, on: writer.handle, StatementCounter()).execute()
      }
    }
  }
}
