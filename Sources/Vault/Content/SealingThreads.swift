import Platform
import VaultFormat

/// Threads that seal full buffers and hand them to the store, so that a writer goes on meanwhile: one core seals while the other takes
/// the next request, and the disk writes one blob while the next is sealed.
///
/// They take no lock of a document: what they made is fetched from the task by whoever changes the document next. When there is nothing
/// to seal they wipe buffers that were given back. Fields are guarded by `lock`.
final class SealingThreads: @unchecked Sendable {
  /// While one waits for the disk the other seals.
  private static let threadCount = 2
  /// Tasks that wait; beyond that a writer seals for itself, and so is held to the disk's pace.
  private static let waitingCountMax = 2

  let buffers = PlainBufferPool()
  private let workers = WorkerThreads()
  private var lock: Lock { workers.lock }
  private var waiting: [SealingTask] = []
  /// What the threads are at, by number, until nothing is left to do about it. Not the tasks: the last reference to a buffer must not go under
  /// the lock.
  private var begun: Set<UInt64> = []
  private var begunCount: UInt64 = 0
  private let ended = Condition()

  /// Starts the threads. `seal` and `discard` are called on them.
  func start(
    seal: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> SealingTask.Outcome,
    discard: @escaping @Sendable (BlobReference) -> Void
  ) {
    for number in 0..<Self.threadCount {
      workers.start("seal-\(number)") { [self] in
        while let task = next() {
          let own = lock.withLock { () -> UInt64 in
            begunCount += 1
            begun.insert(begunCount)
            return begunCount
          }
          let outcome = seal(UnsafeMutableRawBufferPointer(start: task.bytes.base, count: task.byteCount))
          if !task.end(outcome), case .success(let blob) = outcome { discard(blob) }
          lock.withLock {
            begun.remove(own)
            ended.broadcast()
          }
        }
      }
    }
    buffers.onReturn = { [weak self] in self?.wakeOne() }
  }

  private func wakeOne() { lock.withLock { workers.wakeOne() } }

  /// Takes a full buffer, whose bytes do not change from now on. Nil where enough wait already.
  func submit(_ bytes: PlainBuffer, byteCount: Int) -> SealingTask? {
    lock.withLock {
      guard waiting.count < Self.waitingCountMax, !workers.isEnding else { return nil }
      let task = SealingTask(bytes, byteCount: byteCount)
      waiting.append(task)
      workers.wakeOne()
      return task
    }
  }

  /// Waits for what the threads are sealing now, not for what they begin meanwhile. What was sealed its documents can name on return, or it is
  /// discarded.
  func finishBegun() {
    lock.withLock {
      let last = begunCount
      while begun.contains(where: { $0 <= last }) { ended.wait(lock) }
    }
  }

  /// Ends the threads after what they are at. What waits stays in memory, as its documents know.
  func close() {
    workers.end()
    buffers.wipe()
  }

  /// The next task that nobody else has begun; nil at the end.
  private func next() -> SealingTask? {
    while true {
      lock.lock()
      workers.wait(while: waiting.isEmpty && !buffers.isAnyUnwiped)
      let isOver = workers.isEnding
      let task = isOver || waiting.isEmpty ? nil : waiting.removeFirst()
      lock.unlock()
      if isOver { return nil }
      guard let task else {
        buffers.wipe()
        continue
      }
      if task.begin() { return task }
    }
  }
}
