import ArgumentParser
import Control
import Keys
import Platform
import VaultFormat

/// Puts a new secret in the place of a slot's: of the one that the present secret opens, or of `--slot`.
struct KeyChange: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("change", .keyChange) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(help: ArgumentHelp(.slotNumber, value: "number")) var slot: UInt64?
  @OptionGroup var secret: SecretOptions
  @OptionGroup var new: NewSlotOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let wanted = slot.map { KeySlotID($0) }
    let made = try KeyChanger(context: context, path: vault).replacing(.change, secret, new) {
      (file, opened) throws(CommandFailure) in
      guard file.slots.contains(where: { $0.id == wanted ?? opened }) else { throw KeyChanger.failure(.noSuchSlot) }
    } change: { (file, opened, root, secret) throws(KeysError) in
      try file.changing(wanted ?? opened, to: secret, now: Clock.wall() / 1_000_000_000, root: root)
    }
    context.console.show(
      made.slot, of: made.file,
      Message(VaultText.slotChanged, ["old": (wanted ?? made.opened).description, "slot": made.slot.description]))
    return .done
  }
}
