import Platform
import Synchronization

/// Syncs of many files at once. Each flushes the disk's cache; of those that wait at one time the kernel makes one flush, where one after the
/// other would each wait for their own. Each is still asked for, and heard, by itself.
enum ParallelSync {
  private static let threadCountMax = 8
  /// A thread for fewer is not worth its beginning.
  private static let callCountMin = 4

  /// Calls `body` once for each of `0 ..< count`, in no order, and returns when all calls have; with a failure, if there was one. Threads that the
  /// system does not give do without.
  static func firstFailure(
    of count: Int, _ body: @escaping @Sendable (_ index: Int) -> SystemError?
  ) -> SystemError? {
    let calls = Calls(count)
    let helpers = (1..<max(1, min(threadCountMax, count / callCountMin))).compactMap { number in
      Thread(ifPossible: "sync-\(number)") { calls.makeAll(body) }
    }
    calls.makeAll(body)
    for helper in helpers { helper.join() }
    return calls.failure
  }

  private final class Calls: @unchecked Sendable {
    // Unchecked: `found` is guarded by `lock`.
    private let count: Int
    private let taken = Atomic<Int>(0)
    private let lock = Lock()
    private var found: SystemError?

    init(_ count: Int) { self.count = count }

    var failure: SystemError? { lock.withLock { found } }

    func makeAll(_ body: (Int) -> SystemError?) {
      while true {
        let index = taken.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        if let failure = body(index) { lock.withLock { found = found ?? failure } }
      }
    }
  }
}
