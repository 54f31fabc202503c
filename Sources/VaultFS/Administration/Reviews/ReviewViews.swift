package import VaultFormat

/// What became of one grant in a review.
package enum ReviewItemState: String, Sendable, CaseIterable {
  /// Nobody has answered yet.
  case pending
  case kept, shrunk, revoked
  /// Nobody answered, and it gives nothing until somebody does.
  case suspended
  /// Nobody answered, and it gives what it gave: else nobody would manage rights at the root, or another review has asked since.
  case unanswered
  /// Nobody answered, and it was revoked otherwise or went with its folder.
  case gone
}

/// A review with what its items have come to, as far as whoever asks may know of them.
package struct ReviewSummary: Sendable, Hashable {
  package let review: AccessReview
  /// How many items are in each state; none that is not there.
  package let counts: [ReviewItemState: Int]
  /// Of those pending, how many have nobody to answer.
  package let unassignedCount: Int
  /// It is open, and past its date.
  package let isOverdue: Bool
}

/// An item as it is shown.
package struct ShownReviewItem: Sendable, Hashable {
  package let item: ReviewItem
  package let state: ReviewItemState
  /// Of the folder; nil where it is gone.
  package let path: [UInt8]?
}

/// What a line of a worksheet answers.
package struct ReviewAnswerLine: Sendable {
  /// Where it stands in the file, from 1; 0 without a file.
  package var line: Int
  package var grant: RuleID
  package var decision: ReviewItem.Decision
  /// Of `shrink`: what is left; nil for as it is.
  package var rights: Rights?
  package var until: Int64?
  package var note: String

  package init(line: Int, grant: RuleID, decision: ReviewItem.Decision, rights: Rights?, until: Int64?, note: String) {
    self.line = line
    self.grant = grant
    self.decision = decision
    self.rights = rights
    self.until = until
    self.note = note
  }
}

/// What an answer does, or would do.
package enum ReviewStep: Sendable {
  /// `successor` without a number in a dry run; `lifts` where the grant was suspended, or going to be.
  case answer(line: Int, ReviewItem, successor: Grant?, lifts: Bool)
  /// Why the line cannot be done; then nothing is.
  case problem(line: Int, grant: RuleID, AdministrationFailure)
}
