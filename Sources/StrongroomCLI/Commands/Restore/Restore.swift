import ArgumentParser
import Glibc
import Keys
import Sodium
import Vault
import VaultFS
import VaultFormat

/// `restore VAULT --reason TEXT`: says that the vault's folder was put back from a copy, so that catalog, vault.json and trail of different moments go on
/// together. Copies nothing.
struct RestoreCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("restore", .restore) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(help: ArgumentHelp(.restoreReason, value: "text")) var reason: String
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let reason = try Arguments.reason(reason)
    let found = try VaultFinder(table: try context.mountTable()).find(folder: vault)
    guard found.mountpoint == nil else {
      throw CommandFailure(.inUse, .vaultInUse, ["path": vault], hint: .unmountFirst)
    }
    try context.secure()
    let slotSecret = try SlotSecret(unlocking: try secret.read(environment: context.environment))
    var settings = VaultSettings()
    settings.content.pageCacheByteCount = 4 << 20
    settings.content.readAheadByteCount = 0
    let restored: RestoredVault
    do throws(UnlockError) {
      let root = try Vault.readFile(at: vault, secret: slotSecret).takeRoot()
      restored = try Vault.restore(
        at: vault, root: root,
        Restoration(actor: Record.Actor.thisProcess(name: Self.userName), reason: reason),
        settings: settings)
    } catch { throw CommandFailure(error, path: vault) }
    show(restored, context.console)
    return .done
  }

  private func show(_ restored: RestoredVault, _ console: Console) {
    if console.isJSON {
      var object = JSONObject()
      object.set("from", restored.from?.description)
      object.set("catalog_commit", restored.catalogCommit)
      object.set("trail_commit", restored.trailCommit)
      object.set("end", restored.end.description)
      return console.print(object.line)
    }
    console.note(Message(VaultText.restored, ["commit": String(restored.catalogCommit)]))
    let none = "-"
    console.note(
      Message(
        VaultText.restoredBefore,
        ["from": restored.from?.description ?? none, "commit": restored.trailCommit.map { String($0) } ?? none]))
    console.note(Message(VaultText.restoredEnd, ["end": restored.end.description]))
  }

  /// Who runs this, for the record; empty where the system does not say.
  private static var userName: String {
    guard let entry = getpwuid(getuid()) else { return "" }
    return String(cString: entry.pointee.pw_name)
  }
}
