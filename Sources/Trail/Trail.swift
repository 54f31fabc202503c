/// Trail: the access log that is sealed to its reviewers as it is written, and that nobody can bend unnoticed.
///
/// *Record* one entry, sealed · *frame* one entry on disk: a record, a mark or a checkpoint, with a check · *segment* a file of frames
/// under one key, sealed to each reviewer and forgotten by the program · *chain* the running hash over all frames, its value the *head* ·
/// *sequence* a frame's number, from 1 over all segments · *mark* ties the trail to a commit of the catalog · *checkpoint* a signature over the
/// chain with a key used once; *epoch* its number, *genesis* the first key · *signer* the file with the next secret key · *anchor* a
/// place elsewhere that is told each checkpoint · *reviewer* a key pair that can read the trail; *identity* the file with its secret.
///
/// docs/format/trail.md has the bytes, and says what a verifier can establish.
package import Sodium
package import VaultFormat

/// What a caller of the writer must tell apart.
package enum TrailError: Error, Equatable {
  /// Nothing may be done that must be recorded, until this passes by itself. The text says why, without names.
  case cannotWrite(String)
  /// The trail on disk is not the one that was written: what is wrong and where.
  case damaged(String)
  /// A file of the trail, or one to compare it with, cannot be read.
  case unreadable(String)
  /// A trail of a later version of the program, or one whose version byte was changed: the version, and where it stands.
  case newerVersion(UInt64, place: String)
  case alreadyExists
  case missing
  /// Keys cannot be locked in memory.
  case memoryNotLocked
  /// A reviewer's public key is none.
  case badReviewer
}

/// The two subkeys of the vault's root key that the trail needs, 32 bytes each.
package struct TrailKeys: Sendable {
  /// MACs the marks.
  package let marks: SharedSecret
  /// Seals the signer file.
  package let signer: SharedSecret

  package init(marks: SharedSecret, signer: SharedSecret) {
    self.marks = marks
    self.signer = signer
  }
}

/// How the writer behaves; the defaults are the promises of docs/design.md. Times in nanoseconds.
package struct TrailSettings: Sendable {
  /// Whether `append` returns only when the record is on disk.
  package var strict = false
  /// From the first unsynced record to the start of its sync.
  package var syncDelayNanoseconds = 50_000_000
  /// A sync, or a change of segment, that takes longer makes new records be refused.
  package var patienceNanoseconds: Int64 = 2_000_000_000
  /// Between two tries to write again after a failure.
  package var retryNanoseconds: Int64 = 1_000_000_000
  package var activeCheckpointNanoseconds: Int64 = 10_000_000_000
  package var idleCheckpointNanoseconds: Int64 = 60_000_000_000
  /// Without a checkpoint for so long nothing more is accepted before one is made; the verifier's limit.
  package var heartbeatNanosecondsMax = Checkpoint.heartbeatNanosecondsMax
  package var segmentFrameCountMax = Frame.countMax
  package var segmentAgeNanosecondsMax: Int64 = 3_600_000_000_000
  /// How far the wall clock may be set before a segment ends.
  package var clockSetNanosecondsMax: Int64 = 1_800_000_000_000
  /// Reserved on disk ahead of the end of a segment, and what of it ordinary records may not use.
  package var reservationByteCount = 1 << 20
  package var alwaysByteCount = 256 << 10
  /// Records that must not be refused and cannot be written now wait here.
  package var alwaysQueueCountMax = 4_096
  /// Of one user, and how many may come at once.
  package var recordsPerSecondMax: Int64 = 100_000
  package var recordBurstMax: Int64 = 200_000
  /// How long `close` waits for a disk that hangs.
  package var closePatienceNanoseconds: Int64 = 10_000_000_000
  /// Told of every checkpoint.
  package var anchors: [any TrailAnchor] = []
  /// Given every record in the clear once it is on disk; each with a queue in locked memory, beyond which records are lost to it and counted.
  package var sinks: [any RecordSink] = []
  package var sinkQueueByteCount = 4 << 20

  package init() {}
}

/// What `open` found.
package struct TrailOpening: Sendable {
  /// The last mark, and those directly before it that name the same predecessor; the last first. Empty for none at all.
  ///
  /// The catalog is whole at the commit of any of these, and at their predecessor, where a crash fell between mark and commit.
  package var marks: [Mark]
  /// Torn bytes cut from the end, after a crash.
  package var droppedByteCount: UInt64
  /// Whether the last run ended with `close`; true for a trail that was never written.
  package var wasClosedCleanly: Bool
  /// The last frame that was there; nil for a trail that was never written.
  package var end: ChainPoint?

  package var lastMark: Mark? { marks.first }
}

/// The writer's state, for `status` and for the operational log: numbers, no names.
package struct TrailStatus: Sendable {
  package var segment: UInt64
  /// The last frame in the file, and the last that is known to be on disk.
  package var sequence: UInt64
  package var syncedPoint: ChainPoint
  /// Age of the oldest record that is not known to be on disk; 0 for none.
  package var unsyncedNanoseconds: Int64
  /// Why records are refused now; nil while they are not.
  package var refusal: String?
  /// For how long; 0 while they are not.
  package var refusedNanoseconds: Int64
  /// Epoch, place and wall time of the last checkpoint on disk.
  package var checkpointEpoch: UInt64?
  package var checkpointPoint: ChainPoint?
  package var checkpointWall: Int64
  /// Times that writing had to begin anew in a fresh segment.
  package var resumedCount: UInt64
  /// Records that had to be accepted and could be kept nowhere.
  package var lostCount: UInt64
  /// Checkpoints that an anchor could not be told.
  package var anchorMissCount: UInt64
  /// Records that a sink was not given and will not be.
  package var unforwardedCount: UInt64 = 0

  /// Of a writer that could not be asked yet.
  static let unknown = TrailStatus(
    segment: 0, sequence: 0, syncedPoint: ChainPoint(sequence: 0, head: .zero), unsyncedNanoseconds: 0, refusedNanoseconds: 0,
    checkpointWall: 0,
    resumedCount: 0, lostCount: 0,
    anchorMissCount: 0)
}
