import Platform

/// Those who wait for a commit: each is answered once, by the committing thread when its round has ended. Who does not hold a thread meanwhile is
/// answered after `patience` at the latest, by a thread that watches for a disk that does not answer.
final class CommitWaiters: @unchecked Sendable {
  private struct Waiter {
    let ticket: UInt64
    /// On the monotonic clock: while the machine sleeps, nobody waits for its disk. Nil: however long it takes.
    let until: Int64?
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
  /// - Parameter isPatient: waits however long it takes.
  func add(_ ticket: UInt64, isPatient: Bool, _ answer: @escaping @Sendable (VaultError?) -> Void) {
    lock.withLock {
      // Whoever watches for another one's time does not need to hear of a later one.
      if !isPatient, firstEnd == nil { worker.wakeOne() }
      waiters.append(Waiter(ticket: ticket, until: isPatient ? nil : Clock.monotonic() + patience, answer: answer))
    }
  }

  /// The round that covers tickets up to `ticket` has ended.
  func finish(through ticket: UInt64, _ failure: VaultError?) {
    for waiter in take(where: { $0.ticket <= ticket }) { waiter.answer(failure) }
  }

  /// Ends the thread. Nobody may wait any more.
  func stop() { worker.end() }

  /// When the first patience ends. Under the lock.
  private var firstEnd: Int64? { waiters.lazy.compactMap(\.until).first }

  private func take(where isMeant: (Waiter) -> Bool) -> [Waiter] {
    lock.withLock {
      let taken = waiters.filter(isMeant)
      waiters.removeAll(where: isMeant)
      return taken
    }
  }

  private func watch() {
    while true {
      let isOver = lock.withLock { () -> Bool in
        worker.wait(while: firstEnd == nil)
        if let firstEnd {
          let rest = firstEnd - Clock.monotonic()
          if rest > 0 { worker.wait(nanoseconds: Int(rest)) }
        }
        return worker.isEnding
      }
      if isOver { return }
      let now = Clock.monotonic()
      for waiter in take(where: { $0.until.map { $0 <= now } ?? false }) { waiter.answer(.io("the disk does not answer")) }
    }
  }
}

/// The answer of one commit, for the thread that waits for it.
final class CommitAnswer: @unchecked Sendable {
  private let lock = Lock()
  private let given = Condition()
  private var answer: Result<Void, VaultError>?

  func give(_ failure: VaultError?) {
    lock.withLock {
      answer = failure.map { .failure($0) } ?? .success(())
      given.signal()
    }
  }

  /// Waits for it. Called once.
  func get() throws(VaultError) {
    let told = lock.withLock { () -> Result<Void, VaultError> in
      while true {
        if let answer { return answer }
        given.wait(lock)
      }
    }
    try told.get()
  }
}
