import Catalog
import Keys
import Trail

/// Why a vault could not be made or unlocked. Nothing was changed, unless a case says so.
package enum UnlockError: Error {
  case folder(VaultFolderError)
  /// The secret opens no key slot.
  case wrongSecret
  /// Keys cannot be locked in memory: RLIMIT_MEMLOCK is too small.
  case memoryNotLocked
  case newerVersion(UInt64)
  /// Bytes at rest are not what was sealed; the text names what.
  case damaged(String)
  /// The trail is broken, or does not fit the catalog.
  case trail(String)
  case badParameters
  case outOfSpace
  case io(String)

  init(_ error: KeysError) {
    switch error {
    case .wrongSecret, .authenticationFailed: self = .wrongSecret
    case .memoryNotLocked: self = .memoryNotLocked
    case .newerVersion(let version): self = .newerVersion(version)
    case .damaged(let what): self = .damaged(what)
    case .badParameters, .lastSlot, .noSuchSlot: self = .badParameters
    }
  }

  init(_ error: CatalogError) {
    switch error {
    case .damaged(let what): self = .damaged("catalog: \(what)")
    case .newerVersion(let version): self = .newerVersion(version)
    case .outOfSpace: self = .outOfSpace
    case .io(let what): self = .io("catalog: \(what)")
    case .busy: self = .folder(.inUse)
    }
  }

  init(_ error: VaultError) {
    switch error {
    case .damaged(let what): self = .damaged(what)
    case .outOfSpace: self = .outOfSpace
    case .trail(let error): self = .trail("\(error)")
    default: self = .io("\(error)")
    }
  }
}
