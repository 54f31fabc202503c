import Glibc
import Platform
import Sodium
import Synchronization
import VaultFormat

/// The keeper: syncs, changes segments, and begins anew after failures.
///
/// A sync that failed is never repeated for the same file: what it should have made durable is in doubt for good. The segment then ends
/// at its last good sync, a new one names that end, and the records since, kept in memory, are sealed again into the new one.
/// They may then stand twice on a disk, but only once in the trail.
extension TrailWriter {
  func keep() {
    lock.lock()
    while true {
      let now = Clock.boot()
      if case .failed = phase {
        if now >= nextTry { resume() } else { keeperWork.wait(lock, nanoseconds: Int(nextTry - now)) }
      } else if unsyncedSince != 0, phase == .closed || isUrgent || now >= unsyncedSince + Int64(settings.syncDelayNanoseconds) {
        sync(now)
      } else if phase == .closed {
        break
      } else if let kind = wantedChange {
        change(kind, now)
      } else if now - segment.base.boot >= settings.segmentAgeNanosecondsMax || isClockAway(now) {
        change(.rotation, now)
      } else if hasWaiting, now >= nextDrain {
        drain()
      } else {
        keeperWork.wait(lock, nanoseconds: Int(waitingTime(now)))
      }
    }
    hasKeeperEnded = true
    changed.broadcast()
    lock.unlock()
  }

  /// Whether the wall clock was set far away since the segment was begun, and something recorded in it: whoever looks for a time goes by the clocks
  /// in headers, and a clock that is put right again before the next one would leave nothing there.
  private func isClockAway(_ now: Int64) -> Bool {
    let elapsed = Clock.wall() &- segment.base.wall
    return segment.frameCount > 0
      && (elapsed &- (now - segment.base.boot)).magnitude > settings.clockSetNanosecondsMax.magnitude
  }

  private var hasWaiting: Bool { !alwaysQueue.isEmpty || lostCount > 0 || !stalled.isEmpty }

  private func waitingTime(_ now: Int64) -> Int64 {
    let untilSync = unsyncedSince == 0 ? Int64.max : unsyncedSince + Int64(settings.syncDelayNanoseconds) - now
    let untilRotation = segment.base.boot + settings.segmentAgeNanosecondsMax - now
    let untilDrain = hasWaiting ? nextDrain - now : Int64.max
    return max(1_000, min(untilSync, untilRotation, untilDrain, 60_000_000_000))
  }

  /// Asks for a change of segment. Under the lock.
  func want(_ kind: SegmentHeader.Kind) {
    if wantedChange == nil || kind == .resumed { wantedChange = kind }
    keeperWork.signal()
  }

  /// Waits for a change of segment that was asked for. Under the lock.
  func change(_ kind: SegmentHeader.Kind) throws(TrailError) {
    let number = segment.number
    let until = Clock.boot() + settings.patienceNanoseconds
    want(kind)
    while segment.number == number || phase == .changing {
      if case .failed(let reason) = phase { throw .cannotWrite(reason) }
      if phase == .closed { throw .cannotWrite("the trail is closed") }
      let rest = until - Clock.boot()
      guard rest > 0 else { throw .cannotWrite("the disk does not answer") }
      changed.wait(lock, nanoseconds: Int(rest))
    }
  }

  /// Ends the segment in doubt from its last good sync. Under the lock.
  func fail(_ reason: String, maySyncOld: Bool) {
    failureCount += 1
    if phase != .closed { phase = .failed(reason) }
    self.maySyncOld = maySyncOld
    nextTry = 0
    unsyncedSince = 0
    isUrgent = false
    keeperWork.broadcast()
    changed.broadcast()
  }

  /// One sync of everything appended so far. Under the lock, which is let go while the disk works.
  private func sync(_ now: Int64) {
    swap(&syncing, &filling)
    let end = segment.end
    let counts = counters
    let segment = segment
    unsyncedSince = 0
    isUrgent = false
    syncBegan = now
    lock.unlock()
    var failure: SystemError?
    do throws(SystemError) { try segment.sync() } catch { failure = error }
    // Nobody else looks at these until the next sync.
    if failure == nil { forward(syncing, of: segment) }
    lock.lock()
    syncBegan = 0
    if let failure {
      fail("\(failure)", maySyncOld: false)
    } else {
      synced = end
      syncedCounters = counts
      syncing.clear()
    }
    changed.broadcast()
  }

  /// Ends a healthy segment and begins the next. Under the lock, which is let go while the disk works.
  private func change(_ kind: SegmentHeader.Kind, _ now: Int64) {
    phase = .changing
    wantedChange = nil
    unsyncedSince = 0
    isUrgent = false
    syncBegan = now
    let old = segment
    lock.unlock()
    var failure: SystemError?
    do throws(SystemError) { try old.sync() } catch { failure = error }
    // The phase lets nobody append.
    if failure == nil { forward(filling, of: old) }
    lock.lock()
    syncBegan = 0
    if let failure { return fail("\(failure)", maySyncOld: false) }
    synced = old.end
    syncedCounters = counters
    filling.clear()
    // Making the next one can hang as a sync can.
    syncBegan = Clock.boot()
    defer { syncBegan = 0 }
    do throws(TrailError) {
      try begin(kind, after: old)
      syncBegan = 0
      if kind == .resumed { heartbeat = segment.base.boot }
      enter(.writing)
      drain()
    } catch { fail(error.reason, maySyncOld: true) }
  }

  /// Closed is for good.
  private func enter(_ next: Phase) {
    if phase != .closed { phase = next }
    changed.broadcast()
  }

  /// Makes the next segment after the end of the last good sync of `old`, beginning with the open handles, and the records since that
  /// sync where there are any. Under the lock, which is let go while the disk works: the phase lets nobody else append meanwhile.
  private func begin(_ kind: SegmentHeader.Kind, after old: SegmentWriter) throws(TrailError) {
    let end = synced
    let previous = SegmentWriter.Predecessor(number: old.number, end: end, lastMarkSegment: syncedCounters.markSegment)
    let reviewers = reviewers
    lock.unlock()
    var made: SegmentWriter?
    var failure: TrailError?
    do throws(TrailError) {
      let next = try SegmentWriter(
        in: folder, vault: vault, kind: kind, after: previous, reviewers: reviewers, settings: settings)
      for handle in openHandles() { try restate(handle, in: next) }
      let restated = next.sequence
      for records in [syncing, filling] { try carry(records, from: old.base, into: next) }
      do throws(SystemError) { try next.publish() } catch { throw TrailError.cannotWrite("\(error)") }
      forward(carried: [syncing, filling], from: old.base, into: next, after: restated)
      // Only now: until the new segment was there, the old one's tail was all that a killed process would have left.
      old.cut(at: end.byteCount)
      made = next
    } catch { failure = error }
    lock.lock()
    if let failure { throw failure }
    syncing.clear()
    filling.clear()
    segment = made!
    synced = segment.end
    counters = syncedCounters
    counters.records += segment.frameCount
    syncedCounters = counters
  }

  private func restate(_ handle: Record, in segment: SegmentWriter) throws(TrailError) {
    var record = handle
    record.wall = Clock.wall()
    record.boot = Clock.boot()
    record.details.append(Record.Detail("restated", "true"))
    try seal(record, into: segment)
  }

  private func carry(_ records: RetainedRecords, from base: Record.TimeBase, into segment: SegmentWriter) throws(TrailError) {
    try records.forEach { (bytes, _) throws(TrailError) in
      // Memory that went bad: the segment is not begun, what must be recorded is refused, and `status` says why.
      guard let record = try? Record(parsing: bytes, base: base) else {
        throw .cannotWrite("a record that waits in memory is damaged")
      }
      try seal(record, into: segment)
    }
  }

  /// Appends a stamped record to a segment that has no name yet.
  private func seal(_ record: Record, into segment: SegmentWriter) throws(TrailError) {
    let bytes = record.encode(base: segment.base) ?? record.clipped().encode(base: segment.base)!
    var failure: SystemError?
    bytes.withUnsafeBytes { buffer in
      do throws(SystemError) {
        try segment.makeRoom(bodyByteCount: buffer.count + StreamSealer.overheadByteCount, isAlways: false)
        try segment.append(record: buffer)
      } catch { failure = error }
    }
    if let failure { throw .cannotWrite("\(failure)") }
  }

  /// Begins anew after a failure: the old segment ends where it was last known to be on disk. Under the lock, which is let go while
  /// the disk works. Where this fails too, the next try comes later.
  private func resume() {
    let old = segment
    do throws(TrailError) {
      if maySyncOld {
        maySyncOld = false
        // Where this fails, what it was to make durable is carried over instead.
        do throws(TrailError) { try settle(old) } catch {}
      }
      try restoreIfRemoved(old)
      let end = synced.point.sequence
      try begin(.resumed, after: old)
      // A checkpoint beyond that end does not stand in the trail; its key signs again.
      if let pending = pendingCheckpoint, pending.point.sequence > end { pendingCheckpoint = nil }
      resumedCount += 1
      heartbeat = segment.base.boot
      enter(.writing)
      drain()
    } catch {
      nextTry = Clock.boot() + settings.retryNanoseconds
      enter(.failed(error.reason))
    }
  }

  /// Syncs a segment that nobody appends to now; all that was kept in memory is then on disk. Under the lock, let go meanwhile.
  private func settle(_ segment: SegmentWriter) throws(TrailError) {
    let end = segment.end
    let counts = counters
    lock.unlock()
    var failure: SystemError?
    do throws(SystemError) { try segment.sync() } catch { failure = error }
    if failure == nil { for records in [syncing, filling] { forward(records, of: segment) } }
    lock.lock()
    if let failure { throw .cannotWrite("\(failure)") }
    synced = end
    syncedCounters = counts
    syncing.clear()
    filling.clear()
  }

  /// Puts a file that was removed or replaced back from what the descriptor holds. Under the lock, let go meanwhile.
  private func restoreIfRemoved(_ old: SegmentWriter) throws(TrailError) {
    guard !old.isInPlace else { return }
    let end = synced.byteCount
    lock.unlock()
    var failure: SystemError?
    do throws(SystemError) { try old.restore(through: end) } catch { failure = error }
    lock.lock()
    if let failure { throw .cannotWrite("a segment was removed: \(failure)") }
  }

  /// Takes over what came while nobody could have the lock. Under the lock.
  private func takeStalled() {
    guard !stalled.isEmpty else { return }
    let lost = stalledLossCount.exchange(0, ordering: .relaxed)
    lostCount += lost
    lostTotal += lost
    alwaysQueue += stalled.take()
  }

  /// Appends what had to wait, and how much was lost. Under the lock.
  func drain() {
    takeStalled()
    guard phase == .writing else { return }
    do throws(TrailError) {
      if lostCount > 0 {
        guard filling.hasRoom(for: Record.byteCountMax) else { throw .cannotWrite("") }
        var record = Record(.alert)
        record.count = lostCount
        record.details = [Record.Detail("kind", "records-lost")]
        try put(record, isAlways: true)
        lostCount = 0
      }
      while let record = alwaysQueue.first {
        guard filling.hasRoom(for: Record.byteCountMax), segment.frameCount < settings.segmentFrameCountMax else {
          throw .cannotWrite("")
        }
        try put(stamped: record, isAlways: true)
        alwaysQueue.removeFirst()
      }
    } catch {
      nextDrain = Clock.boot() + min(settings.retryNanoseconds, 100_000_000)
    }
  }
}

extension TrailError {
  /// The text of a refusal, for the state.
  var reason: String {
    switch self {
    case .cannotWrite(let text), .damaged(let text), .unreadable(let text): text
    case .newerVersion, .alreadyExists, .missing, .memoryNotLocked, .badReviewer: "\(self)"
    }
  }
}
