/// One entry of a segment on disk: body length (u16) ‖ kind (u8) ‖ body ‖ check (8).
///
/// `head' = BLAKE2b-256(head ‖ sequence (u64) ‖ length ‖ kind ‖ body)`; the check is the first 8 bytes of `head'`, so that anyone
/// can follow the chain, and a torn frame is told from a good one.
package enum Frame {
  /// Numbers are on disk; never renumbered.
  package enum Kind: UInt8, Sendable {
    /// A sealed record: a message of the segment's stream.
    case record = 1
    /// A `Mark`, in clear.
    case mark = 2
    /// A `Checkpoint`, in clear.
    case checkpoint = 3
  }

  /// Length and kind.
  package static let prefixByteCount = 3
  package static let checkByteCount = 8
  package static let overheadByteCount = prefixByteCount + checkByteCount
  package static let bodyByteCountMax = Int(UInt16.max)
  /// The most frames a segment may hold.
  package static let countMax: UInt64 = 65_536
  /// What the hash takes before the frame itself: the head and the sequence.
  package static let chainPrefixByteCount = ChainHead.byteCount + 8

  /// The associated data of a sealed record: vault (16) ‖ segment (u64) ‖ sequence (u64).
  package static let associatedByteCount = 32
}
