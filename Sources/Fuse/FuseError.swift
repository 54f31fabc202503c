import Glibc

/// Why a session could not begin or end.
public enum FuseError: Error, Equatable, CustomStringConvertible {
  /// `/dev/fuse` does not exist, or the kernel behind it has no FUSE.
  case deviceMissing
  case mountpointMissing
  case mountpointNotFolder
  /// A folder with entries in it: a mount would hide them.
  case mountpointNotEmpty
  /// A FUSE filesystem is mounted there already and answers; or, on unmounting, something in it is in use.
  case mountpointBusy
  /// Not the mounting user's to do: mount(2), `fusermount3`, or a private mount for another user without being root.
  case notPermitted
  /// `allowOther` without being root needs the line `user_allow_other` in /etc/fuse.conf.
  case userAllowOtherMissing
  /// Memory of the workers could not be locked (RLIMIT_MEMLOCK).
  case memoryNotLocked
  /// What is mounted on the mountpoint now is not this session.
  case notMounted
  /// Any other failure: the call and its errno.
  case system(call: String, code: Int32)

  public var description: String {
    switch self {
    case .deviceMissing: "/dev/fuse is missing; load the module with: modprobe fuse"
    case .mountpointMissing: "the mountpoint does not exist"
    case .mountpointNotFolder: "the mountpoint is not a folder"
    case .mountpointNotEmpty: "the mountpoint is not empty"
    case .mountpointBusy: "the mountpoint is in use"
    case .notPermitted: "mounting is not permitted"
    case .userAllowOtherMissing: "user_allow_other is not set in /etc/fuse.conf"
    case .memoryNotLocked: "memory cannot be locked; raise the limit (ulimit -l)"
    case .notMounted: "this session is not mounted there"
    case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
    }
  }
}
