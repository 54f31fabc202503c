/// A recertification: the grants at a folder and below it, each to be kept, shrunk or revoked by somebody whom it does not name. Row of
/// table `review`; its items are rows of their own.
package struct AccessReview: Hashable, Sendable {
  package var id: RuleID
  package var scope: NodeID
  package var opener: Principal
  package var reason: String
  /// Wall nanoseconds.
  package var opened: Int64
  /// When it is to be closed by, wall nanoseconds.
  package var due: Int64
  /// What is not answered by `due` gives nothing from then on, whether anybody closes it or not.
  package var suspendsWhenDue: Bool
  /// Nil while it is open.
  package var closing: Closing?

  /// Who closed it, when and why.
  package struct Closing: Hashable, Sendable {
    package var closer: Principal
    package var reason: String
    package var closed: Int64

    package init(closer: Principal, reason: String, closed: Int64) {
      self.closer = closer
      self.reason = reason
      self.closed = closed
    }
  }

  package init(
    id: RuleID, scope: NodeID, opener: Principal, reason: String, opened: Int64, due: Int64, suspendsWhenDue: Bool,
    closing: Closing? = nil
  ) {
    self.id = id
    self.scope = scope
    self.opener = opener
    self.reason = reason
    self.opened = opened
    self.due = due
    self.suspendsWhenDue = suspendsWhenDue
    self.closing = closing
  }

  /// The plaintext of the sealed row. The id is the row's primary key, bound by its AAD, and not repeated.
  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(scope.value)
    opener.encode(to: &writer)
    writer.counted(reason)
    writer.i64(opened)
    writer.i64(due)
    writer.u8(suspendsWhenDue ? 1 : 0)
    writer.u8(closing == nil ? 0 : 1)
    if let closing {
      closing.closer.encode(to: &writer)
      writer.counted(closing.reason)
      writer.i64(closing.closed)
    }
    return writer.bytes
  }

  package init(id: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.id = id
    scope = NodeID(try reader.varint())
    opener = try Principal(from: &reader)
    reason = try reader.string(limit: 4096)
    opened = try reader.i64()
    due = try reader.i64()
    suspendsWhenDue = try reader.flag()
    if try reader.flag() {
      closing = Closing(
        closer: try Principal(from: &reader), reason: try reader.string(limit: 4096), closed: try reader.i64())
    }
    try reader.end()
  }
}
