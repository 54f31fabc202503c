import Glibc
import Keys
import Platform
import Sodium
import Vault
import VaultFormat

/// What `mount` and mount(8) have in common: reading the secret, unlocking, and starting the process that mounts.
struct MountStart {
  let vault: String
  let mountpoint: String
  let configuration: MountConfiguration
  let isForeground: Bool

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let plan = MountPlan(vault: vault, mountpoint: mountpoint, configuration: configuration)
    // Both before a passphrase is asked for: a typing mistake should not cost one.
    try requireVault(plan.vault)
    try requireMountpoint(plan.mountpoint)
    let file = try unlock(plan, context)
    let id = file.file.vault
    let root = file.takeRoot()
    let message = Message(ReportText.mountReady, ["vault": id.description, "path": plan.mountpoint])
    if isForeground { return try stay(plan, root, message, context) }
    try launch(plan, root, context)
    context.console.note(message)
    return .done
  }

  private func requireVault(_ path: String) throws(CommandFailure) {
    guard Files.exists(path + "/vault.json") || Files.exists(path + "/vault.json.2") else {
      throw CommandFailure(UnlockError.folder(.noVault(path)), path: path)
    }
  }

  /// A mountpoint that is dead answers ENOTCONN: the mount itself cleans it up.
  private func requireMountpoint(_ path: String) throws(CommandFailure) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == ENOENT { throw CommandFailure(.error, .mountpointMissing, ["path": path], hint: .makeMountpoint) }
      return
    }
    // Whatever is mounted there would lie hidden beneath.
    var above = stat()
    guard stat(Files.folder(of: path), &above) == 0 else { return }
    guard status.st_dev == above.st_dev else { throw CommandFailure(.inUse, .mountpointBusy, ["path": path], hint: .openFiles) }
  }

  private func unlock(_ plan: MountPlan, _ context: CommandContext) throws(CommandFailure) -> UnlockedVaultFile {
    let source = try SecretSource.choose(
      passphraseFile: configuration.passphraseFile, keyFile: configuration.keyFile, environment: context.environment,
      hasTerminal: TerminalPrompt.isAvailable)
    let secret = try SlotSecret(unlocking: try source.read(prompt: Message(ReportText.passphrase)))
    do throws(UnlockError) {
      return try Vault.readFile(at: plan.vault, secret: secret)
    } catch { throw CommandFailure(error, path: plan.vault) }
  }

  private func launch(_ plan: MountPlan, _ root: borrowing SecretBytes, _ context: CommandContext) throws(CommandFailure) {
    let outcome: DaemonLauncher.Outcome
    do throws(SystemError) {
      outcome = try DaemonLauncher.launch(
        arguments: ["strongroom", MountDaemon.name], environment: context.environment.map { "\($0.key)=\($0.value)" },
        plan: plan.encode(), secret: root, keepsErrors: configuration.logTarget == "stderr")
    } catch { throw CommandFailure(.error, .daemonNotStarted, ["reason": error.description]) }
    switch outcome {
    case .ready: return
    case .failed(let failure): throw CommandFailure(failure)
    case .died(let reason): throw CommandFailure(.error, .daemonDied, ["reason": reason], hint: .foregroundLog)
    }
  }

  /// Mounts in this process, for a service manager or a look at what happens.
  private func stay(
    _ plan: MountPlan, _ root: consuming SecretBytes, _ ready: Message, _ context: CommandContext
  ) throws(CommandFailure) -> ExitCode {
    Signals.block()
    let service = try MountService(plan, root: root, environment: context.environment)
    Signals.wait {
      ServiceNotification.send([ServiceNotification.stopping], environment: context.environment)
      service.end()
    }
    context.console.note(ready)
    ServiceNotification.send([ServiceNotification.ready], environment: context.environment)
    return service.waitUntilEnded()
  }
}

extension SlotSecret {
  /// What was read, as what opens a slot. A systemd credential that is a key is a key file by another name.
  init(unlocking secret: consuming UnlockSecret) throws(CommandFailure) {
    do throws(KeysError) {
      switch consume secret {
      case .passphrase(let bytes): self = try SlotSecret(.passphrase, bytes)
      case .keyFile(let bytes): self = try SlotSecret(.keyFile, bytes)
      }
    } catch { throw CommandFailure(.wrongSecret, .wrongSecret) }
  }
}
