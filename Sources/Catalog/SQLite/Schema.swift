import GRDB

/// The catalog's tables and indexes as SQL: docs/format/catalog.md, byte for byte. Later versions add migrations and change none.
enum Schema {
  static let version: UInt64 = 3
  /// "Strg", in SQLite's header at offset 68.
  static let applicationID: Int64 = 0x5374_7267
  static let pageByteCount = 4096
  /// The longest value SQLite may hand out: more than the longest row (256 KiB of attributes), less than a forged one would need.
  static let valueByteCountMax: Int32 = 1 << 20

  /// What came with each version, by name.
  private static let additions: [UInt64: [String: String]] = {
    var first = [
      "node":
        "CREATE TABLE node(id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name_tag BLOB NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT",
      "node_name": "CREATE UNIQUE INDEX node_name ON node(parent, name_tag)",
      "node_parent": "CREATE INDEX node_parent ON node(parent)",
      "extent":
        "CREATE TABLE extent(node INTEGER NOT NULL, start INTEGER NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(node, start)) STRICT, WITHOUT ROWID",
    ]
    for name in TableNames.small(since: 1) { first[name] = small(name) }
    var all: [UInt64: [String: String]] = [1: first]
    for version in 2...version {
      all[version] = Dictionary(uniqueKeysWithValues: TableNames.small(since: version).map { ($0, small($0)) })
    }
    return all
  }()

  private static func small(_ name: String) -> String {
    "CREATE TABLE \"\(name)\"(id INTEGER PRIMARY KEY, version INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT"
  }

  /// What stands in `sqlite_schema` of a version, by name.
  static func objects(_ version: UInt64 = version) -> [String: String] {
    additions.filter { $0.key <= version }.values.reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
  }

  /// Tables before their indexes.
  private static func statements(_ version: UInt64) -> [String] {
    (additions[version] ?? [:]).values.sorted {
      ($0.hasPrefix("CREATE TABLE") ? 0 : 1, $0) < ($1.hasPrefix("CREATE TABLE") ? 0 : 1, $1)
    }
  }

  /// For a new file: all versions, or those up to one that a test wants.
  static func migrator(upTo last: UInt64 = version) -> DatabaseMigrator {
    var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
    for version in 1...last {
      migrator.registerMigration(String(version)) { database in
        for sql in statements(version) { try database.execute(sql: sql) }
        if version == 1 { try database.execute(sql: "PRAGMA application_id = \(applicationID)") }
        try database.execute(sql: "PRAGMA user_version = \(version)")
      }
    }
    return migrator
  }

  #if DEBUG
    /// An empty catalog as a program of that version made it.
    static func makeFile(at path: String, version: UInt64) throws {
      let queue = try DatabaseQueue(path: path)
      try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
      try migrator(upTo: version).migrate(queue)
      try queue.close()
    }
  #endif

  /// For a file of an earlier version: one transaction as SQL, since GRDB's hooks are off by the time it runs.
  static func upgrade(from old: UInt64) -> String {
    var parts = ["BEGIN IMMEDIATE"]
    for version in old + 1...version {
      parts += statements(version)
      parts.append("INSERT INTO grdb_migrations(identifier) VALUES('\(version)')")
    }
    parts += ["PRAGMA user_version = \(version)", "COMMIT"]
    return parts.joined(separator: ";")
  }

  /// The version of a catalog's schema. Refuses later versions, other programs' databases, and any table, index, trigger or view that
  /// is not ours.
  static func check(_ database: Database) throws -> UInt64 {
    let version = try Int64.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    let application = try Int64.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    guard application == applicationID, version > 0 else { throw CatalogError.damaged("not a catalog") }
    guard UInt64(version) <= Schema.version else { throw CatalogError.newerVersion(UInt64(version)) }
    var found: [String: String] = [:]
    for row in try Row.fetchAll(database, sql: "SELECT name, sql FROM sqlite_schema") {
      let name: String = row[0]
      // GRDB's own list of migrations, and the index of its primary key.
      if name == "grdb_migrations" || name == "sqlite_autoindex_grdb_migrations_1" { continue }
      found[name] = row[1] ?? ""
    }
    guard found == objects(UInt64(version)) else { throw CatalogError.damaged("foreign schema") }
    return UInt64(version)
  }
}
