import Platform
import VaultFormat

/// One full buffer on its way into a blob: waits, is sealed by one thread, and ends with a blob or a failure. From any thread.
///
/// The bytes do not change from the making of the task on: whoever wants other bytes there takes a copy first. Fields are guarded by `lock`.
final class SealingTask: @unchecked Sendable {
  let bytes: PlainBuffer
  let byteCount: Int
  private let lock = Lock()
  private let ended = Condition()
  private var state = State.waiting
  private var isAbandoned = false

  typealias Outcome = Result<BlobReference, ContentError>

  private enum State {
    case waiting
    case running
    case ended(Outcome)
  }

  init(_ bytes: PlainBuffer, byteCount: Int) {
    self.bytes = bytes
    self.byteCount = byteCount
  }

  /// Whether the caller shall seal the bytes, and call `end`; nobody else does then.
  func begin() -> Bool {
    lock.withLock {
      guard case .waiting = state, !isAbandoned else { return false }
      state = .running
      return true
    }
  }

  /// Says what became of it. Returns false where nobody wants the blob any more: the caller discards it.
  func end(_ outcome: Outcome) -> Bool {
    lock.withLock {
      state = .ended(outcome)
      ended.broadcast()
      return !isAbandoned
    }
  }

  var hasEnded: Bool { lock.withLock { if case .ended = state { true } else { false } } }

  /// Waits for the end of a task that somebody has begun.
  func outcome() -> Outcome {
    lock.withLock {
      while true {
        if case .ended(let outcome) = state { return outcome }
        ended.wait(lock)
      }
    }
  }

  /// Nobody wants the blob any more. Returns it where it is there already: the caller discards it; else whoever seals it does.
  func abandon() -> BlobReference? {
    lock.withLock {
      isAbandoned = true
      if case .ended(.success(let blob)) = state { return blob }
      return nil
    }
  }
}
