package import Control
import Glibc
import Keys
import Platform
package import VaultFormat

/// A vault that a command speaks of, and what is known of its mount.
package struct FoundVault: Sendable, Equatable {
  package let vault: VaultID
  /// Whose mount it is: the kernel's word where it is mounted here, else the owner of the vault's folder.
  package let mounter: UInt32
  /// Where it is mounted, as far as this process sees.
  package let mountpoint: String?

  package init(vault: VaultID, mounter: UInt32, mountpoint: String?) {
    self.vault = vault
    self.mounter = mounter
    self.mountpoint = mountpoint
  }
}

/// Finds the vault of a path: in a mount by the mount table alone, else by `--vault`.
package struct VaultFinder: Sendable {
  package let table: MountTable

  package init(table: MountTable) { self.table = table }

  /// The vault and the place in it. With `vaultFolder` the path is one of the vault, `/clients/张伟`; without, one of the machine.
  /// - Throws: `not-in-vault` and `no-vault` (exit 10), `bad-vault-path` (2), `vault-file-damaged` (14).
  package func find(_ path: String, vaultFolder: String?) throws(CommandFailure) -> (found: FoundVault, path: VaultPath) {
    if let vaultFolder {
      let found = try find(folder: vaultFolder)
      guard let place = VaultPath(text: path) else {
        throw CommandFailure(.usage, .badVaultPath, ["value": path], hint: .vaultPath)
      }
      return (found, place)
    }
    let absolute = PathBytes.absolute(path)
    for candidate in [absolute, PathBytes.resolved(absolute)] {
      guard let (entry, rest) = table.mount(of: candidate), let vault = entry.vault else { continue }
      guard let place = VaultPath(bytes: rest.isEmpty ? [0x2f] : Array(rest)) else { break }
      return (found(entry, vault), place)
    }
    throw CommandFailure(.noVault, .notInVault, ["path": path], hint: .givePath)
  }

  /// The vault in a folder, or mounted on it.
  package func find(folder: String) throws(CommandFailure) -> FoundVault {
    let absolute = PathBytes.resolved(PathBytes.absolute(folder))
    if let entry = table.top(on: absolute), let vault = entry.vault { return found(entry, vault) }
    let vault = try VaultHeader.read(folder: folder)
    if let (entry, _) = table.ours.last(where: { $0.vault == vault }) { return found(entry, vault) }
    var status = stat()
    let owner = stat(folder, &status) == 0 ? status.st_uid : geteuid()
    return FoundVault(vault: vault, mounter: owner, mountpoint: nil)
  }

  /// The vault for a command that may name none: the only one that is mounted.
  package func only() throws(CommandFailure) -> FoundVault {
    guard let (entry, vault) = table.ours.last else { throw CommandFailure(.noVault, .noMounts, hint: .mountFirst) }
    guard Set(table.ours.map(\.vault)).count == 1 else { throw CommandFailure(.usage, .severalMounts, hint: .nameVault) }
    return found(entry, vault)
  }

  private func found(_ entry: MountTable.Entry, _ vault: VaultID) -> FoundVault {
    FoundVault(vault: vault, mounter: entry.mounter ?? 0, mountpoint: PathBytes.text(entry.mountpoint))
  }
}

/// The one thing that commands need of vault.json without its key: which vault it is. Not authenticated; the mount that answers is.
enum VaultHeader {
  static func read(folder: String) throws(CommandFailure) -> VaultID {
    let first = try copy("vault.json", in: folder)
    let second = try copy("vault.json.2", in: folder)
    guard first != nil || second != nil else { throw CommandFailure(.noVault, .noVault, ["path": folder], hint: .givePath) }
    do throws(KeysError) {
      return try VaultFileCopies(first: first, second: second).candidates()[0].vault
    } catch .newerVersion(let version) {
      throw CommandFailure(
        .error, .newerFormat, ["version": String(version), "known": String(vaultFormatVersion)], hint: .newerProgram)
    } catch {
      throw CommandFailure(.vaultDamaged, .vaultFileDamaged, ["path": folder], hint: .secondCopy)
    }
  }

  /// Nil where there is none. One that is too long to be one is read as damaged.
  private static func copy(_ name: String, in folder: String) throws(CommandFailure) -> [UInt8]? {
    do throws(SystemError) {
      return try File(folder + "/" + name, O_RDONLY | O_NOCTTY).readAll(limit: VaultFile.byteCountMax)
    } catch {
      switch error.code {
      case ENOENT, ENOTDIR: return nil
      case EFBIG: return []
      default:
        throw CommandFailure(.error, .unreadable, ["path": "\(folder)/\(name)", "reason": error.description], hint: .givePath)
      }
    }
  }
}
