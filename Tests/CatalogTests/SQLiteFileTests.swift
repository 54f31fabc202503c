import Glibc
import Platform
import Testing
import VaultFormat

@testable import Catalog

extension CatalogTests {
  /// The file and the statements: what docs/format/catalog.md says.
  @Suite struct SQLiteFile {
    @Test func `files are for the owner alone, and one is left after close`() throws {
      try withCatalog { (catalog, path) throws in
        let folder = Files.folder(of: path)
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
        #expect(try Files.list(folder) == ["catalog.sqlite", "catalog.sqlite-shm", "catalog.sqlite-wal"])
        for name in try Files.list(folder) {
          var status = stat()
          #expect(lstat(folder + "/" + name, &status) == 0)
          #expect(status.st_mode & 0o7777 == 0o600, "\(name)")
        }
        try catalog.close()
        #expect(try Files.list(folder) == ["catalog.sqlite"])
        let header = try bytes(of: path)
        #expect(Array(header[0..<16]) == Array("SQLite format 3\0".utf8))
        #expect(Array(header[60..<64]) == [0, 0, 0, 3], "user_version")
        #expect(Array(header[68..<72]) == Array("Strg".utf8), "application_id")
        let reopened = try SQLiteCatalog.open(at: path)
        #expect(try reopened.everything() == [nodeRow(1, in: 0)])
        try reopened.close()
      }
    }

    @Test func `nothing is made over a file, and nothing opened where none is`() throws {
      try withCatalog { (catalog, path) throws in
        #expect(throws: CatalogError.io("open: File exists")) { try SQLiteCatalog.create(at: path) }
        try catalog.close()
        #expect(throws: CatalogError.damaged("the catalog is missing")) { try SQLiteCatalog.open(at: path + ".other") }
        #expect(!Files.exists(path + ".other"))
        symlink(path, path + ".link")
        #expect(throws: CatalogError.damaged("the catalog is not a file")) { try SQLiteCatalog.open(at: path + ".link") }
      }
    }

    @Test func `no two statements share a place`() {
      let all = VaultFormat.Table.allCases.flatMap { table -> [CatalogStatement] in
        [.row(table), .rows(table), .upsert(table), .delete(table)]
      }
      let slots = Set(all.map(\.slot) + [CatalogStatement.childEntries.slot])
      #expect(slots.count == 4 * VaultFormat.Table.allCases.count + 1 && slots.max()! < CatalogStatement.slotCount)
    }

    @Test func `the format's page has the schema to the letter`() throws {
      let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
      let page = String(decoding: try bytes(of: root + "/docs/format/catalog.md"), as: UTF8.self)
      for sql in Schema.objects().values { #expect(page.contains("\n\(sql);\n"), "\(sql)") }
      #expect(Schema.objects().count == Table.allCases.count + 2)
    }

    @Test(arguments: [(1, .duty), (1, .suspension), (2, .use), (2, .reviewItem)] as [(UInt64, VaultFormat.Table)])
    func `a catalog of an earlier schema is read as it is, and then brought to this version`(
      _ version: UInt64, _ table: VaultFormat.Table
    ) throws {
      try withCatalog { (_, path) throws in
        let old = path + ".old"
        try Schema.makeFile(at: old, version: version)
        let snapshot = try SQLiteCatalog.openSnapshot(at: old)
        try snapshot.forEachRow(of: table) { _ in Issue.record("there is no such table yet") }
        snapshot.close()
        let catalog = try SQLiteCatalog.open(at: old)
        try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
        #expect(try catalog.rows(of: table).isEmpty)
        #expect(try catalog.row(RowKey(table, 1)) == nil)
        try catalog.upgrade()
        try catalog.upgrade()
        let row = SealedRow(key: RowKey(table, 7), version: RowVersion(9), sealed: [1, 2, 3])
        try catalog.commit(CatalogChanges(upserts: [row]))
        // Each of the two readers knows.
        for _ in 0..<2 { #expect(try catalog.rows(of: table) == [row]) }
        try catalog.close()
        #expect(Array(try bytes(of: old)[60..<64]) == [0, 0, 0, 3])
        let again = try SQLiteCatalog.open(at: old)
        #expect(try again.everything() == [nodeRow(1, in: 0), row])
        try again.close()
      }
    }

    @Test func `pragmas are what they are promised to be`() throws {
      try withCatalog { (catalog, _) throws in
        func value(_ pragma: String, _ connection: SQLiteConnection) throws -> String {
          try connection.use { (connection) throws(CatalogError) -> String in
            try PreparedStatement("PRAGMA " + pragma, on: connection.handle, StatementCounter())
              .first { (columns) throws(CatalogError) in columns.text(0) } ?? ""
          }
        }
        let both = ["journal_mode": "wal", "trusted_schema": "0", "cell_size_check": "1", "temp_store": "2", "page_size": "4096"]
        for (pragma, expected) in both {
          for connection in [catalog.writer, catalog.reader] { #expect(try value(pragma, connection) == expected, "\(pragma)") }
        }
        let writing = [
          "synchronous": "2", "secure_delete": "1", "wal_autocheckpoint": "0", "auto_vacuum": "0", "cache_size": "-8192",
          "journal_size_limit": "16777216", "encoding": "UTF-8",
        ]
        for (pragma, expected) in writing { #expect(try value(pragma, catalog.writer) == expected, "\(pragma)") }
        for _ in 0..<2 {
          let reader = catalog.reader
          #expect(try value("cache_size", reader) == "-4096")
          #expect(throws: CatalogError.self) { try value("user_version = 9", reader) }
        }
      }
    }

    @Test func `hot statements search an index and sort nothing`() throws {
      let plans: [(CatalogStatement, [String])] = [
        (.row(.node), ["SEARCH node USING INTEGER PRIMARY KEY (rowid=?)"]),
        (.row(.extent), ["SEARCH extent USING PRIMARY KEY (node=? AND start=?)"]),
        (.row(.grant), ["SEARCH grant USING INTEGER PRIMARY KEY (rowid=?)"]),
        (.nodeByName, ["SEARCH node USING INDEX node_name (parent=? AND name_tag=?)"]),
        (.children, ["SEARCH node USING INDEX node_parent (parent=? AND rowid>?)"]),
        (.extents, ["SEARCH extent USING PRIMARY KEY (node=?)"]),
        (.rows(.node), ["SCAN node"]),
        (.rows(.extent), ["SCAN extent"]),
        (.nameEntries, ["SCAN node USING COVERING INDEX node_name"]),
        (.childEntries, ["SCAN node USING COVERING INDEX node_parent"]),
        (
          .nodeBucket,
          [
            "COMPOUND QUERY", "LEFT-MOST SUBQUERY", "SEARCH node USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)", "UNION ALL",
            "SEARCH extent USING PRIMARY KEY (node>? AND node<?)",
          ]
        ),
      ]
      try withCatalog { (catalog, _) throws in
        for (statement, expected) in plans {
          let plan = try catalog.writer.use { (writer) throws(CatalogError) -> [String] in
            try PreparedStatement("EXPLAIN QUERY PLAN " + statement.sql, on: writer.handle, StatementCounter())
              .all { (columns) throws(CatalogError) in columns.text(3) }
          }
          #expect(plan == expected, "\(statement)")
        }
      }
    }

    @Test func `each operation runs its number of statements`() throws {
      try withCatalog { (catalog, _) throws in
        func statements(_ body: () throws -> Void) throws -> UInt64 {
          let before = catalog.statementCount
          try body()
          return catalog.statementCount - before
        }
        let rows = (1...100).map { nodeRow($0, in: 0) } + (0..<7).map { row(RowKey(.extent, 5, $0)) }
        #expect(try statements { try catalog.commit(CatalogChanges()) } == 0)
        #expect(try statements { try catalog.commit(CatalogChanges(upserts: rows)) } == 107 + 2)
        let rewritten = rows.map { row in
          SealedRow(key: row.key, version: RowVersion(2), node: row.node, sealed: row.sealed)
        }
        #expect(try statements { try catalog.commit(CatalogChanges(upserts: rewritten)) } == 107 + 2)
        let moved = nodeRow(9, in: 50, version: 3)
        #expect(try statements { try catalog.commit(CatalogChanges(upserts: [moved])) } == 2 + 2)
        #expect(
          try statements { try catalog.commit(CatalogChanges(deletes: [moved.key], upserts: [nodeRow(9, in: 51, version: 4)])) }
            == 2 + 2)
        #expect(try statements { _ = try catalog.node(NodeID(5)) } == 1)
        #expect(try statements { _ = try catalog.nodes([NodeID(5), NodeID(7), NodeID(200)]) } == 3 + 2)
        #expect(try statements { _ = try catalog.node(parent: .none, tag: tag(5)) } == 1)
        #expect(try statements { _ = try catalog.children(of: .none, after: .none, limit: 64) } == 1)
        #expect(try statements { _ = try catalog.extents(of: NodeID(5)) } == 1)
        #expect(try statements { _ = try catalog.rows(inBucket: 0) } == 1)
        #expect(try statements { _ = try catalog.rows(inBucket: CatalogBuckets.bucket(of: .grant)) } == 1)
        #expect(try statements { _ = try catalog.row(RowKey(.meta, 1)) } == 1)
        #expect(try statements { try catalog.reserve(rowCount: 5) } == 0)
        // A failed commit: BEGIN, the row before, the bad row's upsert, ROLLBACK.
        #expect(
          try statements {
            try? catalog.commit(CatalogChanges(upserts: [row(RowKey(.meta, 1)), nodeRow(200, in: 0, tag: tag(5))]))
          } == 4)
      }
    }

    @Test func `a document costs at most 320 bytes of the file`() throws {
      try withCatalog { (catalog, path) throws in
        let count: UInt64 = 20_000
        var folder: UInt64 = 0
        for group in 0..<4 {
          let ids = (1...count / 4).map { UInt64(group) * count / 4 + $0 + 1 }
          // A folder for each 200 documents, as trees are; names fall anywhere.
          let rows = ids.map { id -> SealedRow in
            if id % 200 == 2 { folder = id }
            return nodeRow(id, in: id == folder ? 1 : folder, tag: tag(id), version: id, byteCount: 180)
          }
          try catalog.commit(CatalogChanges(upserts: rows))
        }
        try catalog.close()
        let perDocument = Double(try #require(fileSize(path))) / Double(count)
        #expect(perDocument <= 320)
        #expect(perDocument > 180 + 16 + 8, "less than what the rows hold cannot be")
      }
    }
  }
}
