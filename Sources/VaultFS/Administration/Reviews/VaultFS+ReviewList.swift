import Access
import Vault
package import VaultFormat

/// Reviews as they are shown. Of each item knows who has `grant` at its folder; where that is gone, at the review's.
extension VaultFS {
  /// Reviews that the caller manages some of.
  package func reviews(_ caller: Caller) throws(AdministrationFailure) -> [ReviewSummary] {
    try reviews(try administrator(caller))
  }

  func reviews(_ judge: Judge) throws(AdministrationFailure) -> [ReviewSummary] {
    let state = try ReviewState(ofAll: self, now: judge.now)
    var places = ManagedFolders(self, judge)
    let items = Dictionary(grouping: state.items, by: \.review)
    var found: [ReviewSummary] = []
    for review in state.reviews.values.sorted(by: { $0.id < $1.id }) {
      let shown = try select(items[review.id] ?? []) { (item) throws(AdministrationFailure) in
        try places.manages(item, of: review)
      }
      let isManaged = try places.manages(review.scope)
      if !shown.isEmpty || isManaged { found.append(state.summary(of: review, shown)) }
    }
    return found
  }

  /// A review and its items, in the order of their grants.
  /// - Parameter ownerName: only what this principal is to answer, a user also for the groups they are in; nil: all.
  package func review(
    _ caller: Caller, _ id: RuleID, owner ownerName: String?
  ) throws(AdministrationFailure) -> (review: ReviewSummary, items: [ShownReviewItem]) {
    let judge = try administrator(caller)
    let state = try ReviewState(self, now: judge.now, with: id)
    let (review, items) = try managed(id, state, judge)
    var shown = items
    if let ownerName {
      let owner = try owner(named: ownerName)
      shown = items.filter { item in item.owner.map { owner.isNamed(by: $0) } ?? false }
    }
    return (
      state.summary(of: review, items),
      shown.sorted { $0.grant.id < $1.grant.id }.map { item in
        ShownReviewItem(
          item: item, state: state.state(of: item, in: review),
          path: (try? vault.node(item.grant.folder)).map { vault.path(of: $0) })
      }
    )
  }

  /// A review, with the items whose folders `judge` manages. To whoever manages none of it, it is not there.
  func managed(
    _ id: RuleID, _ state: ReviewState, _ judge: Judge
  ) throws(AdministrationFailure) -> (review: AccessReview, items: [ReviewItem]) {
    guard let review = state.reviews[id] else { throw .noSuchReview(id) }
    var places = ManagedFolders(self, judge)
    let items = try select(state.items(of: id)) { (item) throws(AdministrationFailure) in try places.manages(item, of: review) }
    let isManaged = try places.manages(review.scope)
    guard !items.isEmpty || isManaged else { throw .noSuchReview(id) }
    return (review, items)
  }

  /// Reviews that are open past their date: for `status`, which names nothing in the vault.
  package var overdueReviews: [AccessReview] {
    let now = vault.latestTime()
    return vault.openReviews.filter { $0.due <= now }
  }

  private func owner(named name: String) throws(AdministrationFailure) -> Subject {
    let principal = try principal(name)
    do throws(IdentityError) { return try identities.subject(for: principal) } catch { throw .identity(error) }
  }
}

/// Where somebody has `grant`; each folder is judged once.
struct ManagedFolders {
  private let files: VaultFS
  private let judge: Judge
  private var known: [NodeID: Bool?] = [:]

  init(_ files: VaultFS, _ judge: Judge) {
    self.files = files
    self.judge = judge
  }

  /// False where the folder is gone.
  mutating func manages(_ folder: NodeID) throws(AdministrationFailure) -> Bool { try look(folder) ?? false }

  mutating func manages(_ item: ReviewItem, of review: AccessReview) throws(AdministrationFailure) -> Bool {
    if let manages = try look(item.grant.folder) { return manages }
    return try manages(review.scope)
  }

  /// Nil where the folder is gone.
  private mutating func look(_ folder: NodeID) throws(AdministrationFailure) -> Bool? {
    if let known = known[folder] { return known }
    let manages = try files.standing(atRule: folder, judge)?.standing.allows(.grant)
    known[folder] = .some(manages)
    return manages
  }
}
