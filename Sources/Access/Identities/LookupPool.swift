import Platform
import VaultFormat

/// The threads that ask the user database, so that nobody else ever waits for it longer than the deadline. One question is asked once at a
/// time, however many want to know. Started when needed, at most `threadCountMax`; a thread that hangs is left to hang.
final class LookupPool: @unchecked Sendable {
  private let resolver: @Sendable (IdentityQuery) -> IdentityAnswer
  private let deadlineNanoseconds: Int
  private let threadCountMax: Int

  private final class Job {
    let query: IdentityQuery
    /// Boot time.
    let asked: Int64
    var answer: IdentityAnswer?
    init(_ query: IdentityQuery, asked: Int64) {
      self.query = query
      self.asked = asked
    }
  }

  private final class Worker {
    var thread: Thread?
    /// Inside a question.
    var isBusy = false
  }

  /// Guards all that follows, jobs and workers included.
  private let lock = Lock()
  private let work = Condition()
  private let done = Condition()
  private var jobs: [IdentityQuery: Job] = [:]
  private var queue: [Job] = []
  private var idleCount = 0
  private var workers: [Worker] = []
  private var isClosed = false

  init(
    deadlineNanoseconds: Int, threadCountMax: Int, resolver: @escaping @Sendable (IdentityQuery) -> IdentityAnswer
  ) {
    self.deadlineNanoseconds = deadlineNanoseconds
    self.threadCountMax = threadCountMax
    self.resolver = resolver
  }

  /// Waits for the answer until the deadline after the question was first asked, which may be over already. Nil when it is over.
  func ask(_ query: IdentityQuery) -> IdentityAnswer? {
    lock.withLock {
      guard !isClosed else { return nil }
      let job = enqueue(query)
      while job.answer == nil {
        let remaining = job.asked + Int64(deadlineNanoseconds) - Clock.boot()
        guard remaining > 0, !isClosed else { return nil }
        done.wait(lock, nanoseconds: Int(remaining))
      }
      return job.answer
    }
  }

  /// Asks without waiting.
  func start(_ query: IdentityQuery) {
    lock.withLock {
      guard !isClosed else { return }
      _ = enqueue(query)
    }
  }

  /// Takes no more questions and ends the threads that are not inside one; the others end when their question does.
  func close() {
    let idle = lock.withLock {
      isClosed = true
      queue.removeAll()
      work.broadcast()
      done.broadcast()
      defer { workers.removeAll() }
      return workers.filter { !$0.isBusy }.compactMap(\.thread)
    }
    for thread in idle { thread.join() }
  }

  // MARK: Under the lock

  private func enqueue(_ query: IdentityQuery) -> Job {
    if let job = jobs[query] { return job }
    let job = Job(query, asked: Clock.boot())
    jobs[query] = job
    queue.append(job)
    if queue.count > idleCount, workers.count < threadCountMax { addWorker() } else { work.signal() }
    return job
  }

  private func addWorker() {
    let worker = Worker()
    workers.append(worker)
    // The reference is the thread's own business: it is touched under the lock alone.
    nonisolated(unsafe) let unguarded = worker
    worker.thread = Thread(name: "identities") { self.run(as: unguarded) }
  }

  private func run(as worker: Worker) {
    lock.lock()
    while !isClosed {
      guard !queue.isEmpty else {
        idleCount += 1
        work.wait(lock)
        idleCount -= 1
        continue
      }
      let job = queue.removeFirst()
      worker.isBusy = true
      lock.unlock()
      let answer = resolver(job.query)
      lock.lock()
      worker.isBusy = false
      job.answer = answer
      jobs[job.query] = nil
      done.broadcast()
    }
    lock.unlock()
  }
}
