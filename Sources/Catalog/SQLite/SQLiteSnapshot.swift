import GRDBSQLite
import Platform
import VaultFormat

/// A read transaction kept open on a connection of its own.
final class SQLiteSnapshot: CatalogSnapshot {
  private let connection: SQLiteConnection
  private let openSnapshots: SnapshotCounter

  /// Takes the connection over and begins the view now.
  init(_ connection: SQLiteConnection, _ openSnapshots: SnapshotCounter) throws(CatalogError) {
    self.connection = connection
    self.openSnapshots = openSnapshots
    openSnapshots.add(1)
    try connection.use { (connection) throws(CatalogError) -> Void in
      try connection.statement(.beginSnapshot).execute()
      // The view is the one of the first read.
      let statement = try connection.statement(.row(.meta))
      statement.bind(RowKey(.meta, 0))
      _ = try statement.first { (columns) throws(CatalogError) in columns.number(0) }
    }
  }

  deinit { close() }

  func forEachRow(of table: Table, _ body: (SealedRow) throws -> Void) throws {
    try connection.lock.withLock {
      try connection.requireOpen()
      guard connection.has(table) else { return }
      try connection.statement(.rows(table)).forEach { columns in try body(SealedRow(columns, of: table)) }
    }
  }

  func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow] {
    try connection.use { (connection) throws(CatalogError) -> [SealedRow] in try connection.rows(inBucket: bucket) }
  }

  func forEachName(_ body: (NodeID, NodeColumns) throws -> Void) throws {
    try connection.lock.withLock {
      try connection.requireOpen()
      try connection.statement(.nameEntries).forEach { columns in
        guard let tag = columns.tag(2) else { throw CatalogError.damaged("name tag of node \(columns.number(0))") }
        try body(NodeID(columns.number(0)), NodeColumns(parent: NodeID(columns.number(1)), tag: tag))
      }
    }
  }

  func forEachChild(_ body: (NodeID, _ folder: NodeID) throws -> Void) throws {
    try connection.lock.withLock {
      try connection.requireOpen()
      try connection.statement(.childEntries).forEach { columns in
        try body(NodeID(columns.number(0)), NodeID(columns.number(1)))
      }
    }
  }

  func integrityCheck() throws(CatalogError) -> [String] {
    try connection.use { (connection) throws(CatalogError) -> [String] in
      let statement = try connection.statement(.integrityCheck)
      let texts = try statement.all { (columns) throws(CatalogError) in columns.text(0) }
      return texts == ["ok"] ? [] : texts
    }
  }

  // Without the lock: whoever holds it is to be interrupted (sqlite.org/c3ref/interrupt.html).
  func interrupt() { sqlite3_interrupt(connection.handle) }

  func close() {
    // Closing ends the transaction; nothing was written, so a failure loses nothing.
    if (try? connection.close()) ?? true { openSnapshots.add(-1) }
  }
}
