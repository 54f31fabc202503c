import Platform
import VaultFormat

/// After a failed write or sync.
///
/// A sync that failed is never repeated for the same file: what it should have made durable is in doubt for good. The segment then ends
/// at its last good sync, a new one names that end, and the records since, kept in memory, are sealed again into the new one.
/// They may then stand twice on a disk, but only once in the trail.
extension TrailWriter {
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

  /// Begins anew after a failure: the old segment ends where it was last known to be on disk. Under the lock, which is let go while
  /// the disk works. Where this fails too, the next try comes later.
  func resume() {
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
