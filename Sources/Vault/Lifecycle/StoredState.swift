import Catalog
import Keys
import VaultFormat

/// What the catalog holds besides nodes and extents, opened, and compared with the digests of the tables: everything else is judged by it.
struct StoredState {
  /// Those that are read.
  static let tables: [Table] = [.grant, .barrier, .boundary, .duty, .use, .review, .reviewItem, .suspension, .pack]

  var digests: [UInt64: RowDigest] = [:]
  var commit: CommitRecord
  var counters: Counters
  var packs: [PackNumber: PackRecord] = [:]
  var rules = RuleSet()

  init(_ catalog: any Catalog, _ keys: VaultKeys) throws(UnlockError) {
    do throws(StateError) {
      commit = try Self.open(catalog, keys, RowKey(.meta, MetaKey.commit.rawValue)) { (bytes) throws(FormatError) in
        try CommitRecord(parsing: bytes)
      }
      counters = try Self.open(catalog, keys, RowKey(.meta, MetaKey.counters.rawValue)) { (bytes) throws(FormatError) in
        try Counters(parsing: bytes)
      }
      let snapshot: any CatalogSnapshot
      do throws(CatalogError) { snapshot = try catalog.snapshot() } catch { throw .catalog(error) }
      defer { snapshot.close() }
      try loadDigests(snapshot, keys)
      for table in Self.tables { try load(table, snapshot, keys) }
      try takeCounters(catalog, keys)
    } catch {
      switch error {
      case .catalog(let error): throw UnlockError(error)
      case .damaged(let what): throw .damaged("catalog: \(what)")
      case .otherRows(let bucket):
        throw UnlockError(VaultError.damaged("catalog rows of bucket \(bucket) are not the ones committed"))
      case .newer(let version): throw .newerVersion(version)
      }
    }
  }

  private enum StateError: Error {
    case catalog(CatalogError)
    case damaged(String)
    /// A row is missing, or was put back to an earlier state.
    case otherRows(UInt64)
    case newer(UInt64)
  }

  private mutating func loadDigests(_ snapshot: any CatalogSnapshot, _ keys: VaultKeys) throws(StateError) {
    var sum = RowDigest.zero
    try Self.forEach(.bucket, snapshot, keys) { (row, bytes) throws(FormatError) in
      let digest = try BucketRecord(parsing: bytes).digest
      digests[row.key.first] = digest
      sum += digest
    }
    guard sum == commit.digest else { throw .damaged("digests do not add up to those of commit \(commit.number)") }
  }

  /// The rows of a table, which must be the ones that were committed.
  private mutating func load(_ table: Table, _ snapshot: any CatalogSnapshot, _ keys: VaultKeys) throws(StateError) {
    var sum = RowDigest.zero
    try Self.forEach(table, snapshot, keys) { (row, bytes) throws(FormatError) in
      let digest = keys.digest(of: row)
      sum += digest
      if try take(row, bytes) { rules.stored[row.key] = digest }
    }
    let bucket = CatalogBuckets.bucket(of: table)
    guard sum == digests[bucket] ?? .zero else { throw .otherRows(bucket) }
  }

  /// Returns whether it is kept: closed reviews stay in the catalog alone.
  private mutating func take(_ row: SealedRow, _ bytes: [UInt8]) throws(FormatError) -> Bool {
    let id = RuleID(row.key.first)
    switch row.key.table {
    case .grant: rules.put(.grant(try Grant(id: id, parsing: bytes)))
    case .barrier: rules.put(.barrier(try Barrier(id: id, parsing: bytes)))
    case .boundary: rules.put(.boundary(try Boundary(id: id, parsing: bytes)))
    case .duty: rules.apply([.addDuty(try Duty(id: id, parsing: bytes))])
    case .use: take(try Use(parsing: bytes), row.key)
    case .review:
      let review = try AccessReview(id: id, parsing: bytes)
      guard review.closing == nil else { return false }
      rules.apply([.putReview(review)])
    case .reviewItem:
      let item = try ReviewItem(id: id, parsing: bytes)
      guard rules.reviews[item.review] != nil else { return false }
      rules.apply([.putReviewItem(item)])
    case .suspension: rules.apply([.suspend(try Suspension(grant: id, parsing: bytes))])
    case .pack: packs[PackNumber(UInt32(truncatingIfNeeded: row.key.first))] = try PackRecord(parsing: bytes)
    case .meta, .node, .extent, .bucket: break
    }
    return true
  }

  private mutating func take(_ use: Use, _ key: RowKey) {
    if key == Vault.countingKey {
      rules.countedSince = use.last
    } else if rules.grants[RuleID(key.first)] != nil {
      rules.setUse(use, of: RuleID(key.first))
    }
  }

  /// Of table meta only the counters are under a digest; the commit's row is what the digests are compared with. An older row would give
  /// numbers out twice.
  private mutating func takeCounters(_ catalog: any Catalog, _ keys: VaultKeys) throws(StateError) {
    let key = RowKey(.meta, MetaKey.counters.rawValue)
    rules.stored[key] = try Self.row(key, catalog).map { keys.digest(of: $0) }
    let bucket = CatalogBuckets.bucket(of: .meta)
    guard rules.stored[key] == digests[bucket] ?? .zero else { throw .otherRows(bucket) }
  }

  // MARK: Rows

  private static func row(_ key: RowKey, _ catalog: any Catalog) throws(StateError) -> SealedRow? {
    do throws(CatalogError) { return try catalog.row(key) } catch { throw .catalog(error) }
  }

  private static func open<Value>(
    _ catalog: any Catalog, _ keys: VaultKeys, _ key: RowKey, _ parse: ([UInt8]) throws(FormatError) -> Value
  ) throws(StateError) -> Value {
    guard let row = try row(key, catalog) else { throw .damaged("row \(key.first) of table meta is missing") }
    return try Self.parse(row, keys, parse)
  }

  private static func parse<Value>(
    _ row: SealedRow, _ keys: VaultKeys, _ parse: ([UInt8]) throws(FormatError) -> Value
  ) throws(StateError) -> Value {
    let plaintext: [UInt8]
    do throws(KeysError) {
      plaintext = try keys.open(row.sealed, for: row.key, version: row.version)
    } catch { throw .damaged("row \(row.key.first) of table \(row.key.table)") }
    do throws(FormatError) {
      return try parse(plaintext)
    } catch {
      if case .newerVersion(let version) = error { throw .newer(version) }
      throw .damaged("row \(row.key.first) of table \(row.key.table)")
    }
  }

  /// One row at a time in memory: there may be a hundred thousand grants.
  private static func forEach(
    _ table: Table, _ snapshot: any CatalogSnapshot, _ keys: VaultKeys, _ body: (SealedRow, [UInt8]) throws(FormatError) -> Void
  ) throws(StateError) {
    do {
      try snapshot.forEachRow(of: table) { row in
        try parse(row, keys) { (bytes) throws(FormatError) in try body(row, bytes) }
      }
    } catch let error as StateError {
      throw error
    } catch let error as CatalogError {
      throw .catalog(error)
    } catch {
      throw .damaged("table \(table)")
    }
  }
}
