import Glibc
import Vault

/// Why an operation did not happen. One case an errno; the number stands here, and not in Mount, because a DENY record carries it.
package enum FSError: Error, Hashable, Sendable {
  /// Absent, or hidden from the caller: not told apart.
  case noEntry
  /// Removed since it was looked up. Never `noEntry`: the kernel retries on ESTALE alone.
  case stale
  case exists, notFolder, isFolder, notEmpty
  /// Visible but refused.
  case accessDenied
  /// Refused for everybody, or an attribute change without `edit`.
  case notPermitted
  case crossDevice, nameTooLong, fileTooLarge, noSpace, invalid
  /// The disk, the trail or the bytes at rest failed; the trail or `status` says which.
  case io
  case notSupported, noData, rangeTooSmall, tooManySymlinks
  case badHandle, wouldBlock, deadlock, tooManyLocks, interrupted, noDevice, noTTY, notImplemented, tooManyUsers, argumentTooLong,
    outOfRange

  package var errno: Int32 {
    switch self {
    case .noEntry: ENOENT
    case .stale: ESTALE
    case .exists: EEXIST
    case .notFolder: ENOTDIR
    case .isFolder: EISDIR
    case .notEmpty: ENOTEMPTY
    case .accessDenied: EACCES
    case .notPermitted: EPERM
    case .crossDevice: EXDEV
    case .nameTooLong: ENAMETOOLONG
    case .fileTooLarge: EFBIG
    case .noSpace: ENOSPC
    case .invalid: EINVAL
    case .io: EIO
    case .notSupported: EOPNOTSUPP
    case .noData: ENODATA
    case .rangeTooSmall: ERANGE
    case .tooManySymlinks: ELOOP
    case .badHandle: EBADF
    case .wouldBlock: EAGAIN
    case .deadlock: EDEADLK
    case .tooManyLocks: ENOLCK
    case .interrupted: EINTR
    case .noDevice: ENODEV
    case .noTTY: ENOTTY
    case .notImplemented: ENOSYS
    case .tooManyUsers: EUSERS
    case .argumentTooLong: E2BIG
    case .outOfRange: ENXIO
    }
  }

  init(_ error: VaultError) {
    switch error {
    case .gone: self = .stale
    case .absent: self = .noEntry
    case .exists: self = .exists
    case .notEmpty: self = .notEmpty
    case .isFolder: self = .isFolder
    case .notFolder: self = .notFolder
    case .tooLarge: self = .fileTooLarge
    case .outOfSpace: self = .noSpace
    case .exhausted: self = .noSpace
    default: self = .io
    }
  }
}
