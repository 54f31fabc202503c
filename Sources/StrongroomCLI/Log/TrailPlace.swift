import Control
import Glibc
import Trail
package import VaultFormat

/// A trail on this machine: its folder, and whose it says it is.
package struct TrailPlace: Sendable {
  package let folder: String
  /// By the first segment's header; nil where there is none.
  package let vault: VaultID?

  /// Finds the trail in a folder: the folder itself where segments are in it, else `trail` below it.
  ///
  /// - Parameter isExpected: something that the trail was is known, so that a folder without one is one that was emptied: for the verifier to say.
  /// - Throws: `no-trail` (exit 10).
  package static func find(_ path: String, isExpected: Bool = false) throws(CommandFailure) -> TrailPlace {
    for folder in [path, path + "/trail"] where TrailReader.isTrail(folder) {
      do throws(TrailError) { return TrailPlace(folder: folder, vault: try TrailReader.vault(of: folder)) } catch {
        // A damaged first header is for the reader to report.
        if case .damaged = error { return TrailPlace(folder: folder, vault: nil) }
        throw CommandFailure(error, trail: path)
      }
    }
    // A folder that may not be listed is not one without a trail.
    for folder in [path, path + "/trail"] where access(folder, R_OK | X_OK) != 0 && errno == EACCES {
      throw CommandFailure(.error, .trailUnreadable, ["reason": String(cString: strerror(EACCES))], hint: .trailReadable)
    }
    if isExpected, let folder = [path + "/trail", path].first(where: isFolder) { return TrailPlace(folder: folder, vault: nil) }
    throw CommandFailure(.noVault, .noTrail, ["path": path], hint: .trailFolder)
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Tells the mount of the vault, where one runs on this machine, that its trail is read: that becomes a record itself.
  /// - Throws: what the mount answers where it cannot record it; then the trail is not read here.
  func tellMount(_ command: String, _ fingerprint: String, _ filters: [String: String], in context: CommandContext)
    throws(CommandFailure)
  {
    assert(ReviewNotice.commands.contains(command))
    guard let vault else { return }
    var status = stat()
    let owner = stat(folder, &status) == 0 ? status.st_uid : geteuid()
    let mounted = try context.mountTable().ours.last { $0.vault == vault }?.entry
    let found = FoundVault(
      vault: vault, mounter: mounted?.mounter ?? owner, mountpoint: mounted.map { PathBytes.text($0.mountpoint) })
    do throws(CommandFailure) {
      let connection = try context.connect(found)
      try connection.ask(.review(ReviewNotice(fingerprint: fingerprint, command: command, filters: filters))) { _ in }
    } catch {
      // A mount whose process is gone can record nothing; what stands in the table is its shell.
      guard error.code == ErrorText.notMounted.rawValue, mounted.map({ MountTable.isDead($0.mountpoint) }) ?? true else {
        throw error
      }
    }
  }
}

extension CommandFailure {
  init(_ error: TrailError, trail path: String) {
    switch error {
    case .damaged(let what): self.init(.trailBroken, .trailBroken, ["place": what], hint: .trailBroken)
    case .missing: self.init(.noVault, .noTrail, ["path": path], hint: .trailFolder)
    case .unreadable(let what), .cannotWrite(let what):
      self.init(.error, .trailUnreadable, ["reason": what], hint: .trailReadable)
    case .newerVersion(let version, let place):
      self.init(.error, .trailNewer, ["version": String(version), "place": place], hint: .newerProgram)
    case .memoryNotLocked: self.init(.error, .memoryNotLocked, hint: .memoryLock)
    case .alreadyExists, .badReviewer: self.init(.error, .system, ["reason": "\(error)"])
    }
  }
}
