/// The beginning of a segment file, in clear (docs/format/trail.md, "Segment header").
///
/// The chain of a segment begins with `BLAKE2b-256(domain chainStart ‖ header without its check)`; so the header, and through
/// `previousHead` everything before it, is part of what the next checkpoint signs.
package struct SegmentHeader: Hashable, Sendable {
  package static let magic: [UInt8] = Array("SRTRAIL\n".utf8)
  /// The newest. A header bears the least version that knows its kind.
  package static let version: UInt8 = 2
  /// Before the reviewers' entries.
  package static let fixedByteCount = 188
  package static let reviewerByteCount = 96
  package static let checkByteCount = 8
  package static let reviewerCountMax = 64
  /// No trail has more frames, and no segment more bytes.
  private static let countMax: UInt64 = 1 << 62
  package static let byteCountMax = fixedByteCount + reviewerCountMax * reviewerByteCount + checkByteCount

  /// Why the segment was begun. Numbers are on disk; never renumbered.
  package enum Kind: UInt8, Sendable {
    /// The program started.
    case start = 1
    /// The one before was full or an hour old, the reviewers changed, or the wall clock was set far away.
    case rotation = 2
    /// The trail could not be written for a while, or no checkpoint was made in time; what the one before holds beyond
    /// `previousByteCount` was never known to be on disk, and its records stand again here.
    case resumed = 3
    /// The program started with a vault that was put back from a copy. What came after in what was there before the copy is not in this trail.
    case restored = 4

    /// The version of a header of this kind.
    var version: UInt8 { self == .restored ? 2 : 1 }
    /// Whether the program started.
    package var isStart: Bool { self == .start || self == .restored }
  }

  /// One reviewer: 16 bytes of keyless BLAKE2b of the public key, and the segment key in a sealed box (80 bytes).
  package struct Reviewer: Hashable, Sendable {
    package var fingerprint: [UInt8]
    package var sealedKey: [UInt8]
    package init(fingerprint: [UInt8], sealedKey: [UInt8]) {
      self.fingerprint = fingerprint
      self.sealedKey = sealedKey
    }
  }

  package var kind: Kind
  package var vault: VaultID
  /// From 1, without gaps. The segment before has this number − 1.
  package var number: UInt64
  /// Of the first frame that follows.
  package var firstSequence: UInt64
  /// The kernel's boot id.
  package var bootID: ID128
  /// The clocks when the segment was begun; the records' times count from here.
  package var base: Record.TimeBase
  /// How many bytes of the segment before count, and the chain's head there. For the first segment 0 and
  /// `BLAKE2b-256(domain chainStart ‖ vault ‖ genesis key)`.
  package var previousByteCount: UInt64
  package var previousHead: ChainHead
  /// Torn bytes cut from the end of the segment before, after a crash.
  package var droppedByteCount: UInt64
  /// The latest segment before this one that holds a mark; 0 for none.
  package var lastMarkSegment: UInt64
  /// The header of the stream that seals the records (24 bytes).
  package var streamHeader: [UInt8]
  /// BLAKE2b-256(domain segmentKeyCommitment ‖ segment key): every reviewer got the same key.
  package var keyCommitment: [UInt8]
  package var reviewers: [Reviewer]

  package init(
    kind: Kind, vault: VaultID, number: UInt64, firstSequence: UInt64, bootID: ID128, base: Record.TimeBase,
    previousByteCount: UInt64, previousHead: ChainHead, droppedByteCount: UInt64, lastMarkSegment: UInt64,
    streamHeader: [UInt8], keyCommitment: [UInt8], reviewers: [Reviewer]
  ) {
    self.kind = kind
    self.vault = vault
    self.number = number
    self.firstSequence = firstSequence
    self.bootID = bootID
    self.base = base
    self.previousByteCount = previousByteCount
    self.previousHead = previousHead
    self.droppedByteCount = droppedByteCount
    self.lastMarkSegment = lastMarkSegment
    self.streamHeader = streamHeader
    self.keyCommitment = keyCommitment
    self.reviewers = reviewers
  }

  /// Everything before the check.
  package func encode() -> [UInt8] {
    precondition(streamHeader.count == 24 && keyCommitment.count == 32)
    precondition((1...Self.reviewerCountMax).contains(reviewers.count))
    var writer = ByteWriter(capacity: Self.fixedByteCount + reviewers.count * Self.reviewerByteCount + Self.checkByteCount)
    writer.raw(Self.magic)
    writer.u8(kind.version)
    writer.u8(Suite.first.rawValue)
    writer.u8(kind.rawValue)
    writer.u8(UInt8(reviewers.count))
    writer.raw(vault.bytes)
    writer.u64(number)
    writer.u64(firstSequence)
    writer.raw(bootID.bytes)
    writer.i64(base.wall)
    writer.i64(base.boot)
    writer.u64(previousByteCount)
    writer.raw(previousHead.bytes)
    writer.u64(droppedByteCount)
    writer.u64(lastMarkSegment)
    writer.raw(streamHeader)
    writer.raw(keyCommitment)
    for reviewer in reviewers {
      precondition(reviewer.fingerprint.count == 16 && reviewer.sealedKey.count == 80)
      writer.raw(reviewer.fingerprint)
      writer.raw(reviewer.sealedKey)
    }
    return writer.bytes
  }

  /// The byte count of the whole header with its check, from its first 12 bytes; nil where they cannot begin a segment.
  package static func byteCount(beginning bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= 12, bytes.prefix(8).elementsEqual(magic) else { return nil }
    let count = Int(bytes[bytes.startIndex + 11])
    guard (1...reviewerCountMax).contains(count) else { return nil }
    return fixedByteCount + count * reviewerByteCount + checkByteCount
  }

  /// Reads a header without its check.
  package init(parsing bytes: [UInt8]) throws(FormatError) {
    var reader = ByteReader(bytes)
    guard try reader.raw(8).elementsEqual(Self.magic) else { throw .malformed("not a segment") }
    let version = try reader.u8()
    guard version <= Self.version else { throw .newerVersion(UInt64(version)) }
    guard version > 0 else { throw .malformed("segment version") }
    let suite = try reader.u8()
    guard suite <= Suite.first.rawValue else { throw .newerVersion(UInt64(suite)) }
    guard suite == Suite.first.rawValue else { throw .malformed("segment suite") }
    guard let kind = Kind(rawValue: try reader.u8()) else { throw .malformed("segment kind") }
    guard kind.version == version else { throw .malformed("segment kind of another version") }
    self.kind = kind
    let reviewerCount = Int(try reader.u8())
    guard (1...Self.reviewerCountMax).contains(reviewerCount) else { throw .malformed("reviewer count") }
    vault = ID128(try reader.raw(16))!
    number = try reader.u64()
    firstSequence = try reader.u64()
    guard number > 0, firstSequence > 0 else { throw .malformed("segment number") }
    bootID = ID128(try reader.raw(16))!
    base = Record.TimeBase(wall: try reader.i64(), boot: try reader.i64())
    guard base.isPossible else { throw .malformed("segment clocks") }
    previousByteCount = try reader.u64()
    guard firstSequence <= Self.countMax, previousByteCount <= Self.countMax else { throw .malformed("segment counts") }
    previousHead = ChainHead(try reader.raw(32))!
    droppedByteCount = try reader.u64()
    lastMarkSegment = try reader.u64()
    guard lastMarkSegment < number else { throw .malformed("last mark") }
    streamHeader = Array(try reader.raw(24))
    keyCommitment = Array(try reader.raw(32))
    reviewers = []
    for _ in 0..<reviewerCount {
      reviewers.append(Reviewer(fingerprint: Array(try reader.raw(16)), sealedKey: Array(try reader.raw(80))))
    }
    try reader.end()
  }
}
