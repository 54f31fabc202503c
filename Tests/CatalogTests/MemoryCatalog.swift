import Catalog
import Platform
import VaultFormat

/// A catalog in dictionaries, plainly right: what the conformance suite is held against, and fast for tests of parts above.
final class MemoryCatalog: Catalog, @unchecked Sendable {
  /// Guards everything below.
  private let lock = Lock()
  private var rows: [RowKey: SealedRow] = [:]
  private var names: [NodeColumns: RowKey] = [:]
  private var openSnapshots = 0
  private var isClosed = false
  private var nextFailure: CatalogError?

  /// There are none.
  var statementCount: UInt64 { 0 }

  /// Makes the next commit, and only it, fail with nothing done.
  func failNextCommit(with error: CatalogError) { lock.withLock { nextFailure = error } }

  func node(_ id: NodeID) throws(CatalogError) -> SealedRow? { try row(RowKey(.node, id.value)) }

  func nodes(_ ids: [NodeID]) throws(CatalogError) -> [SealedRow] {
    let all = try sorted { $0.key.table == .node }
    return ids.compactMap { id in all.first { $0.key.first == id.value } }
  }

  func node(parent: NodeID, tag: NameTag) throws(CatalogError) -> SealedRow? {
    guard let key = lock.withLock({ names[NodeColumns(parent: parent, tag: tag)] }) else {
      return try sorted { _ in false }.first
    }
    return try row(key)
  }

  func children(of folder: NodeID, after: NodeID, limit: Int) throws(CatalogError) -> [SealedRow] {
    Array(try sorted { $0.node?.parent == folder && $0.key.first > after.value }.prefix(limit))
  }

  func extents(of node: NodeID) throws(CatalogError) -> [SealedRow] {
    try sorted { $0.key.table == .extent && $0.key.first == node.value }
  }

  func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow] {
    try sorted { $0.isDigested(in: bucket) }
  }

  func row(_ key: RowKey) throws(CatalogError) -> SealedRow? { try sorted { $0.key == key }.first }

  func commit(_ changes: CatalogChanges) throws(CatalogError) {
    try lock.withLock { () throws(CatalogError) -> Void in
      guard !isClosed else { throw .io("closed") }
      if let failure = nextFailure {
        nextFailure = nil
        throw failure
      }
      var fresh = rows
      var freshNames = names
      for key in changes.deletes {
        if let node = fresh.removeValue(forKey: key)?.node { freshNames[node] = nil }
      }
      for row in changes.upserts {
        if let node = fresh.updateValue(row, forKey: row.key)?.node { freshNames[node] = nil }
        guard let node = row.node else { continue }
        guard freshNames.updateValue(row.key, forKey: node) == nil else { throw .damaged("two nodes with one name") }
      }
      names = freshNames
      rows = fresh
    }
  }

  func reserve(rowCount: Int) throws(CatalogError) {}

  func checkpointTruncate() throws(CatalogError) {
    try lock.withLock { () throws(CatalogError) -> Void in
      guard openSnapshots == 0 else { throw .busy }
    }
  }

  func snapshot() throws(CatalogError) -> any CatalogSnapshot {
    let all = try sorted { _ in true }
    lock.withLock { openSnapshots += 1 }
    return Snapshot(all) { [self] in lock.withLock { openSnapshots -= 1 } }
  }

  func close() throws(CatalogError) {
    try lock.withLock { () throws(CatalogError) -> Void in
      guard openSnapshots == 0 else { throw .busy }
      isClosed = true
    }
  }

  private func sorted(_ isWanted: (SealedRow) -> Bool) throws(CatalogError) -> [SealedRow] {
    try lock.withLock { () throws(CatalogError) -> [SealedRow] in
      guard !isClosed else { throw .io("closed") }
      return rows.values.filter(isWanted).sorted { $0.key.precedes($1.key) }
    }
  }

  private final class Snapshot: CatalogSnapshot, @unchecked Sendable {
    private let rows: [SealedRow]
    /// Guards `onClose`.
    private let lock = Lock()
    private var onClose: (() -> Void)?

    init(_ rows: [SealedRow], onClose: @escaping () -> Void) {
      self.rows = rows
      self.onClose = onClose
    }

    deinit { close() }

    func interrupt() {}

    func forEachRow(of table: Table, _ body: (SealedRow) throws -> Void) throws {
      for row in rows where row.key.table == table { try body(row) }
    }

    func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow] { rows.filter { $0.isDigested(in: bucket) } }

    func forEachName(_ body: (NodeID, NodeColumns) throws -> Void) throws {
      for row in rows { if let node = row.node { try body(NodeID(row.key.first), node) } }
    }

    func forEachChild(_ body: (NodeID, _ folder: NodeID) throws -> Void) throws {
      for row in rows { if let node = row.node { try body(NodeID(row.key.first), node.parent) } }
    }

    func integrityCheck() throws(CatalogError) -> [String] { [] }

    func close() {
      lock.withLock {
        onClose?()
        onClose = nil
      }
    }
  }
}

extension RowKey {
  func precedes(_ other: RowKey) -> Bool {
    (table.rawValue, first, second) < (other.table.rawValue, other.first, other.second)
  }
}

extension SealedRow {
  func isDigested(in bucket: UInt64) -> Bool {
    switch key.table {
    case .node, .extent: CatalogBuckets.bucket(of: NodeID(key.first)) == bucket
    default: CatalogBuckets.bucket(of: key.table) == bucket
    }
  }
}
