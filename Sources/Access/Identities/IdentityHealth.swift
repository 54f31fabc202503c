import Glibc
import Platform

/// Whether the system's user database answers: from the first question that it left open until the next one that it answered.
final class IdentityHealth: @unchecked Sendable {
  private let lock = Lock()
  private var current: (reason: String, since: Int64)?

  /// Since when (wall nanoseconds) and why it does not; nil where it does.
  var trouble: (reason: String, since: Int64)? { lock.withLock { current } }

  func take(_ answer: IdentityAnswer) {
    if case .failed(let code) = answer {
      note(String(cString: strerror(code)))
    } else {
      lock.withLock { current = nil }
    }
  }

  func note(_ reason: String) {
    lock.withLock { current = (reason, current?.since ?? Clock.wall()) }
  }
}
