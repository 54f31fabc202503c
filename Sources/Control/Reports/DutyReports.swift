package import VaultFormat

/// A duty that somebody has.
package struct DutyReport: Codable, Sendable, Hashable {
  package var id: RuleID
  package var duty: Duty.Kind
  package var principal: PrincipalName
  package var giver: PrincipalName
  package var given: WallTime
  package var reason: String
  /// `live` or `orphaned`.
  package var state: RuleState

  package init(
    id: RuleID, duty: Duty.Kind, principal: PrincipalName, giver: PrincipalName, given: WallTime, reason: String, state: RuleState
  ) {
    self.id = id
    self.duty = duty
    self.principal = principal
    self.giver = giver
    self.given = given
    self.reason = reason
    self.state = state
  }
}

/// Somebody with two duties, or a duty and a right, that no one person may have.
package struct ConflictReport: Codable, Sendable, Hashable {
  package var principal: PrincipalName
  package var duties: [Duty.Kind]
  /// The right that the duty forbids, with the grant that gives it and the folder where that stands: its number, and its path for those who see it.
  package var right: Rights?
  package var grant: RuleID?
  package var node: UInt64?
  package var path: VaultPath?

  package init(
    principal: PrincipalName, duties: [Duty.Kind], right: Rights? = nil, grant: RuleID? = nil, node: UInt64? = nil,
    path: VaultPath? = nil
  ) {
    self.principal = principal
    self.duties = duties
    self.right = right
    self.grant = grant
    self.node = node
    self.path = path
  }
}
