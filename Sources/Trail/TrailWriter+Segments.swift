import Platform
import Sodium
import VaultFormat

/// From one segment to the next.
extension TrailWriter {
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

  /// Ends a healthy segment and begins the next. Under the lock, which is let go while the disk works.
  func change(_ kind: SegmentHeader.Kind, _ now: Int64) {
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

  /// Makes the next segment after the end of the last good sync of `old`, beginning with the open handles, and the records since that
  /// sync where there are any. Under the lock, which is let go while the disk works: the phase lets nobody else append meanwhile.
  func begin(_ kind: SegmentHeader.Kind, after old: SegmentWriter) throws(TrailError) {
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
}
