import CFuse3
import CSystem
import Glibc

/// Starts `body` on a new detached pthread with a name (15 bytes at most) and all signals blocked.
/// Returns false where the system has no thread left.
func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool {
  final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  let start = Unmanaged.passRetained(Start(name, body))
  var all = sigset_t()
  var before = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_SETMASK, &all, &before)
  var handle = pthread_t()
  let code = pthread_create(
    &handle, nil,
    { argument in
      let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
      _ = csystem_name_thread(start.name)
      start.body()
      return nil
    }, start.toOpaque())
  pthread_sigmask(SIG_SETMASK, &before, nil)
  guard code == 0 else {
    start.release()
    return false
  }
  pthread_detach(handle)
  return true
}

/// State behind a pthread mutex, with waiting. Not recursive.
///
/// Unchecked: `state` is only touched with `mutex` held.
final class Monitor<State>: @unchecked Sendable {
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let condition: UnsafeMutablePointer<pthread_cond_t>
  private var state: State

  init(_ state: State) {
    self.state = state
    mutex = .allocate(capacity: 1)
    condition = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    defer { pthread_condattr_destroy(&attributes) }
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    precondition(pthread_mutex_init(mutex, nil) == 0 && pthread_cond_init(condition, &attributes) == 0)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  /// Runs `body` alone. Nobody is woken: it must not change what others wait for.
  func use<Result>(_ body: (State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(state)
  }

  /// Runs `body` alone, then wakes those who wait.
  func change<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    let result = body(&state)
    pthread_cond_broadcast(condition)
    return result
  }

  /// Runs `body` alone, then wakes one of those who wait.
  func changeWakingOne<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    let result = body(&state)
    pthread_cond_signal(condition)
    return result
  }

  enum Step<Result> {
    case done(Result)
    /// Until the next change, or for so many nanoseconds at most.
    case wait(upToNanoseconds: Int64?)
  }

  /// Runs `body` alone until it is done, waiting in between as it says. It is told whether the last wait's time was over.
  func inSteps<Result>(_ body: (inout State, _ hasTimedOut: Bool) -> Step<Result>) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    var hasTimedOut = false
    while true {
      switch body(&state, hasTimedOut) {
      case .done(let result): return result
      case .wait(nil):
        pthread_cond_wait(condition, mutex)
        hasTimedOut = false
      case .wait(let nanoseconds?):
        let end = monotonicNanoseconds() + nanoseconds
        var time = timespec(tv_sec: Int(end / 1_000_000_000), tv_nsec: Int(end % 1_000_000_000))
        hasTimedOut = pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT
      }
    }
  }

  /// Runs `body` alone, again after each change, until it returns a value.
  func wait<Result>(_ body: (inout State) -> Result?) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let result = body(&state) { return result }
      pthread_cond_wait(condition, mutex)
    }
  }
}
