package import VaultFormat

/// What the verifier found.
package struct TrailReport: Sendable, Equatable {
  package var verdict: Verdict = .whole
  package var segmentCount: UInt64 = 0
  package var byteCount: UInt64 = 0
  /// Frames by kind.
  package var recordCount: UInt64 = 0
  package var markCount: UInt64 = 0
  package var checkpointCount: UInt64 = 0
  /// The last frame of the chain that was checked.
  package var end: ChainPoint?
  /// The last frame that a signature covers, and the epoch that signed.
  package var signedPoint: ChainPoint?
  package var epoch: UInt64?
  /// The key of the first checkpoint: the genesis key, if it is the one that was shown when the vault was made.
  package var firstPublicKey: [UInt8]?
  /// Up to which frame the trail agrees with what was expected (`--end`, anchors); nil where nothing was.
  package var establishedThrough: UInt64?
  /// Lines of the anchors' file that look like anchors and are none.
  package var skippedAnchorLineCount: UInt64 = 0
  /// Wall times of the first segment and the last checkpoint.
  package var begin: Int64?
  package var lastCheckpointWall: Int64?
  /// Records opened with the identity.
  package var openedCount: UInt64 = 0

  package enum Verdict: Sendable, Equatable {
    /// Origin, chain, signatures and expected end all agree.
    case whole
    /// Nothing contradicts, but this was not established (exit 3).
    case consistent([Finding])
    /// The first broken place (exit 13).
    case broken(Break)
  }

  /// Something that could not be established, or that a reviewer should look at.
  package enum Finding: Sendable, Equatable {
    /// No genesis key was given: the whole trail could be another one.
    case originNotEstablished
    /// No end and no anchor was given: the last part could be missing.
    case endNotEstablished
    /// Frames that no signature covers: the last before a crash (`isLast` false), or the last of all.
    case unsigned(from: UInt64, through: UInt64, isLast: Bool)
    /// A run ended without a closing checkpoint after this frame; what a crash took with it is not known.
    case endedWithoutClosing(after: UInt64)
    /// Bytes that a crash tore, cut at the next start.
    case dropped(segment: UInt64, byteCount: UInt64)
    /// The last segment ends inside a frame: a crash, or a writer at work.
    case torn(segment: UInt64, byteCount: UInt64)
    /// Bytes that were never known to be on disk; their records stand in the next segment.
    case unsure(segment: UInt64, byteCount: UInt64)
    /// The trail could not be written, or no checkpoint was made in time, until this segment.
    case resumed(segment: UInt64)
    /// From this segment on the trail goes on from a copy that was put back. Of what came after this frame before, anchors name so many
    /// checkpoints; nothing of it is in this trail. By whom and why, where the identity given opens it.
    case restored(segment: UInt64, after: UInt64, leftBehind: UInt64, operator: String?, reason: String?)
    /// The wall clock was set back by so much, as seen at this checkpoint.
    case clockSetBack(sequence: UInt64, seconds: Int64)
    /// These segments are not sealed to the reviewer: their records were not opened.
    case sealedToOthers([UInt64])
    /// A file that does not belong into the folder.
    case foreignFile(String)
  }

  /// A broken place. `byte` is an offset in the segment's file.
  package struct Break: Error, Sendable, Equatable, CustomStringConvertible {
    package var segment: UInt64
    package var sequence: UInt64
    package var byte: UInt64
    package var what: String

    package var description: String {
      (segment == 0 ? "" : "segment \(segment), frame #\(sequence), byte \(byte): ") + what
    }
  }
}
