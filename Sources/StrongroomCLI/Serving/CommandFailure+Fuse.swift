import Fuse
import Platform

extension CommandFailure {
  /// Why a folder could not be mounted on, or the mount not ended.
  init(_ error: FuseError, mountpoint: String) {
    let arguments = ["path": mountpoint]
    switch error {
    case .deviceMissing: self.init(.error, .fuseMissing, arguments, hint: .loadFuse)
    case .mountpointMissing: self.init(.error, .mountpointMissing, arguments, hint: .makeMountpoint)
    case .mountpointNotFolder: self.init(.error, .mountpointNotFolder, arguments)
    case .mountpointNotEmpty: self.init(.error, .mountpointNotEmpty, arguments, hint: .emptyMountpoint)
    case .mountpointBusy: self.init(.inUse, .mountpointBusy, arguments, hint: .openFiles)
    case .notPermitted: self.init(.error, .mountNotPermitted, arguments, hint: .mountAsRoot)
    case .userAllowOtherMissing: self.init(.error, .userAllowOther, arguments, hint: .userAllowOther)
    case .memoryNotLocked: self.init(.error, .memoryNotLocked, hint: .memoryLock)
    case .notMounted: self.init(.noVault, .notAMountpoint, arguments)
    case .system(let call, let code): self.init(SystemError(naming: call, code))
    }
  }
}
