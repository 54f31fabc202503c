package import VaultFormat

/// Why a principal has a right at a path, or has not.
package struct ExplainRequest: Codable, Sendable, Hashable {
  package var principal: PrincipalName
  /// Exactly one right.
  package var right: Rights
  package var path: VaultPath
  /// The moment to judge; absent is now.
  package var at: WallTime?
  /// A grant to suppose as well.
  package var supposing: RuleID?
  /// A grant to suppose gone.
  package var without: RuleID?

  package init(
    principal: PrincipalName, right: Rights, path: VaultPath, at: WallTime? = nil, supposing: RuleID? = nil,
    without: RuleID? = nil
  ) {
    self.principal = principal
    self.right = right
    self.path = path
    self.at = at
    self.supposing = supposing
    self.without = without
  }
}

/// Who has rights at a path.
package struct WhoRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var at: WallTime?

  package init(path: VaultPath, at: WallTime? = nil) {
    self.path = path
    self.at = at
  }
}

/// Where a principal has rights.
package struct WhatRequest: Codable, Sendable, Hashable {
  package var principal: PrincipalName
  package var at: WallTime?

  package init(principal: PrincipalName, at: WallTime? = nil) {
    self.principal = principal
    self.at = at
  }
}
