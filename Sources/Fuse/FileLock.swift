import CFuse3
import Glibc

/// A POSIX or OFD lock on a range of bytes.
public struct FileLock: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case shared
    case exclusive
    /// Asks to unlock the range; in a reply to GETLK, that nothing stands in the way.
    case none
  }

  public var kind: Kind
  public var start: UInt64
  /// The last byte, included; `endOfFile` for a range without end.
  public var end: UInt64
  /// The process that holds or asks for the lock, in the mount's pid namespace; 0 hides it.
  public var process: Int32

  /// The `end` of a range without end.
  public static let endOfFile = UInt64(Int64.max)

  public init(kind: Kind, start: UInt64, end: UInt64, process: Int32) {
    self.kind = kind
    self.start = start
    self.end = end
    self.process = process
  }

  init(_ lock: flock) {
    kind =
      switch Int32(lock.l_type) {
      case F_RDLCK: .shared
      case F_WRLCK: .exclusive
      default: .none
      }
    start = UInt64(lock.l_start)
    end = lock.l_len == 0 ? FileLock.endOfFile : UInt64(lock.l_start) + UInt64(lock.l_len) - 1
    process = lock.l_pid
  }

  /// The value of F_RDLCK, F_WRLCK or F_UNLCK.
  var rawKind: Int32 {
    switch kind {
    case .shared: F_RDLCK
    case .exclusive: F_WRLCK
    case .none: F_UNLCK
    }
  }
}
