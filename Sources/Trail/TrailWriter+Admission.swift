import Platform
import VaultFormat

/// Whether a record may be written now. Under the lock.
extension TrailWriter {
  /// Returns when a record of `byteCount` bytes may be written now; waits for a change of segment or room in memory, at most as long
  /// as a sync may take.
  @inline(__always)
  func admit(_ byteCount: Int) throws(TrailError) {
    let now = Clock.boot()
    if phase == .writing, filling.hasRoom(for: byteCount), segment.frameCount < settings.segmentFrameCountMax,
      syncBegan == 0 || now - syncBegan <= settings.patienceNanoseconds, now - heartbeat <= settings.heartbeatNanosecondsMax,
      now >= noSpaceUntil
    {
      return
    }
    try admitSlowly(byteCount, since: now)
  }

  @inline(never)
  private func admitSlowly(_ byteCount: Int, since: Int64) throws(TrailError) {
    while true {
      let now = Clock.boot()
      if let refusal = refusal(now) {
        // A machine that slept owes a checkpoint, which is made at once.
        let isLate = now - heartbeat > settings.heartbeatNanosecondsMax && phase == .writing
        guard isLate, now - since < settings.patienceNanoseconds else { throw .cannotWrite(refusal) }
        checkpointerWork.signal()
      } else if phase == .writing {
        if segment.frameCount >= settings.segmentFrameCountMax {
          want(.rotation)
        } else if filling.hasRoom(for: byteCount) {
          return
        } else {
          isUrgent = true
          keeperWork.signal()
        }
      }
      let rest = since + settings.patienceNanoseconds - now
      guard rest > 0 else { throw .cannotWrite("the disk does not keep up") }
      changed.wait(lock, nanoseconds: Int(min(rest, 100_000_000)))
    }
  }

  static let noSpace = "no space left on the disk"

  /// Why ordinary records are refused now; nil while they are not.
  func refusal(_ now: Int64) -> String? {
    let reason = reasonToRefuse(now)
    if reason == nil {
      if refusedSince != 0 { refusedSince = 0 }
    } else if refusedSince == 0 {
      refusedSince = now
    }
    return reason
  }

  private func reasonToRefuse(_ now: Int64) -> String? {
    switch phase {
    case .closed: return "the trail is closed"
    case .failed(let reason): return reason
    case .writing, .changing: break
    }
    if syncBegan != 0, now - syncBegan > settings.patienceNanoseconds { return "the disk does not answer" }
    if now - heartbeat > settings.heartbeatNanosecondsMax { return checkpointFailure ?? "no checkpoint can be made" }
    return noSpaceUntil > now ? Self.noSpace : nil
  }
}
