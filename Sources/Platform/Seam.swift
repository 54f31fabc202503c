import Glibc
import Synchronization

/// The one seam for system calls: tests ask here for a call to fail. In release builds it is compiled away.
package enum Seam {
  #if DEBUG
    /// Asked before each call with its name and the descriptor's path; a returned errno is the call's outcome. May block, to
    /// play a disk that hangs.
    package typealias Fault = @Sendable (_ call: StaticString, _ path: String) -> Int32?

    /// For all paths. Set by one test at a time, while nothing runs.
    nonisolated(unsafe) package static var fault: Fault?

    private static let lock = Lock()
    nonisolated(unsafe) private static var faults: [String: Fault] = [:]
    private static let count = Atomic<Int>(0)

    /// For paths that begin with `folder` alone; nil ends it. Tests of different folders may do so at the same time.
    package static func setFault(under folder: String, _ fault: Fault?) {
      lock.withLock {
        faults[folder] = fault
        count.store(faults.count, ordering: .relaxed)
      }
    }

    /// Told of each sync that succeeded of a path that begins with `folder`, on the thread that made it; nil ends it. For one test at a time.
    package static func setSyncListener(under folder: String, _ listener: (@Sendable (_ path: String) -> Void)?) {
      lock.withLock { syncListener = listener.map { (folder, $0) } }
      isListening.store(listener != nil, ordering: .releasing)
    }

    nonisolated(unsafe) private static var syncListener: (folder: String, listener: @Sendable (String) -> Void)?
    private static let isListening = Atomic<Bool>(false)

    private static func fault(for path: String) -> Fault? {
      lock.withLock { faults.first { path.hasPrefix($0.key) }?.value }
    }
  #endif

  @inline(__always)
  static func check(_ call: StaticString, _ path: @autoclosure () -> String) throws(SystemError) {
    #if DEBUG
      if let fault, let code = fault(call, path()) { throw SystemError(call, code) }
      if count.load(ordering: .relaxed) > 0 {
        let path = path()
        if let fault = fault(for: path), let code = fault(call, path) { throw SystemError(call, code) }
      }
    #endif
  }

  /// What was written to `path` before the call is on disk.
  @inline(__always)
  static func synced(_ path: @autoclosure () -> String) {
    #if DEBUG
      guard isListening.load(ordering: .acquiring) else { return }
      let path = path()
      let told = lock.withLock { syncListener }
      if let told, path.hasPrefix(told.folder) { told.listener(path) }
    #endif
  }
}
