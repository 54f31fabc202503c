import Platform

/// Makes the kernel forget pages that it read for a mapping, an exec or a sendfile: at the latest 2 ms after they were delivered, and at
/// once when rights change. Until then their repeated use is neither seen nor stopped (docs/threat-model.md).
final class PageDropper: @unchecked Sendable {
  private let delayNanoseconds: Int64
  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  /// Guarded by `lock`, as what follows.
  private var queue: [(node: UInt64, due: Int64)] = []
  private var waiting: Set<UInt64> = []
  private var drop: @Sendable (UInt64) -> Void = { _ in }

  init(delayNanoseconds: Int64) { self.delayNanoseconds = delayNanoseconds }

  func begin(_ drop: @escaping @Sendable (UInt64) -> Void) {
    lock.withLock { self.drop = drop }
    worker.start("page-dropper") { [self] in
      while let node = next() { drop(node) }
    }
  }

  /// Pages of `node` were handed to the kernel just now. Cheap; called on a worker after its reply.
  func delivered(_ node: UInt64) {
    let now = Clock.boot()
    lock.withLock {
      // A node that waits already goes at its earlier time, and again for what came since.
      guard waiting.insert(node).inserted else { return }
      queue.append((node, now + delayNanoseconds))
      if queue.count == 1 { worker.wakeOne() }
    }
  }

  /// All that waits goes now.
  func dropAll() {
    let nodes = lock.withLock { () -> [UInt64] in
      defer {
        queue = []
        waiting = []
      }
      return queue.map(\.node)
    }
    for node in nodes { drop(node) }
  }

  /// Ends the thread. What waits is not dropped by it any more.
  func stop() { worker.end() }

  /// The node whose time has come; waits for it. Nil at the end.
  private func next() -> UInt64? {
    lock.withLock {
      while !worker.isEnding {
        guard let first = queue.first else {
          worker.wait(while: queue.isEmpty)
          continue
        }
        let rest = first.due - Clock.boot()
        guard rest <= 0 else {
          worker.wait(nanoseconds: Int(rest))
          continue
        }
        queue.removeFirst()
        waiting.remove(first.node)
        return first.node
      }
      return nil
    }
  }
}
