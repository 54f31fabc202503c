import Catalog
import Keys
import Platform
import Synchronization
import VaultFormat

/// The digests of all catalog rows, by bucket: what tells that a row was put back to an earlier state, or taken away.
///
/// A bucket is 256 neighbouring node numbers (their rows in `node` and `extent`), or one of the small tables. The sum over all
/// buckets stands in every commit and mark. A bucket's rows are compared with its digest when the first of them is used.
final class Ledger: @unchecked Sendable {
  private let lock = Lock()
  private var digests: [UInt64: RowDigest]
  /// What the commit under way will make of some buckets; readers may meet either state.
  private var pending: [UInt64: RowDigest] = [:]
  private var checked: Set<UInt64>
  private var total: RowDigest

  init(digests: [UInt64: RowDigest]) {
    self.digests = digests
    checked = []
    total = .zero
    for digest in digests.values { total += digest }
  }

  var sum: RowDigest { lock.withLock { total } }
  var bucketCount: Int { lock.withLock { digests.count } }
  var buckets: [UInt64] { lock.withLock { digests.keys.sorted() } }

  /// Digests that a commit changes: by how much, per bucket.
  struct Delta {
    var added: [UInt64: RowDigest] = [:]
    var removed: [UInt64: RowDigest] = [:]

    mutating func add(_ digest: RowDigest, to bucket: UInt64) { added[bucket, default: .zero] += digest }
    mutating func remove(_ digest: RowDigest, from bucket: UInt64) { removed[bucket, default: .zero] += digest }
  }

  /// The buckets as they will be, and their sum; until `commit` or `abandon`, both states are accepted.
  func prepare(_ delta: Delta) -> (buckets: [UInt64: RowDigest], sum: RowDigest) {
    lock.withLock {
      var sum = total
      var fresh: [UInt64: RowDigest] = [:]
      for bucket in Set(delta.added.keys).union(delta.removed.keys) {
        let old = digests[bucket] ?? .zero
        var new = old
        if let added = delta.added[bucket] { new += added }
        if let removed = delta.removed[bucket] { new -= removed }
        sum -= old
        sum += new
        fresh[bucket] = new
      }
      pending = fresh
      return (fresh, sum)
    }
  }

  func commit() {
    lock.withLock {
      for (bucket, digest) in pending {
        // A bucket that had no rows before was made by this program just now.
        if digests[bucket] == nil { checked.insert(bucket) }
        total -= digests[bucket] ?? .zero
        total += digest
        digests[bucket] = digest
      }
      pending = [:]
    }
  }

  func abandon() { lock.withLock { pending = [:] } }

  func digest(of bucket: UInt64) -> RowDigest { lock.withLock { digests[bucket] ?? .zero } }

  /// All digests as they stand.
  var all: [UInt64: RowDigest] { lock.withLock { digests } }

  /// The rows of these buckets have been compared with digests of this mount.
  func areChecked(_ buckets: some Sequence<UInt64>) { lock.withLock { checked.formUnion(buckets) } }

  /// Compares the rows of the node's bucket with its digest, once per mount.
  func check(bucketOf id: NodeID, in catalog: any Catalog, keys: VaultKeys) throws(VaultError) {
    try check(CatalogBuckets.bucket(of: id), in: catalog, keys: keys)
  }

  func check(_ bucket: UInt64, in catalog: any Catalog, keys: VaultKeys) throws(VaultError) {
    if lock.withLock({ checked.contains(bucket) }) { return }
    _ = try comparedRows(of: bucket, in: catalog, keys: keys)
  }

  /// The rows of a bucket, compared with its digest although they may have been before.
  func comparedRows(of bucket: UInt64, in catalog: any Catalog, keys: VaultKeys) throws(VaultError) -> [SealedRow] {
    // A commit may pass between the two looks at the digest; it cannot pass every time.
    for _ in 0..<4 {
      let before = lock.withLock { accepted(bucket) }
      let rows: [SealedRow]
      do throws(CatalogError) { rows = try catalog.rows(inBucket: bucket) } catch { throw VaultError(error) }
      var sum = RowDigest.zero
      for row in rows { sum += keys.digest(of: row) }
      let isGood = lock.withLock { () -> Bool in
        guard before.contains(sum) || accepted(bucket).contains(sum) else { return false }
        checked.insert(bucket)
        return true
      }
      if isGood { return rows }
    }
    throw .damaged("catalog rows of bucket \(bucket) are not the ones committed")
  }

  private func accepted(_ bucket: UInt64) -> [RowDigest] {
    let now = digests[bucket] ?? .zero
    return pending[bucket].map { [now, $0] } ?? [now]
  }
}
