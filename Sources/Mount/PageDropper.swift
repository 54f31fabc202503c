import Platform

/// Makes the kernel forget pages that it read for a mapping, an exec or a sendfile: at the latest 2 ms after they were delivered, and at
/// once when rights change. Until then their repeated use is neither seen nor stopped (docs/threat-model.md).
final class PageDropper: @unchecked Sendable {
  private let delayNanoseconds: Int64
  /// Guards the fields below.
  private let lock = Lock()
  private let wake = Condition()
  private var queue: [(node: UInt64, due: Int64)] = []
  private var waiting: Set<UInt64> = []
  private var isStopping = false
  private var drop: @Sendable (UInt64) -> Void = { _ in }
  private var thread: Thread?

  init(delayNanoseconds: Int64) { self.delayNanoseconds = delayNanoseconds }

  func begin(_ drop: @escaping @Sendable (UInt64) -> Void) {
    lock.withLock { self.drop = drop }
    thread = Thread(name: "page-dropper") { [unowned self] in run() }
  }

  /// Pages of `node` were handed to the kernel just now. Cheap; called on a worker after its reply.
  func delivered(_ node: UInt64) {
    let now = Clock.boot()
    lock.withLock {
      // A node that waits already goes at its earlier time, and again for what came since.
      guard waiting.insert(node).inserted else { return }
      queue.append((node, now + delayNanoseconds))
      if queue.count == 1 { wake.signal() }
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

  func stop() {
    lock.withLock {
      isStopping = true
      wake.signal()
    }
    thread?.join()
    thread = nil
  }

  private func run() {
    while true {
      lock.lock()
      if isStopping {
        lock.unlock()
        return
      }
      guard let first = queue.first else {
        wake.wait(lock)
        lock.unlock()
        continue
      }
      let rest = first.due - Clock.boot()
      guard rest <= 0 else {
        wake.wait(lock, nanoseconds: Int(rest))
        lock.unlock()
        continue
      }
      queue.removeFirst()
      waiting.remove(first.node)
      lock.unlock()
      drop(first.node)
    }
  }
}
