import Platform

/// What is known of the trail now.
extension TrailWriter {
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

  private var oldestUnsynced: Int64 { syncBegan != 0 ? syncBegan : unsyncedSince }
}

/// A status for when nobody can look. From any thread.
final class KnownStatus: @unchecked Sendable {
  private let lock = Lock()
  private var status: TrailStatus?

  var value: TrailStatus? {
    get { lock.withLock { status } }
    set { lock.withLock { status = newValue } }
  }
}
