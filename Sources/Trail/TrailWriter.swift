import Platform
import Synchronization
import VaultFormat

/// The one writer of a trail. Appends are safe from any thread and are done by the calling thread: one write(2) under a lock.
///
/// Two threads belong to it: the *keeper* syncs, changes segments and begins anew after failures; the *checkpointer* signs. Neither holds
/// the lock over anything that waits for the disk. Call `close` before letting go.
package final class TrailWriter: @unchecked Sendable {
  let folder: TrailFolder
  let vault: VaultID
  let keys: TrailKeys
  let settings: TrailSettings
  let openHandles: @Sendable () -> [Record]
  let rate: RecordRate
  let teller: AnchorTeller
  /// Each to one place that is given the records.
  let forwarders: [RecordForwarder]
  /// Used by the checkpointer alone, and by `open` and `close` while it does not run.
  let signer: TrailSigner

  /// What others may ask without the lock.
  let pulse = TrailPulse()
  /// What must be recorded and came while the lock could not be had.
  let stalled = StalledRecords<Record>()
  /// Those of which not even that could be kept.
  let stalledLossCount = Atomic<UInt64>(0)
  /// The last answer of `status`, for when the lock cannot be had.
  let known = KnownStatus()

  /// Guards everything below. Held over one write(2), which may hang: `acquire` is how callers from outside take it.
  let lock = Lock()
  /// A sync or a change of segment has ended, or the phase has changed.
  let changed = Condition()
  /// The keeper has something to do.
  let keeperWork = Condition()
  /// The checkpointer has something to do.
  let checkpointerWork = Condition()

  var phase = Phase.writing { didSet { pulse.isTaking.store(phase == .writing || phase == .changing, ordering: .relaxed) } }
  var segment: SegmentWriter
  /// The end of the last good sync, in the present segment.
  var synced: SegmentEnd
  /// When the sync or change of segment that is under way began, on the boot clock; 0 for none.
  var syncBegan: Int64 = 0 { didSet { pulse.syncBegan.store(syncBegan, ordering: .relaxed) } }
  /// When the oldest unsynced record was appended; 0 for none.
  var unsyncedSince: Int64 = 0
  /// Somebody waits for the sync.
  var isUrgent = false
  /// Syncs and writes that failed. What was appended before one and not known to be synced is in doubt.
  var failureCount: UInt64 = 0
  /// Records of the sync that is under way, and those after it.
  var syncing: RetainedRecords
  var filling: RetainedRecords
  /// When somebody was first refused, on the boot clock, of those refused without a break; 0 while nobody is.
  var refusedSince: Int64 = 0
  /// A full disk is asked again after this time.
  var noSpaceUntil: Int64 = 0 { didSet { pulse.noSpaceUntil.store(noSpaceUntil, ordering: .relaxed) } }

  var reviewers: [[UInt8]]
  /// Up to the last frame, and up to the last good sync.
  var counters: Counts
  var syncedCounters: Counts
  /// The checkpoint that is in the file and not yet known to be on disk.
  var pendingCheckpoint: PendingCheckpoint?
  /// The last checkpoint on disk, its epoch and wall time.
  var lastCheckpoint: TrailSigner.LastCheckpoint?
  var checkpointEpoch: UInt64 = 0
  var checkpointWall: Int64 = 0
  /// When it was made, on the boot clock; or when this stretch of writing began.
  var heartbeat: Int64 { didSet { pulse.heartbeat.store(heartbeat, ordering: .relaxed) } }
  /// Why the last try to make a checkpoint failed.
  var checkpointFailure: String?

  var wantedChange: SegmentHeader.Kind?
  /// After a failure: whether the old segment may still be synced (its write failed, not its sync), and when to try again.
  var maySyncOld = false
  var nextTry: Int64 = 0
  var nextDrain: Int64 = 0
  var alwaysQueue: [Record] = []
  var lostCount: UInt64 = 0
  var lostTotal: UInt64 = 0
  var resumedCount: UInt64 = 0
  var isEnding = false
  var hasKeeperEnded = false
  var hasCheckpointerEnded = false

  enum Phase: Equatable {
    case writing
    /// Appends wait while a new segment is made.
    case changing
    /// Appends are refused; the keeper tries to begin anew.
    case failed(String)
    case closed
  }

  /// A checkpoint between its frame and its sync.
  struct PendingCheckpoint {
    var checkpoint: Checkpoint
    var place: TrailSigner.LastCheckpoint
    var point: ChainPoint { place.point }
  }

  /// Over the whole trail.
  struct Counts {
    var records: UInt64
    var marks: UInt64
    var markSegment: UInt64
    var markSequence: UInt64
    var markCommit: UInt64
  }

  init(
    folder: TrailFolder, vault: VaultID, keys: TrailKeys, settings: TrailSettings, reviewers: [[UInt8]], signer: TrailSigner,
    found: TrailRecovery, segment: SegmentWriter, retained: (RetainedRecords, RetainedRecords), forwarders: [RecordForwarder],
    openHandles: @escaping @Sendable () -> [Record]
  ) {
    self.folder = folder
    self.vault = vault
    self.keys = keys
    self.settings = settings
    self.reviewers = reviewers
    self.signer = signer
    self.openHandles = openHandles
    self.segment = segment
    synced = segment.end
    (syncing, filling) = retained
    counters = Counts(
      records: found.recordCount, marks: found.markCount, markSegment: found.markSegment, markSequence: found.markSequence,
      markCommit: found.markCommit)
    syncedCounters = counters
    lastCheckpoint = signer.last
    heartbeat = segment.base.boot
    pulse.heartbeat.store(segment.base.boot, ordering: .relaxed)
    rate = RecordRate(perSecond: settings.recordsPerSecondMax, burst: settings.recordBurstMax)
    teller = AnchorTeller(settings.anchors)
    self.forwarders = forwarders
    teller.noteGap = { [weak self] isOver, count in self?.recordAnchorGap(isOver: isOver, count: count) }
  }
}
