import Platform
import VaultFormat

/// Small documents whose last handle was closed, on their way to a thread that seals them on the other core: whoever closed goes on.
///
/// The bytes stay in the document's memory until then, readable, and a commit does not wait for the thread but where it is at this very document:
/// what has not been begun the commit seals itself, by the same `SealingTask` that this thread would have taken. While it seals, the thread holds
/// no lock of a document, so that nobody waits for a disk that hangs.
///
/// `waiting` is guarded by `lock`.
final class ClosedDocuments: @unchecked Sendable {
  /// So many wait at most, of 128 KiB at most each; whoever closes one more seals it.
  static let countMax = 64
  /// So long they gather before the thread begins: to wake it for each would cost as much as to seal a small one.
  private static let patienceNanoseconds = 4_000_000

  private struct Waiting {
    let document: DocumentContent
    let task: SealingTask
  }

  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  private var waiting: [Waiting] = []

  /// Starts the thread, on which all three are called.
  /// - Parameter name: what was sealed is to become part of the document, unless somebody is about to see to that.
  func start(
    seal: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> SealingTask.Outcome,
    discard: @escaping @Sendable (BlobReference) -> Void, name: @escaping @Sendable (DocumentContent) -> Void
  ) {
    worker.start("seal-closed") { [self] in
      while let taken = take() {
        for one in taken {
          guard one.task.begin() else { continue }
          let outcome = seal(UnsafeMutableRawBufferPointer(start: one.task.bytes.base, count: one.task.byteCount))
          if one.task.end(outcome) {
            name(one.document)
          } else if case .success(let blob) = outcome {
            discard(blob)
          }
        }
      }
    }
  }

  /// Takes all of a document's bytes, which do not change from now on. Nil where enough wait already, or there is no thread: the caller seals.
  func submit(_ document: DocumentContent, _ bytes: PlainBuffer, byteCount: Int) -> SealingTask? {
    lock.withLock {
      guard worker.areAtWork, waiting.count < Self.countMax else { return nil }
      let task = SealingTask(bytes, byteCount: byteCount)
      waiting.append(Waiting(document: document, task: task))
      // The others are met when the thread has slept enough.
      if waiting.count == 1 || waiting.count == Self.countMax { worker.wakeOne() }
      return task
    }
  }

  /// Returns when all that waits has been seen to; for tests.
  func drain() { worker.drain(while: !waiting.isEmpty) }

  /// Ends the thread after what it is at. What waits stays in memory, as its documents know.
  func close() { worker.end() }

  /// What has gathered; nil at the end.
  private func take() -> [Waiting]? {
    lock.withLock {
      worker.wait(while: waiting.isEmpty)
      if waiting.count < Self.countMax { worker.wait(nanoseconds: Self.patienceNanoseconds) }
      defer { waiting = [] }
      return worker.isEnding ? nil : waiting
    }
  }
}
