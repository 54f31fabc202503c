/// A grant that gives nothing from a time on, because a review asked for it and nobody answered. Row of table `suspension`, by the
/// grant's number.
package struct Suspension: Hashable, Sendable {
  package var grant: RuleID
  package var review: RuleID
  /// From then on (inclusive), wall nanoseconds.
  package var from: Int64
  /// Who opened the review, or closed it.
  package var maker: Principal

  package init(grant: RuleID, review: RuleID, from: Int64, maker: Principal) {
    self.grant = grant
    self.review = review
    self.from = from
    self.maker = maker
  }

  /// The plaintext of the sealed row. The grant is the row's primary key, bound by its AAD, and not repeated.
  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(review.value)
    writer.i64(from)
    maker.encode(to: &writer)
    return writer.bytes
  }

  package init(grant: RuleID, parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    self.grant = grant
    review = RuleID(try reader.varint())
    from = try reader.i64()
    maker = try Principal(from: &reader)
    try reader.end()
  }
}
