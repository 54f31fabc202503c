/// The rows of table `meta`, by primary key. Never renumbered.
package enum MetaKey: UInt64, Sendable {
  case counters = 1
  case commit = 2
  /// Never a row: seals `verify.state`.
  case verification = 3
}

/// Numbers below these limits may be in use; a start of the daemon begins at the limits and reserves new ones first, so that a
/// crash skips numbers and never repeats one.
package struct Counters: Hashable, Sendable {
  package var node: UInt64
  package var rule: UInt64
  package var rowVersion: UInt64
  package var pack: UInt64

  package init(node: UInt64, rule: UInt64, rowVersion: UInt64, pack: UInt64) {
    self.node = node
    self.rule = rule
    self.rowVersion = rowVersion
    self.pack = pack
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 40)
    writer.u8(1)
    for value in [node, rule, rowVersion, pack] { writer.u64(value) }
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    node = try reader.u64()
    rule = try reader.u64()
    rowVersion = try reader.u64()
    pack = try reader.u64()
    try reader.end()
  }
}

/// Which commit the catalog holds. Rewritten by every commit; compared with the trail's last mark when the vault is unlocked.
package struct CommitRecord: Hashable, Sendable {
  /// Counts commits, including those that failed after their mark.
  package var number: UInt64
  /// The commit that this one changed.
  package var predecessor: UInt64
  /// The sum of all bucket digests after this commit.
  package var digest: RowDigest
  /// The generation of vault.json.
  package var generation: UInt64
  /// The latest wall time committed, in nanoseconds; validity never goes back behind it.
  package var latestTime: Int64

  package init(number: UInt64, predecessor: UInt64, digest: RowDigest, generation: UInt64, latestTime: Int64) {
    self.number = number
    self.predecessor = predecessor
    self.digest = digest
    self.generation = generation
    self.latestTime = latestTime
  }

  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: 80)
    writer.u8(1)
    writer.u64(number)
    writer.u64(predecessor)
    writer.raw(digest.bytes)
    writer.u64(generation)
    writer.i64(latestTime)
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    number = try reader.u64()
    predecessor = try reader.u64()
    guard let digest = RowDigest(Array(try reader.raw(32))) else { throw .malformed("digest") }
    self.digest = digest
    generation = try reader.u64()
    latestTime = try reader.i64()
    try reader.end()
  }
}

/// The digest of a bucket of rows. Row of table `bucket`.
package struct BucketRecord: Hashable, Sendable {
  package var digest: RowDigest

  package init(digest: RowDigest) { self.digest = digest }

  package func encode() -> [UInt8] { [1] + digest.bytes }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    try reader.rowVersion()
    guard let digest = RowDigest(Array(try reader.raw(32))) else { throw .malformed("digest") }
    self.digest = digest
    try reader.end()
  }
}
