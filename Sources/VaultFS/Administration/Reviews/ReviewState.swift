import Vault
import VaultFormat

/// Reviews, the grants and the suspensions of one moment.
struct ReviewState {
  let reviews: [RuleID: AccessReview]
  let items: [ReviewItem]
  let grants: [RuleID: Grant]
  let suspensions: [RuleID: Suspension]
  let now: Int64

  init(_ files: VaultFS, now: Int64) {
    reviews = Dictionary(uniqueKeysWithValues: files.vault.reviews.map { ($0.id, $0) })
    items = files.vault.reviewItems
    grants = Dictionary(uniqueKeysWithValues: files.vault.grants.map { ($0.id, $0) })
    suspensions = files.vault.suspensions
    self.now = now
  }

  func items(of review: RuleID) -> [ReviewItem] { items.filter { $0.review == review } }

  func state(of item: ReviewItem) -> ReviewItemState {
    if let answer = item.answer {
      switch answer.decision {
      case .keep: return .kept
      case .shrink: return .shrunk
      case .revoke: return .revoked
      }
    }
    guard grants[item.grant.id] != nil else { return .gone }
    if let suspension = suspensions[item.grant.id], suspension.review == item.review, suspension.from <= now { return .suspended }
    return reviews[item.review]?.closing == nil ? .pending : .unanswered
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
      let state = state(of: item)
      counts[state, default: 0] += 1
      if state == .pending, item.owner == nil { unassignedCount += 1 }
    }
    return ReviewSummary(
      review: review, counts: counts, unassignedCount: unassignedCount,
      isOverdue: review.closing == nil && review.due <= now)
  }
}
