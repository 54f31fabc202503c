import Glibc
import Platform
import Sodium
import Synchronization
package import VaultFormat

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
  private let known = KnownStatus()

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

  private init(
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

  // MARK: Life

  /// Makes the folder (0750) with a signer and no segment; on disk on return.
  ///
  /// Returns the genesis public key (32 bytes), against which `log verify --genesis` checks the trail's origin. It is stored
  /// nowhere that a verifier trusts: show it to the people who keep it.
  /// - Throws: `alreadyExists` where there is a trail.
  package static func create(in path: String, vault: VaultID, keys: TrailKeys) throws(TrailError) -> [UInt8] {
    let folder = TrailFolder(path: path)
    do throws(SystemError) {
      if !Files.exists(path) {
        try Files.makeFolder(path, mode: 0o750)
        try Files.syncFolder(Files.folder(of: path))
      }
      guard try Files.list(path).isEmpty else { throw SystemError("mkdir", EEXIST) }
    } catch { throw error.code == EEXIST ? .alreadyExists : .cannotWrite("\(error)") }
    return try TrailSigner.create(in: folder, vault: vault, key: keys.signer).publicKey()
  }

  /// Opens the trail for writing: cuts a torn tail, begins a new segment, records a RECOVERY unless the last run ended in order, and makes a
  /// checkpoint; all on disk on return. The caller must be the only writer (the vault's lock).
  ///
  /// - Parameters:
  ///   - reviewers: X25519 public keys, at least one.
  ///   - isRestored: the vault was put back from a copy: the new segment says so, in clear and for good.
  ///   - openHandles: an OPEN record for each open handle, to be restated at the start of each segment. Called from a thread of the
  ///     writer while appends wait: it must not append, nor take a lock that anyone holds while appending.
  /// - Throws: `damaged` where the trail is not the one that was written (the trail is broken), `missing` where there is none,
  ///   `cannotWrite` where it cannot be written now.
  package static func open(
    in path: String, vault: VaultID, keys: TrailKeys, reviewers: [[UInt8]], settings: TrailSettings = TrailSettings(),
    isRestored: Bool = false, openHandles: @escaping @Sendable () -> [Record] = { [] }
  ) throws(TrailError) -> (writer: TrailWriter, opening: TrailOpening) {
    guard !reviewers.isEmpty, reviewers.count <= SegmentHeader.reviewerCountMax else { throw .badReviewer }
    let folder = TrailFolder(path: path)
    let signer = try TrailSigner.load(from: folder, vault: vault, key: keys.signer)
    let found = try TrailRecovery(folder, vault: vault, keys: keys, signer: signer)
    if found.segment > 0 {
      let signed = signer.last.flatMap { $0.segment == found.segment ? Int($0.byteCount) : nil }
      try settle(folder.segmentPath(found.segment), found, from: signed ?? 0)
    }
    // Only now is it on disk for certain.
    if let checkpoint = found.unknownCheckpoint { try signer.advance(to: checkpoint) }

    let retained: (RetainedRecords, RetainedRecords)
    var forwarders: [RecordForwarder] = []
    do throws(SodiumError) {
      for sink in settings.sinks { forwarders.append(try RecordForwarder(sink, settings)) }
      retained = (try RetainedRecords(byteCount: 1 << 20), try RetainedRecords(byteCount: 1 << 20))
    } catch { throw .memoryNotLocked }
    let segment = try SegmentWriter(
      in: folder, vault: vault, kind: isRestored && found.segment > 0 ? .restored : .start,
      after: SegmentWriter.Predecessor(
        number: found.segment, end: found.end, droppedByteCount: found.droppedByteCount, lastMarkSegment: found.markSegment),
      reviewers: reviewers, settings: settings)
    do throws(SystemError) { try segment.publish() } catch { throw .cannotWrite("\(error)") }
    let writer = TrailWriter(
      folder: folder, vault: vault, keys: keys, settings: settings, reviewers: reviewers, signer: signer, found: found,
      segment: segment, retained: retained, forwarders: forwarders, openHandles: openHandles)
    let opening = TrailOpening(
      marks: found.marks, droppedByteCount: found.droppedByteCount, wasClosedCleanly: found.wasClosedCleanly,
      end: found.segment == 0 ? nil : found.end.point)
    try writer.begin(opening)
    return (writer, opening)
  }

  /// Cuts the torn tail of the last segment; all before it is on disk on return.
  ///
  /// What the signer's checkpoint does not cover was perhaps never synced, or its sync failed in a process that was killed before it could act
  /// on it. The kernel keeps such bytes in memory as if they were on disk, so that a sync alone would succeed without writing them: they are
  /// written again, in their own place.
  private static func settle(_ path: String, _ found: TrailRecovery, from start: Int) throws(TrailError) {
    do throws(SystemError) {
      let file = try File(path, O_RDWR | O_NOFOLLOW)
      try file.truncate(to: found.end.byteCount)
      if !found.wasClosedCleanly || found.unknownCheckpoint != nil { try writeAgain(file, from: start, to: found.end.byteCount) }
      try file.sync()
    } catch { throw .cannotWrite("\(error)") }
  }

  private static func writeAgain(_ file: File, from start: Int, to end: Int) throws(SystemError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    defer { buffer.deallocate() }
    var position = start
    while position < end {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, end - position)])
      let count = try file.read(at: position, into: part)
      guard count > 0 else { throw SystemError("pread", EIO) }
      try file.write(UnsafeRawBufferPointer(rebasing: part[..<count]), at: position)
      position += count
    }
  }

  private func begin(_ opening: TrailOpening) throws(TrailError) {
    startForwarding()
    _ = Thread(name: "trail-keeper") { self.keep() }
    do throws(TrailError) {
      if !opening.wasClosedCleanly {
        var record = Record(.recovery)
        record.details = [Record.Detail("dropped-bytes", String(opening.droppedByteCount))]
        if let end = opening.end { record.details.append(Record.Detail("recovered-to", String(end.sequence))) }
        try append(record)
      }
      try makeCheckpoint(.opening)
    } catch {
      endKeeper()
      endForwarding()
      throw error
    }
    _ = Thread(name: "trail-signer") { self.makeCheckpoints() }
  }

  /// Ends the trail in order: a closing checkpoint, on disk on return. Append the UNMOUNT before. Nothing can be appended afterwards.
  ///
  /// Returns within the patience of the settings even where the disk hangs.
  /// - Throws: `cannotWrite` where the closing checkpoint could not be made: the next start will say RECOVERY.
  package func close() throws(TrailError) {
    let until = Clock.boot() + settings.closePatienceNanoseconds
    guard lock.lock(within: settings.closePatienceNanoseconds) else { throw .cannotWrite("the disk does not answer") }
    guard !isEnding else { return lock.unlock() }
    isEnding = true
    checkpointerWork.broadcast()
    while !hasCheckpointerEnded, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    // What is being put right now may still be.
    while case .failed = phase, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    let isFree = hasCheckpointerEnded
    drain()
    lock.unlock()

    var failure: TrailError?
    if isFree { settleForwarding() }
    if isFree {
      do throws(TrailError) { try makeCheckpoint(.closing) } catch { failure = error }
    } else {
      failure = .cannotWrite("the disk does not answer")
    }
    endKeeper()
    teller.end(within: settings.patienceNanoseconds)
    endForwarding()
    if let failure { throw failure }
  }

  /// Ends the threads and leaves the trail as a crash would: the next start will say RECOVERY. For a caller that found that what the trail
  /// says last is not so. After `close`, also one that threw, it does nothing.
  package func abandon() {
    let until = Clock.boot() + settings.closePatienceNanoseconds
    guard lock.lock(within: settings.closePatienceNanoseconds) else { return }
    guard !isEnding else { return lock.unlock() }
    isEnding = true
    checkpointerWork.broadcast()
    while !hasCheckpointerEnded, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    lock.unlock()
    endKeeper()
    teller.end(within: settings.patienceNanoseconds)
    endForwarding()
  }

  private func endKeeper() {
    let until = Clock.boot() + settings.closePatienceNanoseconds
    guard lock.lock(within: settings.closePatienceNanoseconds) else { return }
    defer { lock.unlock() }
    phase = .closed
    keeperWork.broadcast()
    changed.broadcast()
    while !hasKeeperEnded, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    if hasKeeperEnded { segment.cut(at: segment.byteCount) }
  }

  /// Who can read the trail from now on: a new segment is begun with these keys; on disk on return.
  package func setReviewers(_ keys: [[UInt8]]) throws(TrailError) {
    guard !keys.isEmpty, keys.count <= SegmentHeader.reviewerCountMax else { throw .badReviewer }
    for key in keys {
      // A key that is no point of the curve must not stop the writer later.
      do throws(SodiumError) { _ = try SealedBox.seal(try SecretBytes.random(count: 32), to: key) } catch {
        throw error == .badParameter ? .badReviewer : .memoryNotLocked
      }
    }
    try acquire()
    defer { lock.unlock() }
    // A segment that is being begun has the keys of before.
    let until = Clock.boot() + settings.patienceNanoseconds
    while phase == .changing {
      let rest = until - Clock.boot()
      guard rest > 0 else { throw .cannotWrite("the disk does not answer") }
      changed.wait(lock, nanoseconds: Int(rest))
    }
    reviewers = keys
    try change(.rotation)
  }

  // MARK: State

  /// Where a write(2) hangs, the last state known, with that as the refusal.
  package var status: TrailStatus {
    do throws(TrailError) { try acquire() } catch {
      var status = known.value ?? TrailStatus.unknown
      status.refusal = error.reason
      return status
    }
    defer { lock.unlock() }
    let status = present
    known.value = status
    return status
  }

  /// Under the lock.
  private var present: TrailStatus {
    let now = Clock.boot()
    // Between two tries records are asked for again; that the last one found no room is still so, as far as anybody knows.
    let refusal = refusal(now) ?? (noSpaceUntil != 0 ? Self.noSpace : nil)
    return TrailStatus(
      segment: segment.number, sequence: segment.sequence, syncedPoint: synced.point,
      unsyncedNanoseconds: oldestUnsynced == 0 ? 0 : now - oldestUnsynced, refusal: refusal,
      refusedNanoseconds: refusal == nil || refusedSince == 0 ? 0 : now - refusedSince,
      checkpointEpoch: lastCheckpoint == nil ? nil : checkpointEpoch, checkpointPoint: lastCheckpoint?.point,
      checkpointWall: checkpointWall, resumedCount: resumedCount, lostCount: lostTotal, anchorMissCount: teller.missCount,
      unforwardedCount: forwarders.reduce(0) { $0 + $1.lostCount })
  }

  /// That checkpoints did not reach an anchor is on record, at the beginning and at the end of it: once each, however long it lasts.
  private func recordAnchorGap(isOver: Bool, count: UInt64) {
    guard !lock.withLock({ isEnding }) else { return }
    var record = Record(.alert)
    record.count = count
    record.details = [Record.Detail("kind", isOver ? "anchors-resumed" : "anchor-missed")]
    appendAlways(record)
  }

  private var oldestUnsynced: Int64 { syncBegan != 0 ? syncBegan : unsyncedSince }
}

/// A status for when nobody can look. From any thread.
private final class KnownStatus: @unchecked Sendable {
  private let lock = Lock()
  private var status: TrailStatus?

  var value: TrailStatus? {
    get { lock.withLock { status } }
    set { lock.withLock { status = newValue } }
  }
}
