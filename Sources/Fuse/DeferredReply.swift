import CFuse3
import Glibc
import Synchronization

/// A reply that is given later, from any thread: the first answer counts. Holds no worker. Dropped unanswered, it answers EIO.
///
/// Keeps its connection alive; a filesystem lets go of all it holds when its session has `disconnected`.
public final class DeferredReply: Sendable {
  /// libfuse's request. Unchecked: libfuse lets any thread answer it, and whoever takes it out of `state` is the only one.
  private struct RawRequest: @unchecked Sendable {
    let pointer: OpaquePointer
  }

  private struct State: Sendable {
    /// Nil once answered.
    var request: RawRequest?
    var isInterrupted = false
    var handler: (@Sendable () -> Void)?
  }

  private let connection: Connection
  private let unique: UInt64
  private let state: Mutex<State>

  init(_ request: consuming PendingRequest) {
    unique = request.unique
    let raw = request.take()
    connection = Connection.of(raw)
    state = Mutex(State(request: RawRequest(pointer: raw)))
    // An INTERRUPT is either seen by libfuse already, or will find this reply among those that wait.
    connection.waiting.add(self, unique)
    if fuse_req_interrupted(raw) != 0 { interrupt() }
  }

  deinit {
    connection.waiting.remove(unique)
    guard let request = state.withLock({ $0.request }) else { return }
    FuseLog.write("a deferred reply was dropped; answered EIO")
    _ = PendingRequest.answer(request.pointer) { fuse_reply_err($0, EIO) }
  }

  /// Whether the caller was signalled and waits for an answer, normally EINTR.
  public var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

  /// Answers that it is done. Discarded also where an answer was given before.
  @discardableResult
  public func succeed() -> Delivery { answer(0) }

  /// Answers with an errno, 1…999. Discarded also where an answer was given before.
  @discardableResult
  public func fail(_ code: Int32) -> Delivery { answer(code) }

  /// Answers a write with the number of bytes that were taken. Discarded also where an answer was given before.
  @discardableResult
  public func send(byteCount: Int) -> Delivery { answer { fuse_reply_write($0, byteCount) } }

  /// Calls `handler` once when the caller is signalled: at once if that was before, otherwise on a worker; with no lock held, so that
  /// it may answer and take the filesystem's locks. Call it at most once, without holding a lock that `handler` takes.
  public func onInterrupt(_ handler: @escaping @Sendable () -> Void) {
    let isLate = state.withLock { state -> Bool in
      guard state.request != nil else { return false }
      if state.isInterrupted { return true }
      state.handler = handler
      return false
    }
    if isLate { handler() }
  }

  func interrupt() {
    let handler = state.withLock { state -> (@Sendable () -> Void)? in
      state.isInterrupted = true
      defer { state.handler = nil }
      return state.handler
    }
    handler?()
  }

  private func answer(_ code: Int32) -> Delivery { answer { fuse_reply_err($0, code) } }

  private func answer(_ reply: (OpaquePointer) -> Int32) -> Delivery {
    // The handler goes with `taken`, outside the lock: it may hold the last reference to something that answers.
    let taken = state.withLock { state -> State in
      let before = state
      state.request = nil
      state.handler = nil
      return before
    }
    guard let request = taken.request else { return .discarded }
    connection.waiting.remove(unique)
    return PendingRequest.answer(request.pointer, reply)
  }
}

/// The deferred replies of a connection by request number, to be found by INTERRUPT.
final class WaitingReplies: Sendable {
  private struct Weak {
    weak var reply: DeferredReply?
  }

  private let replies = Mutex<[UInt64: Weak]>([:])

  func add(_ reply: DeferredReply, _ unique: UInt64) { replies.withLock { $0[unique] = Weak(reply: reply) } }

  func remove(_ unique: UInt64) { replies.withLock { _ = $0.removeValue(forKey: unique) } }

  func interrupt(_ unique: UInt64) {
    let reply = replies.withLock { $0[unique]?.reply }
    reply?.interrupt()
  }
}
