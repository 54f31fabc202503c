package import VaultFormat

/// Whether a rule counts at the moment.
package enum RuleState: String, Codable, Sendable, CaseIterable {
  case live
  case notYet = "not-yet"
  case ended
  /// A review asked for it, and nobody answered; it gives nothing until somebody does.
  case suspended
  /// The name or the id that it was bound to is no longer that of the system; it gives nothing.
  case orphaned
}

/// A grant as it stands, or as it stood when it was revoked.
package struct GrantReport: Codable, Sendable, Hashable {
  package var id: RuleID
  package var path: VaultPath
  package var to: PrincipalName
  package var rights: Rights
  package var from: WallTime?
  package var until: WallTime?
  package var giver: PrincipalName
  package var given: WallTime
  package var reason: String
  package var state: RuleState
  /// That suspended it, or will.
  package var review: RuleID?

  package init(
    id: RuleID, path: VaultPath, to: PrincipalName, rights: Rights, from: WallTime?, until: WallTime?, giver: PrincipalName,
    given: WallTime, reason: String, state: RuleState, review: RuleID? = nil
  ) {
    self.id = id
    self.path = path
    self.to = to
    self.rights = rights
    self.from = from
    self.until = until
    self.giver = giver
    self.given = given
    self.reason = reason
    self.state = state
    self.review = review
  }
}

/// What an import of grants does, or would do.
package struct GrantStepReport: Codable, Sendable, Hashable {
  /// What is done for a line, or about a grant that no line names.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case add
    /// `replaces` is revoked, and `grant` given for it.
    case replace
    case revoke
    /// The line cannot be done, so nothing is.
    case problem
  }

  package var kind: Kind
  /// Of the file; absent for what it does not name.
  package var line: Int?
  /// Of one to be given in a dry run the number is 0.
  package var grant: GrantReport?
  package var replaces: GrantReport?
  package var problem: ControlFailure?

  package init(
    kind: Kind, line: Int?, grant: GrantReport? = nil, replaces: GrantReport? = nil, problem: ControlFailure? = nil
  ) {
    self.kind = kind
    self.line = line
    self.grant = grant
    self.replaces = replaces
    self.problem = problem
  }
}

/// A barrier as it stands, or as it stood when it was lifted.
package struct BarrierReport: Codable, Sendable, Hashable {
  package var id: RuleID
  /// Absent where whoever lifted it does not see the folder.
  package var path: VaultPath?
  package var against: PrincipalName
  package var name: String
  package var owner: PrincipalName
  package var raised: WallTime
  package var reason: String
  package var from: WallTime?
  package var until: WallTime?
  package var state: RuleState

  package init(
    id: RuleID, path: VaultPath?, against: PrincipalName, name: String, owner: PrincipalName, raised: WallTime, reason: String,
    from: WallTime?, until: WallTime?, state: RuleState
  ) {
    self.id = id
    self.path = path
    self.against = against
    self.name = name
    self.owner = owner
    self.raised = raised
    self.reason = reason
    self.from = from
    self.until = until
    self.state = state
  }
}

/// A boundary as it stands, or as it stood when it was cleared.
package struct BoundaryReport: Codable, Sendable, Hashable {
  package var id: RuleID
  package var path: VaultPath
  package var owner: PrincipalName
  package var set: WallTime
  package var reason: String

  package init(id: RuleID, path: VaultPath, owner: PrincipalName, set: WallTime, reason: String) {
    self.id = id
    self.path = path
    self.owner = owner
    self.set = set
    self.reason = reason
  }
}
