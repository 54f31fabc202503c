import CSystem
import Glibc

/// A pthread with a name, to be joined once. Never Swift's cooperative pool: these threads block.
package final class Thread: @unchecked Sendable {
  private var handle = pthread_t()

  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(_ name: String, _ body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  /// Starts `body` at once. `name` is cut to the 15 bytes that Linux keeps. All signals are blocked in the new thread: they belong
  /// to the thread that waits for them.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    let code = start(name, body)
    precondition(code == 0, "pthread_create failed: \(code)")
  }

  /// The same; nil where the system lets the process have no further thread.
  package init?(ifPossible name: String, _ body: @escaping @Sendable () -> Void) {
    guard start(name, body) == 0 else { return nil }
  }

  private func start(_ name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
    let start = Unmanaged.passRetained(Start(name, body))
    var all = sigset_t()
    var before = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, &before)
    let code = pthread_create(
      &handle, nil,
      { argument in
        let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
        _ = csystem_name_thread(String(decoding: start.name.utf8.prefix(15), as: UTF8.self))
        // A worker of FUSE that starts one may be kept on a core for some milliseconds; that is not meant for good.
        csystem_use_cores_of_process()
        start.body()
        return nil
      }, start.toOpaque())
    pthread_sigmask(SIG_SETMASK, &before, nil)
    if code != 0 { start.release() }
    return code
  }

  /// Waits until the thread has ended. Call exactly once.
  package func join() { pthread_join(handle, nil) }
}
