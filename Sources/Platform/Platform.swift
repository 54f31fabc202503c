/// Platform: what the other parts need of Linux, and nothing of vaults.
///
/// *File* one open descriptor and the calls on it · *lock*, *read-write lock*, *condition* the pthread kinds, for
/// paths where `Mutex` costs more under contention (docs/design.md) · *thread* a named pthread · *clock* wall and boot
/// time in nanoseconds · *seam* the one place where a test can make a system call fail.
///
/// Source of every call: the manual page of the same name in section 2 or 3.
import Glibc

/// A system call that failed: which one, and `errno` as it was on the next line.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  package let call: String
  package let code: Int32

  package init(_ call: StaticString, _ code: Int32) {
    self.call = "\(call)"
    self.code = code
  }

  /// For a call whose name came as text, from another part.
  package init(naming call: String, _ code: Int32) {
    self.call = call
    self.code = code
  }

  /// `fdatasync: No space left on device`. Carries no path: operational logs stay free of names.
  package var description: String { "\(call): \(String(cString: strerror(code)))" }

  package var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}
