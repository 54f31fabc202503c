import CSystem
import Glibc
import Platform

/// What a process that holds keys and content does for them before anything else.
enum ProcessSafety {
  /// No core dumps, no reading by others of its uid, and no page of it in swap.
  /// - Throws: `memory-not-locked` where the limit does not allow it: the process must not go on.
  static func secure() throws(CommandFailure) {
    guard csystem_forbid_dumps() == 0 else { throw CommandFailure(SystemError("prctl", errno)) }
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 else {
      throw CommandFailure(SystemError("setrlimit", errno))
    }
    csystem_raise_limits()
    // Pages are locked as they are first touched, so that what is never used takes no memory.
    guard csystem_lock_memory() == 0 else { throw CommandFailure(.error, .memoryNotLocked, hint: .memoryLock) }
  }
}

/// Signals that end a mount: taken by one thread that waits for them, never by a handler.
enum Signals {
  private static var set: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&set, signal) }
    return set
  }

  /// Before any thread is started.
  static func block() {
    var set = set
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// Calls `body` on a thread of its own when one of them comes.
  static func wait(_ body: @escaping @Sendable () -> Void) {
    _ = Platform.Thread(name: "signals") {
      var set = set
      var signal: Int32 = 0
      while sigwait(&set, &signal) != 0 {}
      body()
    }
  }
}
