import Catalog
import Keys
import Platform
package import VaultFormat

/// Reviews of grants. Those that are open are in memory. A vault keeps closed ones for ever and is seldom asked for them, so they stand in the
/// catalog alone.
extension Vault {
  /// In order of number.
  package var openReviews: [AccessReview] {
    tree.withLock { rules.reviews.values.filter { $0.closing == nil } }.sorted { $0.id < $1.id }
  }

  /// Items of all open reviews, in order of number.
  package var openReviewItems: [ReviewItem] {
    tree.withLock { rules.reviewItems.values.filter { rules.reviews[$0.review]?.closing == nil } }.sorted { $0.id < $1.id }
  }

  /// Closed reviews with their items, in order of number, from the catalog. One statement where there are none, else two, which read all reviews
  /// and their items.
  ///
  /// - Parameter id: that review only, if it is closed; nil: all.
  /// - Throws: `.damaged` where the rows are not the ones committed.
  package func closedReviews(_ id: RuleID? = nil) throws(VaultError) -> (reviews: [AccessReview], items: [ReviewItem]) {
    let (reviews, items) = try closedReviewRows(id)
    return (reviews.map(\.value), items.map(\.value))
  }

  /// Brings closed reviews that edits are about back into memory, with the digests of their rows: answers may still be given to them, and two may
  /// close one at once. They stay until a change is done.
  func recallReviews(for edits: [RuleEdit]) throws(VaultError) {
    var concerned: Set<RuleID> = []
    for edit in edits {
      // One that is put and open is new, or in memory.
      if case .putReview(let review) = edit, review.closing != nil { concerned.insert(review.id) }
      if case .putReviewItem(let item) = edit { concerned.insert(item.review) }
    }
    for case .putReview(let review) in edits where review.closing == nil { concerned.remove(review.id) }
    for id in concerned.subtracting(tree.withLock { Set(rules.reviews.keys) }) {
      let (reviews, items) = try closedReviewRows(id)
      guard let review = reviews.first else { continue }
      var digests = [review.row.key: keys.digest(of: review.row)]
      for (row, _) in items { digests[row.key] = keys.digest(of: row) }
      tree.withLock { rules.recall(review.value, items.map(\.value), stored: digests) }
    }
  }

  private typealias ReviewRows<Value> = [(row: SealedRow, value: Value)]

  private func closedReviewRows(_ id: RuleID?) throws(VaultError) -> (ReviewRows<AccessReview>, ReviewRows<ReviewItem>) {
    let reviews = try rows(of: .review, from: id ?? RuleID(0)) { (key, bytes) throws(FormatError) in
      try AccessReview(id: key, parsing: bytes)
    }.filter { $0.value.closing != nil && (id == nil || $0.value.id == id) }
    guard let first = reviews.first else { return ([], []) }
    let ids = Set(reviews.map(\.value.id))
    // An item's number is drawn after its review's.
    let items = try rows(of: .reviewItem, from: first.value.id) { (key, bytes) throws(FormatError) in
      try ReviewItem(id: key, parsing: bytes)
    }.filter { ids.contains($0.value.review) }
    return (reviews, items)
  }

  /// The rows of a small table, opened, in order of number, without those below `first`.
  private func rows<Value>(
    of table: Table, from first: RuleID, _ parse: (RuleID, [UInt8]) throws(FormatError) -> Value
  ) throws(VaultError) -> ReviewRows<Value> {
    var found: ReviewRows<Value> = []
    for row in try ledger.comparedRows(of: CatalogBuckets.bucket(of: table), in: catalog, keys: keys)
    where row.key.first >= first.value {
      do {
        let plaintext = try keys.open(row.sealed, for: row.key, version: row.version)
        found.append((row, try parse(RuleID(row.key.first), plaintext)))
      } catch { throw .damaged("row \(row.key.first) of table \(table)") }
    }
    return found.sorted { $0.row.key.first < $1.row.key.first }
  }
}
