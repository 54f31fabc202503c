/// Ties the trail to the catalog: written and synced before each commit. In clear, MACed under the subkey `trailMarks`, so that the
/// program can read it at its next start while it reads nothing else.
package struct Mark: Hashable, Sendable {
  package static let macByteCount = 32
  package static let byteCount = 178

  package var bootID: ID128
  package var wall: Int64
  /// Counts commits, tried ones included.
  package var commit: UInt64
  /// The commit that this one changes.
  package var predecessor: UInt64
  /// The sum of all bucket digests after the commit.
  package var digest: RowDigest
  /// The generation of vault.json.
  package var generation: UInt64
  /// The keyed digest of the catalog file, at an orderly end.
  package var catalogFileDigest: RowDigest?
  /// The chain's head before this frame.
  package var head: ChainHead

  package init(
    bootID: ID128, wall: Int64, commit: UInt64, predecessor: UInt64, digest: RowDigest, generation: UInt64,
    catalogFileDigest: RowDigest?, head: ChainHead
  ) {
    self.bootID = bootID
    self.wall = wall
    self.commit = commit
    self.predecessor = predecessor
    self.digest = digest
    self.generation = generation
    self.catalogFileDigest = catalogFileDigest
    self.head = head
  }

  /// Everything before the MAC: 146 bytes.
  package func encode() -> [UInt8] {
    var writer = ByteWriter(capacity: Self.byteCount)
    writer.u8(1)
    writer.raw(bootID.bytes)
    writer.i64(wall)
    writer.u64(commit)
    writer.u64(predecessor)
    writer.raw(digest.bytes)
    writer.u64(generation)
    writer.u8(catalogFileDigest == nil ? 0 : 1)
    writer.raw(catalogFileDigest?.bytes ?? [UInt8](repeating: 0, count: 32))
    writer.raw(head.bytes)
    return writer.bytes
  }

  /// What the MAC is computed over: domain ‖ vault ‖ segment ‖ sequence ‖ everything before the MAC.
  package static func authenticated(_ body: some Sequence<UInt8>, vault: VaultID, segment: UInt64, sequence: UInt64) -> [UInt8] {
    var writer = ByteWriter(capacity: 256)
    writer.raw(Domain.mark)
    writer.raw(vault.bytes)
    writer.u64(segment)
    writer.u64(sequence)
    writer.raw(body)
    return writer.bytes
  }

  /// Reads a mark without its MAC.
  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.u8()
    guard version <= 1 else { throw .newerVersion(UInt64(version)) }
    guard version == 1 else { throw .malformed("mark version") }
    bootID = ID128(try reader.raw(16))!
    wall = try reader.i64()
    commit = try reader.u64()
    predecessor = try reader.u64()
    digest = RowDigest(Array(try reader.raw(32)))!
    generation = try reader.u64()
    let hasFileDigest = try reader.u8()
    let fileDigest = Array(try reader.raw(32))
    switch hasFileDigest {
    case 0:
      guard fileDigest.allSatisfy({ $0 == 0 }) else { throw .malformed("mark digest") }
      catalogFileDigest = nil
    case 1: catalogFileDigest = RowDigest(fileDigest)!
    default: throw .malformed("mark digest")
    }
    head = ChainHead(try reader.raw(32))!
    try reader.end()
  }
}
