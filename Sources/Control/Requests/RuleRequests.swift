package import VaultFormat

/// A grant to be given.
package struct GrantAddRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var to: PrincipalName
  package var rights: Rights
  /// Valid from (inclusive) until (exclusive); absent is unlimited.
  package var from: WallTime?
  package var until: WallTime?
  package var reason: String

  package init(path: VaultPath, to: PrincipalName, rights: Rights, from: WallTime? = nil, until: WallTime? = nil, reason: String)
  {
    self.path = path
    self.to = to
    self.rights = rights
    self.from = from
    self.until = until
    self.reason = reason
  }
}

/// A barrier to be raised.
package struct BarrierAddRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var against: PrincipalName
  /// What the wall is called.
  package var name: String
  package var reason: String
  package var from: WallTime?
  package var until: WallTime?

  package init(
    path: VaultPath, against: PrincipalName, name: String, reason: String, from: WallTime? = nil, until: WallTime? = nil
  ) {
    self.path = path
    self.against = against
    self.name = name
    self.reason = reason
    self.from = from
    self.until = until
  }
}

/// A boundary to be set or cleared.
package struct BoundaryRequest: Codable, Sendable, Hashable {
  package var path: VaultPath
  package var reason: String

  package init(path: VaultPath, reason: String) {
    self.path = path
    self.reason = reason
  }
}

/// A grant to be revoked, a barrier to be lifted, or a review to be closed.
package struct RuleRemoveRequest: Codable, Sendable, Hashable {
  package var id: RuleID
  package var reason: String

  package init(id: RuleID, reason: String) {
    self.id = id
    self.reason = reason
  }
}

/// Rules at and below a path (absent: the whole vault) that name a principal (absent: any).
package struct RuleListRequest: Codable, Sendable, Hashable {
  package var path: VaultPath?
  package var to: PrincipalName?
  /// Of grants: only live ones that end by then.
  package var endingBy: WallTime?

  package init(path: VaultPath? = nil, to: PrincipalName? = nil, endingBy: WallTime? = nil) {
    self.path = path
    self.to = to
    self.endingBy = endingBy
  }
}

/// A duty to be given or taken.
package struct DutyRequest: Codable, Sendable, Hashable {
  package var duty: Duty.Kind
  package var principal: PrincipalName
  package var reason: String

  package init(duty: Duty.Kind, principal: PrincipalName, reason: String) {
    self.duty = duty
    self.principal = principal
    self.reason = reason
  }
}
