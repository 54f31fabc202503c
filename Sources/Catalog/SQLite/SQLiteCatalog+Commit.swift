import GRDBSQLite
import Glibc
import Platform
import VaultFormat

/// Commits: one immediate transaction on the writer, which nobody else uses.
extension SQLiteCatalog {
  package func commit(_ changes: CatalogChanges) throws(CatalogError) {
    guard !changes.isEmpty else { return }
    try writer.use { (writer) throws(CatalogError) -> Void in
      try writer.statement(.begin).execute()
      do throws(CatalogError) {
        for key in changes.deletes { try writer.delete(key) }
        for row in changes.upserts { try writer.upsert(row) }
        #if DEBUG
          try settings.beforeCommit?()
        #endif
        try writer.statement(.commit).execute()
      } catch {
        // A full disk may have ended the transaction already.
        if sqlite3_get_autocommit(writer.handle) == 0 { try? writer.statement(.rollback).execute() }
        dropUnusedLog()
        throw error
      }
    }
  }

  /// Gives back what the failed commit left in the log, which SQLite would keep and a full disk cannot spare. Under the writer's lock.
  ///
  /// Nobody reads behind the last commit's frames: SQLite ends there, and so does its recovery. The log may have been begun anew since
  /// they were counted; then this keeps more than it need.
  private func dropUnusedLog() {
    let used = logByteCount
    guard let size = try? logFile.size(), size > used else { return }
    try? logFile.truncate(to: used)
  }

  package func reserve(rowCount: Int) throws(CatalogError) {
    precondition(rowCount >= 0)
    var status = stat()
    guard stat(path, &status) == 0 else { throw CatalogError(SystemError("stat", errno)) }
    let frameCount = checkpointer.frameCount
    let present = Int(status.st_size) / Schema.pageByteCount + frameCount
    // A row dirties a page of its table and one of each index, but no page twice; and new rows need new pages, half full after splits.
    let pages = min(3 * rowCount, present) + rowCount / 6 + 16
    do throws(SystemError) {
      try logFile.allocate(
        mode: fallocateKeepSize, at: Log.headerByteCount + frameCount * Log.frameByteCount, count: pages * Log.frameByteCount)
    } catch {
      if error.code == EOPNOTSUPP || error.code == ENOSYS { return }
      throw CatalogError(error)
    }
  }
}

/// FALLOC_FL_KEEP_SIZE of linux/falloc.h.
private let fallocateKeepSize: Int32 = 1

extension SQLiteConnection {
  fileprivate func delete(_ key: RowKey) throws(CatalogError) {
    let statement = try statement(.delete(key.table))
    statement.bind(key)
    try statement.execute()
  }

  fileprivate func upsert(_ row: SealedRow) throws(CatalogError) {
    precondition((row.key.table == .node) == (row.node != nil), "nodes, and only nodes, have a parent and a name tag")
    guard let node = row.node else {
      let statement = try statement(.upsert(row.key.table))
      statement.bind(row.key)
      let next: Int32 = row.key.table == .extent ? 3 : 2
      statement.bind(row.version.value, at: next)
      return try statement.execute(binding: row.sealed, at: next + 1)
    }
    try run(.upsert(.node), row, node)
    if sqlite3_changes(handle) == 0 { try run(.moveNode, row, node) }
  }

  /// `upsert(.node)` and `moveNode` take the same parameters.
  private func run(_ which: CatalogStatement, _ row: SealedRow, _ node: NodeColumns) throws(CatalogError) {
    let statement = try statement(which)
    statement.bind(row.key)
    statement.bind(node.parent.value, at: 2)
    statement.bind(node.tag, at: 3)
    statement.bind(row.version.value, at: 4)
    try statement.execute(binding: row.sealed, at: 5)
  }
}
