import Glibc
import Platform

/// How many records one user may make: a bucket that fills with time. Whoever empties his own waits; nobody else does.
///
/// Users share a bucket where their uids are alike modulo the number of buckets. Safe from any thread.
final class RecordRate: @unchecked Sendable {
  private struct Bucket {
    /// The boot time at which the bucket is full again.
    var fullAt: Int64 = 0
  }

  private static let bucketCount = 1_024
  private let nanosecondsPerRecord: Int64
  private let burstNanoseconds: Int64
  /// Each guards the buckets whose index is its own modulo their number.
  private let locks: [Lock]
  private let buckets: UnsafeMutablePointer<Bucket>

  init(perSecond: Int64, burst: Int64) {
    nanosecondsPerRecord = max(1, 1_000_000_000 / max(1, perSecond))
    burstNanoseconds = nanosecondsPerRecord * max(1, burst)
    locks = (0..<16).map { _ in Lock() }
    buckets = .allocate(capacity: Self.bucketCount)
    buckets.initialize(repeating: Bucket(), count: Self.bucketCount)
  }

  deinit { buckets.deallocate() }

  /// Takes one record of `uid`. Returns how many nanoseconds its thread must wait before it goes on; mostly 0.
  @inline(__always)
  func take(_ uid: UInt32, now: Int64) -> Int64 {
    let index = Int(uid) % Self.bucketCount
    let lock = locks[index % 16]
    lock.lock()
    defer { lock.unlock() }
    let fullAt = max(buckets[index].fullAt, now) + nanosecondsPerRecord
    buckets[index].fullAt = fullAt
    return max(0, fullAt - now - burstNanoseconds)
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
