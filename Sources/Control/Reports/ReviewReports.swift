package import VaultFormat

/// A review of grants, counted over the items that whoever asks may know of.
package struct ReviewReport: Codable, Sendable, Hashable {
  /// Open reviews past their date are overdue.
  package enum State: String, Codable, Sendable, CaseIterable {
    case open
    /// Open, and past its date.
    case overdue
    case closed
  }

  package var id: RuleID
  package var path: VaultPath
  package var opener: PrincipalName
  package var opened: WallTime
  package var due: WallTime
  package var suspendsWhenDue: Bool
  package var reason: String
  package var state: State
  package var closer: PrincipalName?
  package var closed: WallTime?
  package var closingReason: String?
  /// How many items are `pending`, `kept`, `shrunk`, `revoked`, `suspended`, `unanswered`, `gone`; absent for none.
  package var counts: [String: Int]
  /// Of those pending, how many nobody was found for.
  package var unassignedCount: Int

  package init(
    id: RuleID, path: VaultPath, opener: PrincipalName, opened: WallTime, due: WallTime, suspendsWhenDue: Bool, reason: String,
    state: State, closer: PrincipalName? = nil, closed: WallTime? = nil, closingReason: String? = nil, counts: [String: Int],
    unassignedCount: Int
  ) {
    self.id = id
    self.path = path
    self.opener = opener
    self.opened = opened
    self.due = due
    self.suspendsWhenDue = suspendsWhenDue
    self.reason = reason
    self.state = state
    self.closer = closer
    self.closed = closed
    self.closingReason = closingReason
    self.counts = counts
    self.unassignedCount = unassignedCount
  }
}

/// One grant of a review: a line of its worksheet.
package struct ReviewItemReport: Codable, Sendable, Hashable {
  package var review: RuleID
  /// The grant as it was when the review was opened.
  package var grant: RuleID
  /// Absent where the folder is gone.
  package var path: VaultPath?
  package var to: PrincipalName
  /// Nobody has the name and id that it was given to.
  package var isOrphan: Bool
  package var rights: Rights
  package var from: WallTime?
  package var until: WallTime?
  package var giver: PrincipalName
  package var given: WallTime
  package var reason: String
  /// Who is to answer; absent where nobody was found.
  package var owner: PrincipalName?
  /// Until the review was opened.
  package var useCount: UInt64
  package var lastUse: WallTime?
  package var countedSince: WallTime
  /// `pending`, `kept`, `shrunk`, `revoked`, `suspended`, `unanswered` or `gone`.
  package var state: String
  package var decision: ReviewItem.Decision?
  package var decidedBy: PrincipalName?
  package var decided: WallTime?
  package var note: String?
  /// What stands instead of one that was shrunk.
  package var newGrant: RuleID?
  package var newRights: Rights?
  package var newUntil: WallTime?

  package init(
    review: RuleID, grant: RuleID, path: VaultPath?, to: PrincipalName, isOrphan: Bool, rights: Rights, from: WallTime?,
    until: WallTime?, giver: PrincipalName, given: WallTime, reason: String, owner: PrincipalName?, useCount: UInt64,
    lastUse: WallTime?, countedSince: WallTime, state: String, decision: ReviewItem.Decision? = nil,
    decidedBy: PrincipalName? = nil, decided: WallTime? = nil, note: String? = nil, newGrant: RuleID? = nil,
    newRights: Rights? = nil, newUntil: WallTime? = nil
  ) {
    self.review = review
    self.grant = grant
    self.path = path
    self.to = to
    self.isOrphan = isOrphan
    self.rights = rights
    self.from = from
    self.until = until
    self.giver = giver
    self.given = given
    self.reason = reason
    self.owner = owner
    self.useCount = useCount
    self.lastUse = lastUse
    self.countedSince = countedSince
    self.state = state
    self.decision = decision
    self.decidedBy = decidedBy
    self.decided = decided
    self.note = note
    self.newGrant = newGrant
    self.newRights = newRights
    self.newUntil = newUntil
  }
}

/// What an answer does, or would do; or why it cannot be taken.
package struct ReviewStepReport: Codable, Sendable, Hashable {
  /// Of the file; 0 without one.
  package var line: Int
  package var grant: RuleID
  package var decision: ReviewItem.Decision?
  package var path: VaultPath?
  package var to: PrincipalName?
  package var rights: Rights?
  /// What stands instead; its number is 0 in a dry run.
  package var successor: GrantReport?
  /// The grant was suspended, or was going to be, and is no more.
  package var restores: Bool
  package var problem: ControlFailure?

  package init(
    line: Int, grant: RuleID, decision: ReviewItem.Decision? = nil, path: VaultPath? = nil, to: PrincipalName? = nil,
    rights: Rights? = nil, successor: GrantReport? = nil, restores: Bool = false, problem: ControlFailure? = nil
  ) {
    self.line = line
    self.grant = grant
    self.decision = decision
    self.path = path
    self.to = to
    self.rights = rights
    self.successor = successor
    self.restores = restores
    self.problem = problem
  }
}
