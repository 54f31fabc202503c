import GRDB

/// The catalog's tables and indexes as SQL: docs/format/catalog.md, byte for byte. Later versions add migrations and change none.
enum Schema {
  static let version: UInt64 = 1
  /// "Strg", in SQLite's header at offset 68.
  static let applicationID: Int64 = 0x5374_7267
  static let pageByteCount = 4096
  /// The longest value SQLite may hand out: more than the longest row (256 KiB of attributes), less than a forged one would need.
  static let valueByteCountMax: Int32 = 1 << 20

  /// What stands in `sqlite_schema` of version 1, by name.
  static let objects: [String: String] = {
    var objects = [
      "node":
        "CREATE TABLE node(id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, name_tag BLOB NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT",
      "node_name": "CREATE UNIQUE INDEX node_name ON node(parent, name_tag)",
      "node_parent": "CREATE INDEX node_parent ON node(parent)",
      "extent":
        "CREATE TABLE extent(node INTEGER NOT NULL, start INTEGER NOT NULL, version INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(node, start)) STRICT, WITHOUT ROWID",
    ]
    for name in TableNames.small {
      objects[name] =
        "CREATE TABLE \"\(name)\"(id INTEGER PRIMARY KEY, version INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT"
    }
    return objects
  }()

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
    migrator.registerMigration("1") { database in
      // Tables before their indexes.
      for sql in objects.values.sorted(by: { ($0.hasPrefix("CREATE TABLE") ? 0 : 1) < ($1.hasPrefix("CREATE TABLE") ? 0 : 1) }) {
        try database.execute(sql: sql)
      }
      try database.execute(sql: "PRAGMA application_id = \(applicationID)")
      try database.execute(sql: "PRAGMA user_version = \(version)")
    }
    return migrator
  }

  /// Refuses later versions, other programs' databases, and any table, index, trigger or view that is not ours.
  static func check(_ database: Database) throws {
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
    guard found == objects else { throw CatalogError.damaged("foreign schema") }
  }
}
