package import VaultFormat

/// A grant, barrier or boundary.
package enum Rule: Hashable, Sendable {
  case grant(Grant)
  case barrier(Barrier)
  case boundary(Boundary)

  package var id: RuleID {
    switch self {
    case .grant(let grant): grant.id
    case .barrier(let barrier): barrier.id
    case .boundary(let boundary): boundary.id
    }
  }

  package var folder: NodeID {
    switch self {
    case .grant(let grant): grant.folder
    case .barrier(let barrier): barrier.folder
    case .boundary(let boundary): boundary.folder
    }
  }

  var key: RowKey {
    switch self {
    case .grant: RowKey(.grant, id.value)
    case .barrier: RowKey(.barrier, id.value)
    case .boundary: RowKey(.boundary, id.value)
    }
  }

  func encode() -> [UInt8] {
    switch self {
    case .grant(let grant): grant.encode()
    case .barrier(let barrier): barrier.encode()
    case .boundary(let boundary): boundary.encode()
    }
  }
}

/// A change of rules, duties or reviews.
package enum RuleEdit: Hashable, Sendable {
  case add(Rule)
  case remove(Rule)
  case addDuty(Duty)
  case removeDuty(Duty)
  /// New, or in place of what it was.
  case putReview(AccessReview)
  case putReviewItem(ReviewItem)
  case suspend(Suspension)
  case resume(Suspension)
  /// The figures of a grant that goes.
  case dropUse(of: RuleID)

  /// The row that it changes.
  var key: RowKey {
    switch self {
    case .add(let rule), .remove(let rule): rule.key
    case .addDuty(let duty), .removeDuty(let duty): RowKey(.duty, duty.id.value)
    case .putReview(let review): RowKey(.review, review.id.value)
    case .putReviewItem(let item): RowKey(.reviewItem, item.id.value)
    case .suspend(let suspension), .resume(let suspension): RowKey(.suspension, suspension.grant.value)
    case .dropUse(let grant): RowKey(.use, grant.value)
    }
  }

  /// What the row holds then; nil for none.
  var plaintext: [UInt8]? {
    switch self {
    case .add(let rule): rule.encode()
    case .addDuty(let duty): duty.encode()
    case .putReview(let review): review.encode()
    case .putReviewItem(let item): item.encode()
    case .suspend(let suspension): suspension.encode()
    case .remove, .removeDuty, .resume, .dropUse: nil
    }
  }

  /// Whether the table of rights is another afterwards.
  var changesRights: Bool {
    switch self {
    case .add, .remove, .suspend, .resume: true
    case .addDuty, .removeDuty, .putReview, .putReviewItem, .dropUse: false
    }
  }
}
