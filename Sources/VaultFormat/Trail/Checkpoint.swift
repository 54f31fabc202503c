/// A signature over everything before it, made with a key that signs once and names the next one.
///
/// Epoch n is signed with key n alone. Key 0 is the genesis key; key n+1 stands in checkpoint n.
package struct Checkpoint: Hashable, Sendable {
  package static let byteCount = 298
  /// The longest that may pass between two checkpoints of one stretch of writing, on the boot clock.
  package static let heartbeatNanosecondsMax: Int64 = 90_000_000_000

  /// Numbers are on disk; never renumbered.
  package enum Kind: UInt8, Sendable {
    /// The first after the program started.
    case opening = 1
    case regular = 2
    /// The last: the program ended in order. Nothing follows but another start.
    case closing = 3
  }

  package var kind: Kind
  package var epoch: UInt64
  package var vault: VaultID
  package var segment: UInt64
  /// Of this checkpoint's own frame.
  package var sequence: UInt64
  /// The chain's head before this frame.
  package var head: ChainHead
  /// Sealed records and marks since the beginning of the trail.
  package var recordCount: UInt64
  package var markCount: UInt64
  /// The latest mark before: its sequence and commit; 0 and 0 for none.
  package var lastMarkSequence: UInt64
  package var lastMarkCommit: UInt64
  package var bootID: ID128
  package var wall: Int64
  package var boot: Int64
  /// BLAKE2b-256 of the whole checkpoint before (body and signature); zeros in epoch 0.
  package var previous: ChainHead
  /// Ed25519 public keys: the one that signs this, and the one that will sign the next.
  package var publicKey: [UInt8]
  package var nextPublicKey: [UInt8]
  package var signature: [UInt8]

  package init(
    kind: Kind, epoch: UInt64, vault: VaultID, segment: UInt64, sequence: UInt64, head: ChainHead, recordCount: UInt64,
    markCount: UInt64, lastMarkSequence: UInt64, lastMarkCommit: UInt64, bootID: ID128, wall: Int64, boot: Int64,
    previous: ChainHead, publicKey: [UInt8], nextPublicKey: [UInt8], signature: [UInt8] = [UInt8](repeating: 0, count: 64)
  ) {
    self.kind = kind
    self.epoch = epoch
    self.vault = vault
    self.segment = segment
    self.sequence = sequence
    self.head = head
    self.recordCount = recordCount
    self.markCount = markCount
    self.lastMarkSequence = lastMarkSequence
    self.lastMarkCommit = lastMarkCommit
    self.bootID = bootID
    self.wall = wall
    self.boot = boot
    self.previous = previous
    self.publicKey = publicKey
    self.nextPublicKey = nextPublicKey
    self.signature = signature
  }

  private func body() -> ByteWriter {
    precondition(publicKey.count == 32 && nextPublicKey.count == 32 && signature.count == 64)
    var writer = ByteWriter(capacity: Self.byteCount)
    writer.u8(1)
    writer.u8(kind.rawValue)
    writer.u64(epoch)
    writer.raw(vault.bytes)
    writer.u64(segment)
    writer.u64(sequence)
    writer.raw(head.bytes)
    for value in [recordCount, markCount, lastMarkSequence, lastMarkCommit] { writer.u64(value) }
    writer.raw(bootID.bytes)
    writer.i64(wall)
    writer.i64(boot)
    writer.raw(previous.bytes)
    writer.raw(publicKey)
    writer.raw(nextPublicKey)
    return writer
  }

  /// What is signed: domain ‖ everything before the signature.
  package var signedBytes: [UInt8] { Domain.checkpoint.bytes + body().bytes }

  package func encode() -> [UInt8] {
    var writer = body()
    writer.raw(signature)
    return writer.bytes
  }

  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    let version = try reader.u8()
    guard version <= 1 else { throw .newerVersion(UInt64(version)) }
    guard version == 1 else { throw .malformed("checkpoint version") }
    guard let kind = Kind(rawValue: try reader.u8()) else { throw .malformed("checkpoint kind") }
    self.kind = kind
    epoch = try reader.u64()
    vault = ID128(try reader.raw(16))!
    segment = try reader.u64()
    sequence = try reader.u64()
    head = ChainHead(try reader.raw(32))!
    recordCount = try reader.u64()
    markCount = try reader.u64()
    lastMarkSequence = try reader.u64()
    lastMarkCommit = try reader.u64()
    bootID = ID128(try reader.raw(16))!
    wall = try reader.i64()
    boot = try reader.i64()
    guard Record.TimeBase(wall: wall, boot: boot).isPossible else { throw .malformed("checkpoint clocks") }
    previous = ChainHead(try reader.raw(32))!
    publicKey = Array(try reader.raw(32))
    nextPublicKey = Array(try reader.raw(32))
    signature = Array(try reader.raw(64))
    try reader.end()
  }
}
