import Glibc

/// The one seam for system calls: tests ask here for a call to fail. In release builds it is compiled away.
package enum Seam {
  #if DEBUG
    /// Asked before each call with its name and the descriptor's path; a returned errno is the call's outcome. May block, to
    /// play a disk that hangs. Set by one test at a time, while nothing runs.
    package typealias Fault = @Sendable (_ call: StaticString, _ path: String) -> Int32?

    nonisolated(unsafe) package static var fault: Fault?
  #endif

  @inline(__always)
  static func check(_ call: StaticString, _ path: @autoclosure () -> String) throws(SystemError) {
    #if DEBUG
      if let fault, let code = fault(call, path()) { throw SystemError(call, code) }
    #endif
  }
}
