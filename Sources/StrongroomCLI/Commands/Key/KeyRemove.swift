import ArgumentParser
import Control
import Keys
import Sodium
import VaultFormat

struct KeyRemove: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("remove", .keyRemove) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Argument(help: ArgumentHelp(.slotNumber)) var slot: UInt64
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let id = KeySlotID(slot)
    _ = try KeyChanger(context: context, path: vault).run(.remove, secret) { (_, _) throws(CommandFailure) in
    } _: { (file, _, root) throws(KeysError) in
      (try file.removing(id, root: root), id)
    }
    context.console.note(Message(VaultText.slotRemoved, ["slot": id.description]))
    return .done
  }
}
