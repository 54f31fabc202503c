import Platform
import Synchronization

/// What can be told of the writer without its lock: whether records are refused, and whether a write(2) hangs. Written under the lock,
/// read by anyone; each value is true for itself.
final class TrailPulse: Sendable {
  /// Neither failed nor closed.
  let isTaking = Atomic<Bool>(true)
  /// `TrailWriter.syncBegan`, `heartbeat` and `noSpaceUntil`.
  let syncBegan = Atomic<Int64>(0)
  let heartbeat = Atomic<Int64>(0)
  let noSpaceUntil = Atomic<Int64>(0)
  /// When the write(2) under way began, on the boot clock; 0 for none.
  let writeBegan = Atomic<Int64>(0)

  /// Whether a write(2) is under way for longer than `patience`: whoever waits for the lock may wait for ever.
  @inline(__always)
  func isHanging(_ now: Int64, longerThan patience: Int64) -> Bool {
    let began = writeBegan.load(ordering: .relaxed)
    return began != 0 && now - began > patience
  }

  /// Whether neither a write(2) nor a sync is under way for longer than it may take.
  func answers(_ now: Int64, _ settings: TrailSettings) -> Bool {
    let syncBegan = syncBegan.load(ordering: .relaxed)
    return (syncBegan == 0 || now - syncBegan <= settings.patienceNanoseconds)
      && !isHanging(now, longerThan: settings.patienceNanoseconds)
  }

  /// Whether an ordinary record would be taken now, as `TrailWriter.refusal` says.
  @inline(__always)
  func isWell(_ now: Int64, _ settings: TrailSettings) -> Bool {
    let syncBegan = syncBegan.load(ordering: .relaxed)
    return isTaking.load(ordering: .relaxed) && (syncBegan == 0 || now - syncBegan <= settings.patienceNanoseconds)
      && now - heartbeat.load(ordering: .relaxed) <= settings.heartbeatNanosecondsMax
      && now >= noSpaceUntil.load(ordering: .relaxed) && !isHanging(now, longerThan: settings.patienceNanoseconds)
  }
}

/// Records that must not be refused and came while the lock could not be had. `records` is guarded by `lock`.
final class StalledRecords<Record: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private var records: [Record] = []
  private let count = Atomic<Int>(0)

  var isEmpty: Bool { count.load(ordering: .acquiring) == 0 }

  /// Returns false where `limit` wait already.
  func add(_ record: Record, limit: Int) -> Bool {
    lock.withLock {
      guard records.count < limit else { return false }
      records.append(record)
      count.store(records.count, ordering: .releasing)
      return true
    }
  }

  func take() -> [Record] {
    lock.withLock {
      defer {
        records = []
        count.store(0, ordering: .releasing)
      }
      return records
    }
  }
}
