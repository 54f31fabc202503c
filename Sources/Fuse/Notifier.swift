/// What the kernel is told unasked. Names end with a NUL.
enum Notification: Sendable {
  case attributes(NodeNumber)
  case pages(NodeNumber, offset: UInt64, byteCount: UInt64)
  case entry([UInt8], in: NodeNumber)
}

/// The thread that tells the kernel. A worker must not: the kernel may hold what the notification needs until that worker answers.
final class Notifier: Sendable {
  private struct State {
    var queue: [Notification] = []
    var isDelivering = false
    var isStopped = false
  }

  private let state = Monitor(State())

  /// Returns false where there is no thread to be had.
  func start(_ connection: Connection) -> Bool {
    startThread("fuse-notify") { [self] in
      while let batch = next() {
        for notification in batch { connection.deliver(notification) }
      }
    }
  }

  func send(_ notification: Notification) { state.change { if !$0.isStopped { $0.queue.append(notification) } } }

  /// Waits until everything sent before has been told, or the session has ended.
  func drain() { state.wait { $0.isStopped || ($0.queue.isEmpty && !$0.isDelivering) ? () : nil } }

  func stop() {
    state.change {
      $0.isStopped = true
      $0.queue = []
    }
  }

  private func next() -> [Notification]? {
    state.change { $0.isDelivering = false }
    return state.wait { state -> [Notification]?? in
      if state.isStopped { return .some(nil) }
      if state.queue.isEmpty { return nil }
      state.isDelivering = true
      defer { state.queue = [] }
      return state.queue
    }
  }
}
