/// How often a grant decided, and when it last did: row of table `use`, by the grant's number. The row of number 0 says since when a vault
/// counts: no uses, and that time as `last`.
package struct Use: Hashable, Sendable {
  package var count: UInt64
  /// Wall nanoseconds, cut to the minute.
  package var last: Int64

  package init(count: UInt64, last: Int64) {
    self.count = count
    self.last = last
  }

  /// The plaintext of the sealed row.
  package func encode() -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(1)
    writer.varint(count)
    writer.i64(last)
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    count = try reader.varint()
    last = try reader.i64()
    try reader.end()
  }
}
