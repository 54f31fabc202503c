import VaultFormat

/// Every statement that runs after opening. Rows come as (first, second, version, sealed), nodes with (parent, tag) behind.
enum CatalogStatement {
  case begin
  case beginSnapshot
  case commit
  case rollback
  case nodeByName
  case children
  case extents
  case nodeBucket
  case moveNode
  case integrityCheck
  case nameEntries
  case childEntries
  case row(Table)
  case rows(Table)
  case upsert(Table)
  case delete(Table)

  /// Tables are numbered from 1.
  private static let tableCount = Table.allCases.reduce(0) { max($0, Int($1.rawValue)) } + 1
  static let slotCount = 12 + 4 * tableCount

  /// Where a connection keeps the prepared statement.
  @inline(__always)
  var slot: Int {
    switch self {
    case .begin: 0
    case .beginSnapshot: 1
    case .commit: 2
    case .rollback: 3
    case .nodeByName: 4
    case .children: 5
    case .extents: 6
    case .nodeBucket: 7
    case .moveNode: 8
    case .integrityCheck: 9
    case .nameEntries: 10
    case .childEntries: 11
    case .row(let table): 12 + Int(table.rawValue)
    case .rows(let table): 12 + Self.tableCount + Int(table.rawValue)
    case .upsert(let table): 12 + 2 * Self.tableCount + Int(table.rawValue)
    case .delete(let table): 12 + 3 * Self.tableCount + Int(table.rawValue)
    }
  }

  var sql: String {
    switch self {
    case .begin: "BEGIN IMMEDIATE"
    case .beginSnapshot: "BEGIN DEFERRED"
    case .commit: "COMMIT"
    case .rollback: "ROLLBACK"
    case .nodeByName: "\(Self.nodeColumns) FROM node INDEXED BY node_name WHERE parent = ?1 AND name_tag = ?2"
    case .children:
      // An index's entries end with the row's id, so node_parent holds a folder's children in order of id.
      "\(Self.nodeColumns) FROM node INDEXED BY node_parent WHERE parent = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
    case .extents: "\(Self.extentColumns) FROM extent WHERE node = ?1 ORDER BY start"
    case .nodeBucket:
      // One statement, so that no commit falls between the two tables.
      """
      \(Self.nodeColumns) FROM node WHERE id BETWEEN ?1 AND ?2 UNION ALL \
      SELECT node, start, version, sealed, NULL, NULL FROM extent WHERE node BETWEEN ?1 AND ?2
      """
    case .moveNode: "UPDATE node SET parent = ?2, name_tag = ?3, version = ?4, sealed = ?5 WHERE id = ?1"
    case .integrityCheck: "PRAGMA integrity_check(100)"
    case .nameEntries: "SELECT id, parent, name_tag FROM node INDEXED BY node_name"
    case .childEntries: "SELECT id, parent FROM node INDEXED BY node_parent"
    case .row(.node): "\(Self.nodeColumns) FROM node WHERE id = ?1"
    case .row(.extent): "\(Self.extentColumns) FROM extent WHERE node = ?1 AND start = ?2"
    case .row(let table): "\(Self.smallColumns) FROM \(Self.quoted(table)) WHERE id = ?1"
    case .rows(.node): "\(Self.nodeColumns) FROM node ORDER BY id"
    case .rows(.extent): "\(Self.extentColumns) FROM extent ORDER BY node, start"
    case .rows(let table): "\(Self.smallColumns) FROM \(Self.quoted(table)) ORDER BY id"
    case .upsert(.node):
      // Where the name stays, the indexes are not touched; where it changes, nothing is, and moveNode follows.
      """
      INSERT INTO node(id, parent, name_tag, version, sealed) VALUES(?1, ?2, ?3, ?4, ?5) \
      ON CONFLICT(id) DO UPDATE SET version = excluded.version, sealed = excluded.sealed \
      WHERE parent = excluded.parent AND name_tag = excluded.name_tag
      """
    case .upsert(.extent):
      """
      INSERT INTO extent(node, start, version, sealed) VALUES(?1, ?2, ?3, ?4) \
      ON CONFLICT(node, start) DO UPDATE SET version = excluded.version, sealed = excluded.sealed
      """
    case .upsert(let table):
      """
      INSERT INTO \(Self.quoted(table))(id, version, sealed) VALUES(?1, ?2, ?3) \
      ON CONFLICT(id) DO UPDATE SET version = excluded.version, sealed = excluded.sealed
      """
    case .delete(.extent): "DELETE FROM extent WHERE node = ?1 AND start = ?2"
    case .delete(let table): "DELETE FROM \(Self.quoted(table)) WHERE id = ?1"
    }
  }

  private static let nodeColumns = "SELECT id, 0, version, sealed, parent, name_tag"
  private static let extentColumns = "SELECT node, start, version, sealed"
  private static let smallColumns = "SELECT id, 0, version, sealed"

  /// `grant` is close to a keyword of SQL.
  private static func quoted(_ table: Table) -> String { "\"\(TableNames.name(table))\"" }
}
