import Platform
import Synchronization

/// One piece of work on a thread of its own that can be told to stop.
final class BackgroundWork: @unchecked Sendable {
  private let stopping = Atomic<Bool>(false)
  /// Set once, before anyone calls `stop`.
  private var thread: Thread?

  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  func start(_ body: @escaping @Sendable () -> Void) { thread = Thread(name: "background", body) }

  /// Returns when the work has ended.
  func stop() {
    stopping.store(true, ordering: .relaxed)
    thread?.join()
    thread = nil
  }
}
