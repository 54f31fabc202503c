package import VaultFormat

/// Reads, each one statement on one of the readers: a view of its own, of the last commit when it began.
extension SQLiteCatalog {
  package func node(_ id: NodeID) throws(CatalogError) -> SealedRow? { try row(RowKey(.node, id.value)) }

  package func nodes(_ ids: [NodeID]) throws(CatalogError) -> [SealedRow] {
    try reader.use { (reader) throws(CatalogError) -> [SealedRow] in
      // One transaction: its locks are taken once, not for each row.
      try reader.statement(.beginSnapshot).execute()
      do throws(CatalogError) {
        let rows = try reader.nodes(ids)
        try reader.statement(.commit).execute()
        return rows
      } catch {
        try? reader.statement(.rollback).execute()
        throw error
      }
    }
  }

  package func node(parent: NodeID, tag: NameTag) throws(CatalogError) -> SealedRow? {
    try reader.use { (reader) throws(CatalogError) -> SealedRow? in
      let statement = try reader.statement(.nodeByName)
      statement.bind(parent.value, at: 1)
      statement.bind(tag, at: 2)
      return try statement.first { (columns) throws(CatalogError) in try SealedRow(columns, of: .node) }
    }
  }

  package func children(of folder: NodeID, after: NodeID, limit: Int) throws(CatalogError) -> [SealedRow] {
    precondition(limit > 0)
    return try reader.use { (reader) throws(CatalogError) -> [SealedRow] in
      let statement = try reader.statement(.children)
      statement.bind(folder.value, at: 1)
      statement.bind(after.value, at: 2)
      statement.bind(UInt64(limit), at: 3)
      return try statement.all { (columns) throws(CatalogError) in try SealedRow(columns, of: .node) }
    }
  }

  package func extents(of node: NodeID) throws(CatalogError) -> [SealedRow] {
    try reader.use { (reader) throws(CatalogError) -> [SealedRow] in
      let statement = try reader.statement(.extents)
      statement.bind(node.value, at: 1)
      return try statement.all { (columns) throws(CatalogError) in try SealedRow(columns, of: .extent) }
    }
  }

  package func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow] {
    try reader.use { (reader) throws(CatalogError) -> [SealedRow] in try reader.rows(inBucket: bucket) }
  }

  package func row(_ key: RowKey) throws(CatalogError) -> SealedRow? {
    try reader.use { (reader) throws(CatalogError) -> SealedRow? in
      guard reader.has(key.table) else { return nil }
      let statement = try reader.statement(.row(key.table))
      statement.bind(key)
      return try statement.first { (columns) throws(CatalogError) in try SealedRow(columns, of: key.table) }
    }
  }
}

extension SQLiteConnection {
  /// Under the lock.
  fileprivate func nodes(_ ids: [NodeID]) throws(CatalogError) -> [SealedRow] {
    let statement = try statement(.row(.node))
    var rows: [SealedRow] = []
    rows.reserveCapacity(ids.count)
    for id in ids {
      statement.bind(id.value, at: 1)
      let row = try statement.first { (columns) throws(CatalogError) in try SealedRow(columns, of: .node) }
      if let row { rows.append(row) }
    }
    return rows
  }

  /// The rows that a bucket's digest covers. Under the lock.
  func rows(inBucket bucket: UInt64) throws(CatalogError) -> [SealedRow] {
    guard let nodes = CatalogBuckets.nodes(of: bucket) else {
      guard let table = CatalogBuckets.table(of: bucket), table != .node, table != .extent else { return [] }
      return try rows(of: table)
    }
    let statement = try statement(.nodeBucket)
    statement.bind(nodes.lowerBound, at: 1)
    statement.bind(nodes.upperBound, at: 2)
    return try statement.all { (columns) throws(CatalogError) in try SealedRow(ofNodeBucket: columns) }
  }

  private func rows(of table: Table) throws(CatalogError) -> [SealedRow] {
    guard has(table) else { return [] }
    return try statement(.rows(table)).all { (columns) throws(CatalogError) in try SealedRow(columns, of: table) }
  }
}

extension PreparedStatement {
  /// The primary key, as the first parameter or the first two.
  @inline(__always)
  func bind(_ key: RowKey) {
    bind(key.first, at: 1)
    if key.table == .extent { bind(key.second, at: 2) }
  }
}
