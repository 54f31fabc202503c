import CSystem
import Glibc
import Keys
package import Platform
import VaultFormat

/// Why a folder could not be opened as a vault, before any key was tried.
package enum VaultFolderError: Error, Equatable {
  /// There is no vault there.
  case noVault(String)
  /// Another process holds it.
  case inUse
  /// The folder for a new vault holds something, or is no folder.
  case notEmpty
  /// Neither copy of vault.json can be read; the text says why.
  case damaged(String)
  case newerVersion(UInt64)
  case io(SystemError)
}

/// The folder of one vault, held by one process: its paths, its lock, and the two copies of vault.json.
package final class VaultFolder: Sendable {
  package let path: String
  private let lockFile: File

  package var catalogPath: String { path + "/catalog.sqlite" }
  package var trailPath: String { path + "/trail" }
  static let firstCopy = "vault.json"
  static let secondCopy = "vault.json.2"
  /// Empty; there while blobs of a crash may be left that nothing names.
  static let garbageMark = "garbage"

  /// What a vault folder holds; anything else in it is not ours.
  static let names: Set<String> = [
    firstCopy, secondCopy, firstCopy + ".new", secondCopy + ".new", "catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm",
    "blobs", "packs", "trail", "lock", garbageMark, VerifyState.fileName, VerifyState.fileName + ".new",
  ]

  private init(path: String, lockFile: File) {
    self.path = path
    self.lockFile = lockFile
  }

  /// Makes an empty vault folder, 0700, and holds it. It is on disk on return, without vault.json: until that is written it is no vault.
  /// - Throws: `notEmpty` where something is there already.
  static func make(at path: String) throws(VaultFolderError) -> VaultFolder {
    do throws(SystemError) {
      if Files.exists(path) {
        do throws(SystemError) {
          guard try Files.list(path).isEmpty else { throw SystemError("mkdir", EEXIST) }
        } catch { throw error.code == EEXIST || error.code == ENOTDIR ? SystemError("mkdir", EEXIST) : error }
        guard chmod(path, 0o700) == 0 else { throw SystemError("chmod", errno) }
      } else {
        try Files.makeFolder(path, mode: 0o700)
      }
      for name in ["blobs", "packs"] { try Files.makeFolder(path + "/" + name, mode: 0o700) }
      // Reviewers' group may be given access to this one.
      try Files.makeFolder(path + "/trail", mode: 0o750)
      let lockFile = try File(path + "/lock", O_RDWR | O_CREAT | O_EXCL)
      try Files.syncFolder(path)
      try Files.syncFolder(Files.folder(of: path))
      guard flock(lockFile.descriptor, LOCK_EX | LOCK_NB) == 0 else { throw SystemError("flock", errno) }
      return VaultFolder(path: path, lockFile: lockFile)
    } catch {
      throw error.code == EEXIST ? .notEmpty : .io(error)
    }
  }

  /// Opens a vault's folder and holds it until this value ends.
  /// - Throws: `noVault`, `inUse`.
  package static func open(at path: String) throws(VaultFolderError) -> VaultFolder {
    guard Files.exists(path + "/" + firstCopy) || Files.exists(path + "/" + secondCopy) else { throw .noVault(path) }
    do throws(SystemError) {
      let lockFile = try File(path + "/lock", O_RDWR | O_CREAT)
      guard flock(lockFile.descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let code = errno
        throw SystemError("flock", code)
      }
      return VaultFolder(path: path, lockFile: lockFile)
    } catch {
      throw error.code == EWOULDBLOCK ? .inUse : .io(error)
    }
  }

  /// Room on the file system under the vault.
  package func space() throws(SystemError) -> (byteCount: UInt64, freeByteCount: UInt64, availableByteCount: UInt64) {
    var value = statvfs()
    guard fstatvfs(lockFile.descriptor, &value) == 0 else { throw SystemError("fstatvfs", errno) }
    let unit = UInt64(value.f_frsize)
    return (UInt64(value.f_blocks) * unit, UInt64(value.f_bfree) * unit, UInt64(value.f_bavail) * unit)
  }

  /// The bytes of both copies; nil for one that is not there or cannot be read.
  package static func copies(at path: String) -> (first: [UInt8]?, second: [UInt8]?) {
    func read(_ name: String) -> [UInt8]? {
      try? File(path + "/" + name, O_RDONLY).readAll(limit: VaultFile.byteCountMax)
    }
    return (read(firstCopy), read(secondCopy))
  }

  /// Replaces one copy. On disk, whole, on return; a crash leaves the old or the new one.
  func write(_ bytes: [UInt8], to copy: String) throws(VaultError) {
    do throws(SystemError) {
      try Files.replace(path + "/" + copy, with: bytes, mode: 0o600)
    } catch { throw error.isOutOfSpace ? .outOfSpace : .io(error.description) }
  }

  /// Whether an earlier run died, and what it left was not all removed.
  var hasGarbage: Bool { Files.exists(path + "/" + Self.garbageMark) }

  /// Notes that there may be garbage, or is none any more. A note that cannot be made costs space at worst.
  func setGarbage(_ exists: Bool) {
    let mark = path + "/" + Self.garbageMark
    if exists { _ = try? File(mark, O_WRONLY | O_CREAT | O_NOFOLLOW) } else { try? Files.unlink(mark) }
  }

  /// Lets go of the vault: another process may open it.
  func release() { flock(lockFile.descriptor, LOCK_UN) }

  /// Takes away what `make` made, for an `init` that failed.
  func removeUnfinished() {
    for name in [Self.firstCopy, Self.secondCopy, Self.firstCopy + ".new", Self.secondCopy + ".new", "lock"] {
      unlink(path + "/" + name)
    }
    for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] { unlink(path + "/" + name) }
    for folder in ["trail", "packs", "blobs"] {
      for name in (try? Files.list(path + "/" + folder)) ?? [] { unlink(path + "/" + folder + "/" + name) }
      rmdir(path + "/" + folder)
    }
    rmdir(path)
  }
}
