import Catalog
import Platform

/// Whether a verification of this vault is under way, and the way to end it. One at a time: it reads everything.
package final class VerificationSwitch: Sendable {
  private let lock = Lock()
  private let ended = Condition()
  /// Guarded by `lock`, all three.
  nonisolated(unsafe) private var isRunning = false
  nonisolated(unsafe) private var isStopping = false
  nonisolated(unsafe) private var snapshot: (any CatalogSnapshot)?

  /// Ends the verification under way, if there is one, soon; it returns what it has.
  package func stop() {
    lock.withLock {
      isStopping = true
      snapshot?.interrupt()
    }
  }

  /// As `stop`, and waits for it. No other one begins afterwards.
  func close() {
    lock.withLock {
      isStopping = true
      snapshot?.interrupt()
      while isRunning { ended.wait(lock) }
      isRunning = true
    }
  }

  /// Returns false where one is under way.
  func begin() -> Bool {
    lock.withLock {
      guard !isRunning else { return false }
      isRunning = true
      isStopping = false
      return true
    }
  }

  func end() {
    lock.withLock {
      isRunning = false
      snapshot = nil
      ended.broadcast()
    }
  }

  /// The snapshot that is being read, so that a long statement on it can be ended; nil when it is closed.
  func reads(_ snapshot: (any CatalogSnapshot)?) { lock.withLock { self.snapshot = snapshot } }

  var goesOn: Bool { lock.withLock { !isStopping } }
}
