/// Something that a person or a group has been made responsible for. Row of table `duty`.
package struct Duty: Hashable, Sendable {
  /// Which one. Numbers are on disk; never renumbered.
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    /// Says who has which duty, may change rules at the root, and lets reviewers in.
    case administrator = 1
    /// Reads the trail.
    case reviewer = 2
    /// Mounts, unmounts, keeps the key slots.
    case `operator` = 3
    /// Closes accounts, sets retention, proposes destruction.
    case recordsOfficer = 4

    /// As commands and the trail name it.
    package var name: String {
      switch self {
      case .administrator: "administrator"
      case .reviewer: "reviewer"
      case .operator: "operator"
      case .recordsOfficer: "records-officer"
      }
    }

    package init?(name: String) {
      guard let kind = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = kind
    }
  }

  package var id: RuleID
  package var kind: Kind
  package var principal: Principal
  package var giver: Principal
  package var reason: String
  /// When it was given, wall nanoseconds.
  package var given: Int64

  package init(id: RuleID, kind: Kind, principal: Principal, giver: Principal, reason: String, given: Int64) {
    self.id = id
    self.kind = kind
    self.principal = principal
    self.giver = giver
    self.reason = reason
    self.given = given
  }

  /// The plaintext of the sealed row. The id is the row's primary key, bound by its AAD, and not repeated.
  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.u8(kind.rawValue)
    principal.encode(to: &writer)
    giver.encode(to: &writer)
    writer.counted(reason)
    writer.i64(given)
    return writer.bytes
  }

  package init(id: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.id = id
    guard let kind = Kind(rawValue: try reader.u8()) else { throw .malformed("duty") }
    self.kind = kind
    principal = try Principal(from: &reader)
    giver = try Principal(from: &reader)
    reason = try reader.string(limit: 4096)
    given = try reader.i64()
    try reader.end()
  }
}
