import Catalog
import Keys
import Platform
import Synchronization
import VaultFormat

/// Whether every row that was committed is there, so that "no such name" can be believed.
///
/// A bucket's digest tells of a missing row when some other row of the bucket is read; a name that is not found leads to no bucket. After an
/// end in order the digest of the catalog's whole file was compared and nothing is missing. After any other, all rows and all entries of
/// the indexes are counted against the digests, on a thread of its own, and whoever finds nothing waits until that is done.
final class RowCensus: @unchecked Sendable {
  private enum State: UInt8 { case whole, counting, failed }

  private let state = Atomic<UInt8>(State.whole.rawValue)
  /// Guards `failure`.
  private let lock = Lock()
  private let done = Condition()
  private var failure: VaultError?
  private let work = BackgroundWork()

  /// Begins to count the rows of `snapshot`, taken when `digests` were those of the catalog. Called before anyone asks.
  /// - Parameter whole: called when all is there, before anybody who waits goes on.
  func begin(
    _ snapshot: any CatalogSnapshot, _ digests: [UInt64: RowDigest], _ keys: VaultKeys, whole: @escaping @Sendable () -> Void
  ) {
    state.store(State.counting.rawValue, ordering: .releasing)
    work.start { [self] in
      var failed: VaultError?
      do {
        try RowCount(keys: keys, isStopping: { [work] in work.isStopping }).check(snapshot, against: digests)
        whole()
      } catch let error as VaultError {
        failed = error
      } catch let error as CatalogError {
        failed = VaultError(error)
      } catch {
        failed = .io("\(type(of: error))")
      }
      snapshot.close()
      lock.withLock {
        failure = failed
        state.store((failed == nil ? State.whole : .failed).rawValue, ordering: .releasing)
        done.broadcast()
      }
    }
  }

  /// Returns when it is known that no row is missing.
  /// - Throws: `damaged` where one is, or where a row is not the one committed; `io` where they could not all be read.
  @inline(__always)
  func require() throws(VaultError) {
    if state.load(ordering: .acquiring) == State.whole.rawValue { return }
    try wait()
  }

  @inline(never)
  private func wait() throws(VaultError) {
    lock.lock()
    defer { lock.unlock() }
    while state.load(ordering: .relaxed) == State.counting.rawValue { done.wait(lock) }
    if let failure { throw failure }
  }

  /// Ends the count early; whoever waits is told that it could not be done.
  func stop() { work.stop() }
}

/// One count of a snapshot.
private struct RowCount {
  let keys: VaultKeys
  let isStopping: () -> Bool

  func check(_ snapshot: any CatalogSnapshot, against digests: [UInt64: RowDigest]) throws {
    var sums: [UInt64: RowDigest] = [:]
    var names = EntrySum()
    var children = EntrySum()
    for table in [Table.node, .extent] {
      // Rows come in order of their key, so that a bucket's follow each other.
      var bucket: UInt64 = 0
      var sum = RowDigest.zero
      try snapshot.forEachRow(of: table) { row in
        let own = CatalogBuckets.bucket(of: NodeID(row.key.first))
        if own != bucket {
          guard !isStopping() else { throw VaultError.io("the vault is being closed") }
          sums[bucket, default: .zero] += sum
          bucket = own
          sum = .zero
        }
        sum += keys.digest(of: row)
        if let node = row.node {
          names.add(row.key.first, node.parent.value, node.tag.high, node.tag.low)
          children.add(row.key.first, node.parent.value)
        }
      }
      sums[bucket, default: .zero] += sum
    }
    for bucket in Set(sums.keys).union(digests.keys) where bucket < CatalogBuckets.firstOfTables {
      guard sums[bucket] ?? .zero == digests[bucket] ?? .zero else {
        throw VaultError.damaged("catalog rows of bucket \(bucket) are not the ones committed")
      }
    }
    try checkIndexes(snapshot, names, children)
  }

  /// Every row must have its entry in both indexes, and no entry may be another's.
  private func checkIndexes(_ snapshot: any CatalogSnapshot, _ names: EntrySum, _ children: EntrySum) throws {
    var foundNames = EntrySum(like: names)
    try snapshot.forEachName { id, node in
      guard !isStopping() else { throw VaultError.io("the vault is being closed") }
      foundNames.add(id.value, node.parent.value, node.tag.high, node.tag.low)
    }
    var foundChildren = EntrySum(like: children)
    try snapshot.forEachChild { id, folder in
      guard !isStopping() else { throw VaultError.io("the vault is being closed") }
      foundChildren.add(id.value, folder.value)
    }
    guard foundNames == names, foundChildren == children else {
      throw VaultError.damaged("catalog index entries are not those of its rows")
    }
  }
}

/// A number that stands for a set of entries, in any order: the sum of hashes under a key that nobody knows who could choose the entries.
private struct EntrySum: Equatable {
  private let key: (UInt64, UInt64)
  private var count: UInt64 = 0
  private var sum: UInt64 = 0

  init() { key = (.random(in: 0...(.max)), .random(in: 0...(.max))) }

  init(like other: EntrySum) { key = other.key }

  mutating func add(_ id: UInt64, _ folder: UInt64, _ high: UInt64 = 0, _ low: UInt64 = 0) {
    var hasher = Hasher()
    hasher.combine(key.0)
    hasher.combine(key.1)
    hasher.combine(id)
    hasher.combine(folder)
    hasher.combine(high)
    hasher.combine(low)
    sum &+= UInt64(bitPattern: Int64(hasher.finalize()))
    count += 1
  }

  static func == (left: EntrySum, right: EntrySum) -> Bool { left.sum == right.sum && left.count == right.count }
}
