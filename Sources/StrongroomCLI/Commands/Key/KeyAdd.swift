import ArgumentParser
import Control
import Keys
import Platform
import VaultFormat

/// Unlocks with one slot and adds another: a passphrase, or a key file with `--new-key-file`.
struct KeyAdd: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .keyAdd) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(help: ArgumentHelp(.slotLabel, value: "text")) var label: String = ""
  @OptionGroup var secret: SecretOptions
  @OptionGroup var new: NewSlotOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let made = try KeyChanger(context: context, path: vault).replacing(.add, secret, new) { (file, _) throws(CommandFailure) in
      try KeyChanger.checkAddition(label: label, to: file)
    } change: { (file, _, root, secret) throws(KeysError) in
      try file.adding(secret, label: label, now: Clock.wall() / 1_000_000_000, root: root)
    }
    context.console.show(made.slot, of: made.file, Message(VaultText.slotAdded, ["slot": made.slot.description]))
    return .done
  }
}
