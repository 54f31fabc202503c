import Platform

/// Those who wait for a commit without holding a thread: each is answered once, by the committing thread when its round has ended, or after
/// `patience` by a thread that watches for a disk that does not answer.
final class CommitWaiters: @unchecked Sendable {
  private struct Waiter {
    let ticket: UInt64
    /// On the monotonic clock: while the machine sleeps, nobody waits for its disk.
    let until: Int64
    let answer: @Sendable (VaultError?) -> Void
  }

  private let patience: Int64
  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  /// In the order in which they came, and so by ticket and time.
  private var waiters: [Waiter] = []

  init(patience: Int64) { self.patience = patience }

  /// Starts the thread that watches.
  func start() { worker.start("commit-watch") { [self] in watch() } }

  /// `answer` is called once, on any thread, with why not; nil when everything changed before `ticket` is on disk.
  func add(_ ticket: UInt64, _ answer: @escaping @Sendable (VaultError?) -> Void) {
    lock.withLock {
      waiters.append(Waiter(ticket: ticket, until: Clock.monotonic() + patience, answer: answer))
      // Whoever watches for another one's time does not need to hear of a later one.
      if waiters.count == 1 { worker.wakeOne() }
    }
  }

  /// The round that covers tickets up to `ticket` has ended.
  func finish(through ticket: UInt64, _ failure: VaultError?) {
    for waiter in take(while: { $0.ticket <= ticket }) { waiter.answer(failure) }
  }

  /// Ends the thread. Nobody may wait any more.
  func stop() { worker.end() }

  private func take(while isMeant: (Waiter) -> Bool) -> [Waiter] {
    lock.withLock {
      let taken = Array(waiters.prefix(while: isMeant))
      waiters.removeFirst(taken.count)
      return taken
    }
  }

  private func watch() {
    while true {
      let isOver = lock.withLock { () -> Bool in
        if let first = waiters.first {
          let rest = first.until - Clock.monotonic()
          if rest > 0 { worker.wait(nanoseconds: Int(rest)) }
        } else {
          worker.wait(while: waiters.isEmpty)
        }
        return worker.isEnding
      }
      if isOver { return }
      let now = Clock.monotonic()
      for waiter in take(while: { $0.until <= now }) { waiter.answer(.io("the disk does not answer")) }
    }
  }
}
