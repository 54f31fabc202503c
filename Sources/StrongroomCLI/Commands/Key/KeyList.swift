import ArgumentParser
import Control
import Keys
import Vault
import VaultFormat

/// Of a mounted vault what the mount knows; else vault.json as it lies there, which only unlocking proves.
struct KeyList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .keyList) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let found = try VaultFinder(table: try context.mountTable()).find(folder: vault)
    var slots: [KeySlotReport] = []
    if found.mountpoint != nil {
      try context.connect(found).ask(.keyList) { if case .keySlots(let piece) = $0 { slots += piece } }
    } else {
      let copies = VaultFolder.copies(at: vault)
      do throws(KeysError) {
        slots = try VaultFileCopies(first: copies.first, second: copies.second).candidates()[0].slots.map { KeySlotReport($0) }
      } catch { throw KeyChanger.failure(error) }
    }
    let console = context.console
    var table = TextTable([
      (console.text(.columnNumber), .right), (console.text(.columnKind), .left), (console.text(.columnLabel), .left),
      (console.text(.columnCreated), .left),
    ])
    console.show(slots, in: &table) { [String($0.number), $0.kind, $0.label, console.time($0.created)] }
    return .done
  }
}
