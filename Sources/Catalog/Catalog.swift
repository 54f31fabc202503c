/// Catalog: the transactional metadata of a vault, as sealed rows behind one protocol. Knows no keys: it stores and finds what others
/// sealed, and promises that a commit is there whole or not at all.
///
/// *Row* a sealed row under its primary key (`SealedRow`, `RowKey`) · *commit* deletes, then upserts, in one transaction · *bucket* the
/// rows that are digested together (`CatalogBuckets`) · *snapshot* one consistent view of all rows, kept while commits go on · *log*
/// SQLite's write-ahead log, where commits go first · *checkpoint* folding the log into the catalog's file.
///
/// docs/format/catalog.md has the schema, and what is visible at rest.
package import VaultFormat

/// What any engine offers. Safe from any thread. Every result is a copy; a read sees all of a commit or nothing of it, and every
/// commit that returned before the read began. No reader waits for a commit.
package protocol Catalog: AnyObject, Sendable {
  /// The row of a node; nil where there is none. One statement.
  func node(_ id: NodeID) throws(CatalogError) -> SealedRow?

  /// The rows of these nodes, of one moment, in that order; those that are not there are left out. One statement each, and two more. In
  /// order of number they are read in the order in which they lie on the disk.
  func nodes(_ ids: [NodeID]) throws(CatalogError) -> [SealedRow]

  /// The child of a folder under a name's tag; nil where there is none. One statement.
  func node(parent: NodeID, tag: NameTag) throws(CatalogError) -> SealedRow?

  /// The children of a folder with numbers above `after`, ascending, at most `limit` (at least 1). One statement.
  ///
  /// Fewer than `limit` are the last. A child that is there all the while is listed exactly once over all pages, whatever is committed
  /// in between.
  func children(of folder: NodeID, after: NodeID, limit: Int) throws(CatalogError) -> [SealedRow]

  /// The further extents of a document, ascending by start. One statement.
  func extents(of node: NodeID) throws(CatalogError) -> [SealedRow]

  /// The rows that a bucket's digest covers, all of one moment: nodes and extents of a bucket of nodes, or a small table's rows. One
  /// statement. Empty for a bucket that cannot be.
  func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow]

  /// One row of any table; nil where there is none. One statement.
  func row(_ key: RowKey) throws(CatalogError) -> SealedRow?

  /// Applies all deletes, then all upserts, as one transaction. Commits wait for each other.
  ///
  /// A delete of a row that is not there is none. An upsert takes the place of the row with the same key. N deletes and upserts cost
  /// N + 2 statements, and one more for each node whose name changes without a delete before.
  ///
  /// On return all of it is on disk. On a throw nothing of it is visible, and the next commit works as if this one had not been tried;
  /// only after `.io` may a crash still bring it back, whole.
  /// - Throws: `.outOfSpace` when the disk is full, `.damaged` also where two nodes of one folder would have one name.
  func commit(_ changes: CatalogChanges) throws(CatalogError)

  /// Brings the tables of an earlier version to this program's, before the first commit. On disk on return, whole or not at all.
  /// Until then what came later reads as empty.
  func upgrade() throws(CatalogError)

  /// Reserves disk space for the next commit of up to `rowCount` rows of ordinary size (300 bytes on average), wherever they lie, so
  /// that it does not fail for want of it. Costs two system calls. The next commit uses the reservation up, or gives it back if it fails.
  ///
  /// Best effort: on file systems that cannot reserve it does nothing.
  /// - Throws: `.outOfSpace` when there is not enough.
  func reserve(rowCount: Int) throws(CatalogError)

  /// Leaves nothing of earlier states of rows on disk but what the medium itself keeps: for a deliberate destruction, after its commit.
  /// - Throws: `.busy` while a snapshot is open or readers do not pause for two seconds; try again.
  func checkpointTruncate() throws(CatalogError)

  /// A consistent view of the last commit, on its own. Close it soon: the log cannot be folded past it.
  func snapshot() throws(CatalogError) -> any CatalogSnapshot

  /// Statements run since opening, so that tests can hold operations to exact numbers. Those of opening and of checkpoints are not in it.
  var statementCount: UInt64 { get }

  /// Ends all use. On return only the catalog's own file is left, complete. Calls after it throw `.io`; a second close does nothing.
  /// - Throws: `.busy` while a snapshot is open, with nothing done. After another error the catalog is closed, and its log still
  ///   stands beside it; both together are whole.
  func close() throws(CatalogError)
}

extension Catalog {
  package func upgrade() throws(CatalogError) {}
}

/// One moment of the catalog. Safe from any thread, one call at a time.
package protocol CatalogSnapshot: AnyObject, Sendable {
  /// Calls `body` with each row of a table, ascending by key, holding one row at a time in memory.
  /// - Throws: `CatalogError`, or what `body` throws, which ends the walk. `body` must not use this snapshot.
  func forEachRow(of table: Table, _ body: (SealedRow) throws -> Void) throws

  /// As `Catalog.rows(inBucket:)`.
  func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow]

  /// Calls `body` with each entry of the index by name, (folder, tag, node), without reading a row; in any order. What the digests of rows
  /// cannot tell is an entry that was taken out while its row stays.
  func forEachName(_ body: (NodeID, NodeColumns) throws -> Void) throws

  /// Likewise each entry of the index by folder, (folder, node).
  func forEachChild(_ body: (NodeID, _ folder: NodeID) throws -> Void) throws

  /// What is wrong with the engine's own structures, as short texts without names or content; empty where nothing is. Reads everything.
  ///
  /// This alone finds index entries that are missing: the digests cover rows, not the absence of an answer.
  func integrityCheck() throws(CatalogError) -> [String]

  /// Makes the call that is under way on another thread fail soon with `.io`; nothing where there is none. Not after `close`.
  func interrupt()

  /// Lets the moment go. A second close does nothing.
  func close()
}

/// What one commit changes.
package struct CatalogChanges: Sendable {
  /// Rows that go, before any upsert: so two nodes may swap names in one commit, if both are deleted and written anew.
  package var deletes: [RowKey]
  /// Rows as they are afterwards, each key once.
  package var upserts: [SealedRow]

  package init(deletes: [RowKey] = [], upserts: [SealedRow] = []) {
    self.deletes = deletes
    self.upserts = upserts
  }

  package var isEmpty: Bool { deletes.isEmpty && upserts.isEmpty }
}
