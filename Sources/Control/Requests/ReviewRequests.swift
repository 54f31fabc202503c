package import VaultFormat

/// A review of the grants at a path and below it.
package struct ReviewOpenRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var due: WallTime
  /// What is not answered by then gives nothing from then on.
  package var suspendsWhenDue: Bool
  package var reason: String

  package init(path: VaultPath, due: WallTime, suspendsWhenDue: Bool, reason: String) {
    self.path = path
    self.due = due
    self.suspendsWhenDue = suspendsWhenDue
    self.reason = reason
  }
}

/// A review with its items.
package struct ReviewShowRequest: Codable, Sendable, Hashable {
  package var id: RuleID
  /// Only what they are to answer; absent: all.
  package var owner: PrincipalName?

  package init(id: RuleID, owner: PrincipalName?) {
    self.id = id
    self.owner = owner
  }
}

/// Answers to a review, all or none.
package struct ReviewDecideRequest: Codable, Sendable, Hashable {
  /// What is answered for one grant.
  package struct Line: Codable, Sendable, Hashable {
    /// Where it stands in the file, from 1; 0 without one.
    package var line: Int
    package var grant: RuleID
    package var decision: ReviewItem.Decision
    /// Of `shrink`; absent is as it is.
    package var rights: Rights?
    package var until: WallTime?
    package var note: String

    package init(line: Int, grant: RuleID, decision: ReviewItem.Decision, rights: Rights?, until: WallTime?, note: String) {
      self.line = line
      self.grant = grant
      self.decision = decision
      self.rights = rights
      self.until = until
      self.note = note
    }
  }

  package var id: RuleID
  package var lines: [Line]
  /// Only says what would be done.
  package var isDryRun: Bool

  package init(id: RuleID, lines: [Line], isDryRun: Bool) {
    self.id = id
    self.lines = lines
    self.isDryRun = isDryRun
  }
}
