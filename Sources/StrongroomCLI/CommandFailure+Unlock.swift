package import Vault

extension CommandFailure {
  /// Why a vault could not be made or unlocked, with the exit code that scripts depend on.
  package init(_ error: UnlockError, path: String) {
    switch error {
    case .folder(.noVault): self.init(.noVault, .noVault, ["path": path], hint: .initFirst)
    case .folder(.inUse): self.init(.inUse, .vaultInUse, ["path": path], hint: .unmountFirst)
    case .folder(.notEmpty): self.init(.error, .vaultFolderTaken, ["path": path], hint: .emptyVaultFolder)
    case .folder(.damaged(let what)): self.init(.vaultDamaged, .vaultDamaged, ["what": what], hint: .runVerify)
    case .folder(.newerVersion(let version)), .newerVersion(let version):
      self.init(.error, .newerFormat, ["version": String(version), "known": "1"], hint: .newerProgram)
    case .folder(.io(let error)): self.init(error)
    case .wrongSecret: self.init(.wrongSecret, .wrongSecret, hint: .otherPassphrase)
    case .memoryNotLocked: self.init(.error, .memoryNotLocked, hint: .memoryLock)
    case .damaged(let what): self.init(.vaultDamaged, .vaultDamaged, ["what": what], hint: .runVerify)
    case .trail(let what): self.init(.trailBroken, .trailBrokenAtUnlock, ["what": what], hint: .runVerify)
    case .badParameters: self.init(.wrongSecret, .slotParameters)
    case .outOfSpace: self.init(.error, .system, ["reason": "no space left on the disk of the vault"])
    case .io(let reason): self.init(.error, .system, ["reason": reason])
    }
  }
}
