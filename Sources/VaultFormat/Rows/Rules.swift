/// Rights given on a folder and all below it, until a boundary. Row of table `grant`.
package struct Grant: Hashable, Sendable {
  package var id: RuleID
  package var folder: NodeID
  package var principal: Principal
  package var rights: Rights
  /// Valid from (inclusive) and until (exclusive), wall nanoseconds; nil is unlimited.
  package var from: Int64?
  package var until: Int64?
  package var giver: Principal
  package var reason: String
  /// When it was given, wall nanoseconds.
  package var given: Int64
  /// Room for the second approver of a later version; nil today.
  package var approver: Principal?

  package init(
    id: RuleID, folder: NodeID, principal: Principal, rights: Rights, from: Int64? = nil, until: Int64? = nil, giver: Principal,
    reason: String, given: Int64, approver: Principal? = nil
  ) {
    self.id = id
    self.folder = folder
    self.principal = principal
    self.rights = rights
    self.from = from
    self.until = until
    self.giver = giver
    self.reason = reason
    self.given = given
    self.approver = approver
  }

  /// The plaintext of the sealed row. The id is the row's primary key, bound by its AAD, and not repeated.
  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(folder.value)
    principal.encode(to: &writer)
    writer.u8(rights.rawValue)
    writer.optionalTime(from)
    writer.optionalTime(until)
    giver.encode(to: &writer)
    writer.counted(reason)
    writer.i64(given)
    writer.optionalPrincipal(approver)
    return writer.bytes
  }

  package init(id: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.id = id
    folder = NodeID(try reader.varint())
    principal = try Principal(from: &reader)
    rights = Rights(rawValue: try reader.u8())
    guard !rights.isEmpty, Rights.all.isSuperset(of: rights) else { throw .malformed("rights") }
    from = try reader.optionalTime()
    until = try reader.optionalTime()
    giver = try Principal(from: &reader)
    reason = try reader.string(limit: 4096)
    given = try reader.i64()
    approver = try reader.optionalPrincipal()
    try reader.end()
  }
}

/// A named wall against a user or group, at a folder and all below it; nothing stops it. Row of table `barrier`.
package struct Barrier: Hashable, Sendable {
  package var id: RuleID
  package var folder: NodeID
  package var principal: Principal
  package var owner: Principal
  /// What the wall is called.
  package var name: String
  package var reason: String
  package var from: Int64?
  package var until: Int64?
  /// When it was raised, wall nanoseconds.
  package var raised: Int64

  package init(
    id: RuleID, folder: NodeID, principal: Principal, owner: Principal, name: String, reason: String, from: Int64? = nil,
    until: Int64? = nil, raised: Int64
  ) {
    self.id = id
    self.folder = folder
    self.principal = principal
    self.owner = owner
    self.name = name
    self.reason = reason
    self.from = from
    self.until = until
    self.raised = raised
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(folder.value)
    principal.encode(to: &writer)
    owner.encode(to: &writer)
    writer.counted(name)
    writer.counted(reason)
    writer.optionalTime(from)
    writer.optionalTime(until)
    writer.i64(raised)
    return writer.bytes
  }

  package init(id: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.id = id
    folder = NodeID(try reader.varint())
    principal = try Principal(from: &reader)
    owner = try Principal(from: &reader)
    name = try reader.string(limit: 255)
    reason = try reader.string(limit: 4096)
    from = try reader.optionalTime()
    until = try reader.optionalTime()
    raised = try reader.i64()
    try reader.end()
  }
}

/// A folder where inheritance of grants stops (but never `grant`, and never barriers). Row of table `boundary`; at most one a folder.
package struct Boundary: Hashable, Sendable {
  package var id: RuleID
  package var folder: NodeID
  package var owner: Principal
  package var reason: String
  /// When it was set, wall nanoseconds.
  package var set: Int64

  package init(id: RuleID, folder: NodeID, owner: Principal, reason: String, set: Int64) {
    self.id = id
    self.folder = folder
    self.owner = owner
    self.reason = reason
    self.set = set
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(folder.value)
    owner.encode(to: &writer)
    writer.counted(reason)
    writer.i64(set)
    return writer.bytes
  }

  package init(id: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.id = id
    folder = NodeID(try reader.varint())
    owner = try Principal(from: &reader)
    reason = try reader.string(limit: 4096)
    set = try reader.i64()
    try reader.end()
  }
}

extension ByteWriter {
  mutating func optionalTime(_ time: Int64?) {
    u8(time == nil ? 0 : 1)
    if let time { i64(time) }
  }

  mutating func optionalPrincipal(_ principal: Principal?) {
    u8(principal == nil ? 0 : 1)
    principal?.encode(to: &self)
  }
}

extension ByteReader {
  /// The version byte that every row begins with.
  mutating func rowVersion() throws(FormatError) {
    let version = try u8()
    guard version > 0 else { throw .malformed("version 0") }
    guard version == 1 else { throw .newerVersion(UInt64(version)) }
  }

  mutating func flag() throws(FormatError) -> Bool {
    switch try u8() {
    case 0: return false
    case 1: return true
    default: throw .malformed("flag")
    }
  }

  mutating func optionalTime() throws(FormatError) -> Int64? { try flag() ? try i64() : nil }

  mutating func optionalPrincipal() throws(FormatError) -> Principal? { try flag() ? try Principal(from: &self) : nil }
}
