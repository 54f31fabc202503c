import Glibc
import Platform
import VaultFormat

/// The checkpointer: signs the chain every few seconds, each time with a key that is then erased.
///
/// Order: next seed in the signer file → checkpoint in the trail, synced → anchors told → signer file without the used seed. A crash between
/// any two is mended by `TrailRecovery`.
extension TrailWriter {
  func makeCheckpoints() {
    lock.lock()
    while !isEnding {
      let now = Clock.boot()
      if isCheckpointDue(now) {
        lock.unlock()
        var failure: TrailError?
        do throws(TrailError) { try makeCheckpoint(.regular) } catch { failure = error }
        lock.lock()
        checkpointFailure = failure?.reason
        if failure != nil, !isEnding { checkpointerWork.wait(lock, nanoseconds: Int(settings.retryNanoseconds)) }
      } else {
        // Records that come later make a checkpoint due earlier, and nobody says so.
        let passed = max(0, now - heartbeat) % settings.activeCheckpointNanoseconds
        checkpointerWork.wait(lock, nanoseconds: Int(settings.activeCheckpointNanoseconds - passed))
      }
    }
    hasCheckpointerEnded = true
    changed.broadcast()
    lock.unlock()
  }

  private func isCheckpointDue(_ now: Int64) -> Bool {
    let isActive = segment.sequence != (lastCheckpoint?.point.sequence ?? 0)
    return now - heartbeat >= (isActive ? settings.activeCheckpointNanoseconds : settings.idleCheckpointNanoseconds)
  }

  /// Makes one checkpoint; on disk on return, and the key that signed it is gone. One thread at a time.
  func makeCheckpoint(_ kind: Checkpoint.Kind) throws(TrailError) {
    do throws(TrailError) {
      // One that was in doubt when the last try gave up may have reached the disk since.
      try finishPending()
      if kind == .regular { return }
    } catch {
      guard error == .nothingPending else { throw error }
    }
    try signer.prepareNext()
    try putCheckpoint(kind)
    try finishPending()
  }

  private func putCheckpoint(_ kind: Checkpoint.Kind) throws(TrailError) {
    try acquire()
    defer { lock.unlock() }
    // Too late for this stretch: the gap shows as a segment of its own, with a reason.
    if Clock.boot() - heartbeat > settings.heartbeatNanosecondsMax, phase == .writing { try change(.resumed) }
    let until = Clock.boot() + settings.patienceNanoseconds
    while phase == .changing || segment.frameCount >= settings.segmentFrameCountMax {
      if phase != .changing { want(.rotation) }
      let rest = until - Clock.boot()
      guard rest > 0 else { throw .cannotWrite("the disk does not answer") }
      changed.wait(lock, nanoseconds: Int(rest))
    }
    if case .failed(let reason) = phase { throw .cannotWrite(reason) }
    guard phase == .writing else { throw .cannotWrite("the trail is closed") }

    var checkpoint = Checkpoint(
      kind: kind, epoch: signer.epoch, vault: vault, segment: segment.number, sequence: segment.sequence + 1, head: segment.head,
      recordCount: counters.records, markCount: counters.marks, lastMarkSequence: counters.markSequence,
      lastMarkCommit: counters.markCommit, bootID: Boot.id, wall: Clock.wall(), boot: Clock.boot(),
      previous: signer.last?.hash ?? .zero, publicKey: try signer.publicKey(), nextPublicKey: try signer.nextPublicKey()!)
    try signer.sign(&checkpoint)
    try put(.checkpoint, checkpoint.encode(), isAlways: true)
    pendingCheckpoint = PendingCheckpoint(
      checkpoint: checkpoint,
      place: TrailSigner.LastCheckpoint(
        segment: segment.number, point: ChainPoint(sequence: segment.sequence, head: segment.head),
        byteCount: UInt64(segment.byteCount), hash: checkpoint.hash, recordCount: counters.records, markCount: counters.marks,
        markSegment: counters.markSegment, markSequence: counters.markSequence, markCommit: counters.markCommit,
        boot: checkpoint.boot, isClosing: kind == .closing))
    if kind == .closing {
      phase = .closed
      changed.broadcast()
    }
  }

  /// Waits for the sync of the checkpoint that was put, tells the anchors and erases the key.
  /// - Throws: `nothingPending` where there is none; `cannotWrite` where it was lost or is still in doubt.
  private func finishPending() throws(TrailError) {
    try acquire()
    guard pendingCheckpoint != nil else {
      lock.unlock()
      throw .nothingPending
    }
    let until = Clock.boot() + settings.patienceNanoseconds
    while let pending = pendingCheckpoint, synced.point.sequence < pending.point.sequence {
      let rest = until - Clock.boot()
      guard rest > 0 else {
        lock.unlock()
        throw .cannotWrite("the disk does not answer")
      }
      isUrgent = true
      keeperWork.signal()
      changed.wait(lock, nanoseconds: Int(rest))
    }
    guard let done = pendingCheckpoint else {
      lock.unlock()
      throw .cannotWrite("a sync failed")
    }
    pendingCheckpoint = nil
    lastCheckpoint = done.place
    checkpointEpoch = done.checkpoint.epoch
    checkpointWall = done.checkpoint.wall
    heartbeat = max(heartbeat, done.checkpoint.boot)
    lock.unlock()

    teller.tell(
      AnchorLine(
        vault: vault, epoch: done.checkpoint.epoch, segment: done.place.segment, point: done.point, wall: done.checkpoint.wall))
    // Where the file cannot be written now, the seed is gone from memory all the same, and the next checkpoint writes it.
    do throws(TrailError) { try signer.advance(to: done.place) } catch {
      lock.withLock { checkpointFailure = error.reason }
    }
  }

  /// That checkpoints did not reach an anchor is on record, at the beginning and at the end of it: once each, however long it lasts.
  func recordAnchorGap(isOver: Bool, count: UInt64) {
    guard !lock.withLock({ isEnding }) else { return }
    var record = Record(.alert)
    record.count = count
    record.details = [Record.Detail("kind", isOver ? "anchors-resumed" : "anchor-missed")]
    appendAlways(record)
  }
}

extension TrailError {
  fileprivate static let nothingPending = TrailError.cannotWrite("nothing pending")
}
