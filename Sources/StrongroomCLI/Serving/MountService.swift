import Access
import CSystem
import Control
import Fuse
import Glibc
import Mount
import Platform
import Sodium
import Synchronization
import Trail
import Vault
import VaultFS
import VaultFormat

/// The process of one mount, from the unlocked key to the last commit: vault, files, mounted folder and control socket, and the order in
/// which they begin and end.
final class MountService: @unchecked Sendable {
  private let vault: Vault
  private let files: VaultFS
  private let mounted: MountedFolder
  /// Set once, before anybody can ask.
  private var control: ControlServer?
  private let log: ServiceLog

  /// Unlocks, mounts and listens. On return programs and administrators are answered.
  ///
  /// Signals must be blocked in the calling thread (`Signals.block`), so that no thread that is started here takes them.
  init(_ plan: MountPlan, root: consuming SecretBytes, environment: [String: String]) throws(CommandFailure) {
    let configuration = try plan.configuration()
    try ProcessSafety.secure()
    let log = ServiceLog(configuration)
    self.log = log
    FuseLog.set { log.write(.warning, $0) }
    let owner = try Self.owner(configuration)

    let vault: Vault
    do throws(UnlockError) {
      vault = try Vault.unlock(at: plan.vault, root: root, settings: Self.settings(configuration))
    } catch { throw CommandFailure(error, path: plan.vault) }
    self.vault = vault
    var identity = IdentitySettings()
    identity.freshNanoseconds = configuration.identityCacheNanoseconds
    identity.staleNanoseconds = max(identity.staleNanoseconds, configuration.identityCacheNanoseconds * 2)
    files = VaultFS(vault: vault, identities: Identities(settings: identity))
    do throws(CommandFailure) {
      try Self.shareTrail(vault.folder.trailPath, with: configuration.trailGroup)
      do throws(FSError) {
        try files.recordMount(
          [("mountpoint", plan.mountpoint)] + configuration.effective.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
      } catch { throw CommandFailure(.error, .trailUnavailable) }
      mounted = try Self.mount(files, plan, configuration, owner)
    } catch {
      files.close()
      try? vault.close()
      throw error
    }
    do throws(ControlError) {
      control = try listen(plan, configuration, environment)
    } catch {
      try? mounted.unmount(.abort)
      finish()
      throw CommandFailure(error)
    }
    log.write(.info, "mounted vault \(vault.id)")
  }

  /// Returns when the mount has ended, by whomever, and everything is committed and the vault locked.
  func waitUntilEnded() -> ExitCode {
    mounted.wait()
    return finish()
  }

  /// Ends the mount in any case: what is open there fails, what was written is committed.
  func end() {
    do throws(FuseError) {
      try mounted.unmount(.ifIdle)
    } catch {
      log.write(.notice, "unmounting while files are open")
      try? mounted.unmount(.abort)
    }
  }

  @discardableResult
  private func finish() -> ExitCode {
    // A connection that waits for a verification ends with it.
    vault.verification.stop()
    control?.stop()
    files.close()
    files.recordUnmount()
    do throws(VaultError) {
      try vault.close()
      log.write(.info, "vault \(vault.id) is locked")
      return .done
    } catch {
      log.write(.error, "the last commit failed: \(error.reason)")
      return .error
    }
  }

  // MARK: Parts

  private static func mount(
    _ files: VaultFS, _ plan: MountPlan, _ configuration: MountConfiguration, _ owner: SessionOptions.Owner?
  ) throws(CommandFailure) -> MountedFolder {
    var options = MountOptions(sourceName: MountTable.sourcePrefix + files.vault.id.description)
    options.privateUser = owner
    options.workerCount = configuration.workerCount > 0 ? configuration.workerCount : workerCount
    options.pollMicroseconds = Int(configuration.pollNanoseconds / 1000)
    options.backgroundCountMax = UInt32(configuration.backgroundRequestCountMax)
    options.dropsPagesAtOnce = configuration.isTrailStrict
    do throws(FuseError) {
      return try MountedFolder(files, at: plan.mountpoint, options: options)
    } catch { throw CommandFailure(error, mountpoint: plan.mountpoint) }
  }

  /// One worker may poll and one may wait for a commit or the system; the others answer.
  private static var workerCount: Int { min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 2, 4), 8) }

  private func listen(
    _ plan: MountPlan, _ configuration: MountConfiguration, _ environment: [String: String]
  ) throws(ControlError) -> ControlServer {
    let facts = MountFacts(
      mountpoint: plan.mountpoint, mounted: .now(), uid: geteuid(), pid: getpid(), privateUser: configuration.privateUser,
      configuration: configuration.effective)
    let mounted = mounted
    let mountpoint = plan.mountpoint
    let handler = RequestHandler(files, facts, requestCounts: { mounted.requestCounts }) { () throws(ControlFailure) in
      do throws(FuseError) { try mounted.unmount(.ifIdle) } catch {
        throw ControlFailure(CommandFailure(error, mountpoint: mountpoint))
      }
    }
    let address = ControlAddress(
      folder: ControlAddress.serverFolder(uid: geteuid(), environment: environment), vault: vault.id)
    return try ControlServer(at: address) { (request, peer, replies) throws(ControlFailure) in
      try handler.handle(request, peer, replies)
    }
  }

  private static func settings(_ configuration: MountConfiguration) -> VaultSettings {
    var settings = VaultSettings()
    settings.commitIntervalNanoseconds = Int(configuration.commitIntervalNanoseconds)
    settings.commitDocumentCount = configuration.commitDocumentCount
    settings.content.pageCacheByteCount = configuration.pageCacheByteCount
    settings.content.readAheadByteCount = configuration.readAheadByteCount
    settings.trail.strict = configuration.isTrailStrict
    settings.trail.recordsPerSecondMax = Int64(configuration.recordRatePerUser)
    settings.trail.recordBurstMax = Int64(configuration.recordRatePerUser) * 2
    settings.trail.anchors = configuration.anchors.map { anchor -> any TrailAnchor in
      if let target = SyslogTarget(anchor) { return SyslogAnchor(target, authorities: configuration.tlsAuthorities) }
      guard anchor.hasPrefix("folder:") else { return SystemLogAnchor() }
      return FileAnchor(path: anchor.dropFirst("folder:".count) + "/strongroom-checkpoints")
    }
    settings.trail.sinks = configuration.recordSinks.map { sink -> any RecordSink in
      if let target = SyslogTarget(sink) { return SyslogSink(target, authorities: configuration.tlsAuthorities) }
      return FileSink(path: sink.dropFirst("folder:".count) + "/strongroom-records.jsonl")
    }
    return settings
  }

  /// Who alone gets in, on a private mount.
  private static func owner(_ configuration: MountConfiguration) throws(CommandFailure) -> SessionOptions.Owner? {
    guard !configuration.isShared else { return nil }
    guard let name = configuration.privateUser else { return SessionOptions.Owner(uid: geteuid(), gid: getegid()) }
    guard let entry = getpwnam(name) else {
      throw CommandFailure(.error, .unknownPrincipal, ["principal": "user:\(name)"], hint: .checkName)
    }
    return SessionOptions.Owner(uid: entry.pointee.pw_uid, gid: entry.pointee.pw_gid)
  }

  /// Gives the reviewers' group the trail's folder; new segments take the group from it (set-group-id).
  private static func shareTrail(_ path: String, with group: String?) throws(CommandFailure) {
    guard let group else { return }
    guard let entry = getgrnam(group) else {
      throw CommandFailure(.error, .unknownPrincipal, ["principal": "group:\(group)"], hint: .checkName)
    }
    guard chown(path, uid_t.max, entry.pointee.gr_gid) == 0, chmod(path, 0o2750) == 0 else {
      throw CommandFailure(SystemError("chown", errno))
    }
    for name in (try? Files.list(path)) ?? [] where name != "signer" {
      _ = chown(path + "/" + name, uid_t.max, entry.pointee.gr_gid)
    }
    // The way to it: reviewers may pass through the vault's folder, and see nothing of it.
    let vault = Files.folder(of: path)
    guard chown(vault, uid_t.max, entry.pointee.gr_gid) == 0, chmod(vault, 0o710) == 0 else {
      throw CommandFailure(SystemError("chown", errno))
    }
  }
}
