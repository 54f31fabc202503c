package import VaultFormat

/// Why someone can or cannot do something, from the same evaluator that judges the mount.
package struct ExplanationReport: Codable, Sendable, Hashable {
  /// What the evaluator says.
  package enum Verdict: String, Codable, Sendable, CaseIterable {
    case allowed
    case refused
    /// Only for those who may ask about others; about oneself, hidden and absent answer alike.
    case noSuchName = "no-such-name"
  }

  /// One rule that spoke, or nearly did.
  package struct Rule: Codable, Sendable, Hashable {
    /// What the rule is.
    package enum Kind: String, Codable, Sendable, CaseIterable {
      case grant, barrier, boundary
    }

    /// What the rule did about the right that was asked for.
    package enum Effect: String, Codable, Sendable, CaseIterable {
      /// It decided.
      case decided
      /// Near misses: it would have given the right but for this.
      case ended
      case notYet = "not-yet"
      /// It names somebody who is nobody any more: the name or the id that it was bound to is another's, or no one's.
      case orphaned
      /// A review asked for it, and nobody answered.
      case suspended
      case beyondBoundary = "beyond-boundary"
      case givenByAsker = "given-by-asker"
      case otherRights = "other-rights"
      case otherPrincipal = "other-principal"
    }

    package var kind: Kind
    package var id: RuleID
    package var path: VaultPath
    /// The user, or the group by which it applies.
    package var via: PrincipalName?
    package var rights: Rights?
    package var effect: Effect
    /// When it ended, begins, or will end.
    package var time: WallTime?
    /// A barrier's name; its reason and owner only for those who hold `grant` there.
    package var name: String?
    package var reason: String?
    /// Of what is suspended.
    package var review: RuleID?

    package init(
      kind: Kind, id: RuleID, path: VaultPath, via: PrincipalName? = nil, rights: Rights? = nil, effect: Effect,
      time: WallTime? = nil, name: String? = nil, reason: String? = nil, review: RuleID? = nil
    ) {
      self.kind = kind
      self.id = id
      self.path = path
      self.via = via
      self.rights = rights
      self.effect = effect
      self.time = time
      self.name = name
      self.reason = reason
      self.review = review
    }
  }

  package var principal: PrincipalName
  package var right: Rights
  package var path: VaultPath
  package var at: WallTime
  package var verdict: Verdict
  /// The rows that decided.
  package var decided: [Rule]
  package var nearMisses: [Rule]

  package init(
    principal: PrincipalName, right: Rights, path: VaultPath, at: WallTime, verdict: Verdict, decided: [Rule], nearMisses: [Rule]
  ) {
    self.principal = principal
    self.right = right
    self.path = path
    self.at = at
    self.verdict = verdict
    self.decided = decided
    self.nearMisses = nearMisses
  }
}

/// One principal that has rights at the path that was asked about.
package struct WhoReport: Codable, Sendable, Hashable {
  package var principal: PrincipalName
  /// The name or the id that the grants are bound to is no longer that of the system, so nobody has these rights. Absent where the system did
  /// not answer in time.
  package var isOrphan: Bool?
  package var rights: Rights
  /// The grants that give them.
  package var grants: [RuleID]
  package var until: WallTime?

  package init(principal: PrincipalName, isOrphan: Bool?, rights: Rights, grants: [RuleID], until: WallTime?) {
    self.principal = principal
    self.isOrphan = isOrphan
    self.rights = rights
    self.grants = grants
    self.until = until
  }
}

/// One folder from which on the principal has these rights.
package struct WhatReport: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var rights: Rights
  package var grants: [RuleID]
  package var until: WallTime?

  package init(path: VaultPath, rights: Rights, grants: [RuleID], until: WallTime?) {
    self.path = path
    self.rights = rights
    self.grants = grants
    self.until = until
  }
}
