import Glibc
import Platform
import Synchronization

/// How many records one user may make: a bucket that fills with time. Whoever empties his own waits; nobody else does.
///
/// Users share a bucket where their uids are alike modulo the number of buckets. Safe from any thread, without a lock. Each thread waits for
/// no more than the records of those that wait with it, so that W workers are held for W records' time at most: too little to be worth
/// a queue of their own.
final class RecordRate: @unchecked Sendable {
  private static let bucketCount = 1_024
  private let nanosecondsPerRecord: Int64
  private let burstNanoseconds: Int64
  /// For each bucket the boot time at which it is full again.
  private let buckets: UnsafeMutablePointer<Atomic<Int64>>

  init(perSecond: Int64, burst: Int64) {
    nanosecondsPerRecord = max(1, 1_000_000_000 / max(1, perSecond))
    burstNanoseconds = nanosecondsPerRecord * max(1, burst)
    buckets = .allocate(capacity: Self.bucketCount)
    for index in 0..<Self.bucketCount { (buckets + index).initialize(to: Atomic(0)) }
  }

  deinit {
    buckets.deinitialize(count: Self.bucketCount)
    buckets.deallocate()
  }

  /// Takes one record of `uid`. Returns how many nanoseconds its thread must wait before it goes on; mostly 0.
  @inline(__always)
  func take(_ uid: UInt32, now: Int64) -> Int64 {
    let bucket = buckets + Int(uid) % Self.bucketCount
    var before = bucket.pointee.load(ordering: .relaxed)
    while true {
      let fullAt = max(before, now) + nanosecondsPerRecord
      let (exchanged, original) = bucket.pointee.weakCompareExchange(expected: before, desired: fullAt, ordering: .relaxed)
      if exchanged { return max(0, fullAt - now - burstNanoseconds) }
      before = original
    }
  }

  /// Takes one record and waits where that is due.
  @inline(__always)
  func wait(_ uid: UInt32) {
    let nanoseconds = take(uid, now: Clock.boot())
    guard nanoseconds > 0 else { return }
    var rest = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    var left = timespec()
    while nanosleep(&rest, &left) != 0 && errno == EINTR { rest = left }
  }
}
