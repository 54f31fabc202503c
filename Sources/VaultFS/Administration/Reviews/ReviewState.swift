import Vault
import VaultFormat

/// Reviews, the grants and the suspensions of one moment.
struct ReviewState {
  private(set) var reviews: [RuleID: AccessReview]
  /// Of `reviews`, in order of number.
  private(set) var items: [ReviewItem]
  let grants: [RuleID: Grant]
  let suspensions: [RuleID: Suspension]
  let now: Int64

  /// Knows the open reviews.
  init(_ files: VaultFS, now: Int64) {
    reviews = Dictionary(uniqueKeysWithValues: files.vault.openReviews.map { ($0.id, $0) })
    items = files.vault.openReviewItems
    grants = Dictionary(uniqueKeysWithValues: files.vault.grants.map { ($0.id, $0) })
    suspensions = files.vault.suspensions
    self.now = now
  }

  /// Knows one review more, should it be closed.
  init(_ files: VaultFS, now: Int64, with id: RuleID) throws(AdministrationFailure) {
    self.init(files, now: now)
    if reviews[id] == nil { try addClosed(files, id) }
  }

  /// Knows all reviews there ever were.
  init(ofAll files: VaultFS, now: Int64) throws(AdministrationFailure) {
    self.init(files, now: now)
    try addClosed(files, nil)
  }

  /// After the open ones were looked at: what is closed in between is in both, and what is in neither was opened in between.
  private mutating func addClosed(_ files: VaultFS, _ id: RuleID?) throws(AdministrationFailure) {
    do throws(VaultError) {
      let closed = try files.vault.closedReviews(id)
      let fresh = closed.reviews.filter { reviews[$0.id] == nil }
      let ids = Set(fresh.map(\.id))
      for review in fresh { reviews[review.id] = review }
      items = (items + closed.items.filter { ids.contains($0.review) }).sorted { $0.id < $1.id }
    } catch { throw .failed(FSError(error)) }
  }

  func items(of review: RuleID) -> [ReviewItem] { items.filter { $0.review == review } }

  func state(of item: ReviewItem, in review: AccessReview) -> ReviewItemState {
    if let answer = item.answer {
      switch answer.decision {
      case .keep: return .kept
      case .shrink: return .shrunk
      case .revoke: return .revoked
      }
    }
    guard grants[item.grant.id] != nil else { return .gone }
    if let suspension = suspensions[item.grant.id], suspension.review == item.review, suspension.from <= now { return .suspended }
    return review.closing == nil ? .pending : .unanswered
  }

  /// What another open review, that asks for the same grant and suspends by itself, does once `review` has its answer.
  func suspension(of grant: RuleID, besides review: RuleID) -> Suspension? {
    items.compactMap { item -> Suspension? in
      guard item.grant.id == grant, item.review != review, item.answer == nil, let other = reviews[item.review],
        other.closing == nil, other.suspendsWhenDue
      else { return nil }
      return Suspension(grant: grant, review: other.id, from: other.due, maker: other.opener)
    }.min { $0.from < $1.from }
  }

  func summary(of review: AccessReview, _ items: [ReviewItem]) -> ReviewSummary {
    var counts: [ReviewItemState: Int] = [:]
    var unassignedCount = 0
    for item in items {
      let state = state(of: item, in: review)
      counts[state, default: 0] += 1
      if state == .pending, item.owner == nil { unassignedCount += 1 }
    }
    return ReviewSummary(
      review: review, counts: counts, unassignedCount: unassignedCount,
      isOverdue: review.closing == nil && review.due <= now)
  }
}
