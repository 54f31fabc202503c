import Platform
import VaultFormat

/// The keeper: syncs, changes segments, and begins anew after failures.
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

  private func waitingTime(_ now: Int64) -> Int64 {
    let untilSync = unsyncedSince == 0 ? Int64.max : unsyncedSince + Int64(settings.syncDelayNanoseconds) - now
    let untilRotation = segment.base.boot + settings.segmentAgeNanosecondsMax - now
    let untilDrain = hasWaiting ? nextDrain - now : Int64.max
    return max(1_000, min(untilSync, untilRotation, untilDrain, 60_000_000_000))
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

  /// Closed is for good.
  func enter(_ next: Phase) {
    if phase != .closed { phase = next }
    changed.broadcast()
  }
}
