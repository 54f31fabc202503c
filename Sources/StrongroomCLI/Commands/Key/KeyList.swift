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
    let slots: [KeySlotReport]
    if found.mountpoint != nil {
      slots = try context.connect(found).list(.keyList)
    } else {
      let copies = VaultFolder.copies(at: vault)
      do throws(KeysError) {
        slots = try VaultFileCopies(first: copies.first, second: copies.second).candidates()[0].slots.map { KeySlotReport($0) }
      } catch { throw KeyChanger.failure(error) }
    }
    context.console.show(slots)
    return .done
  }
}

extension KeySlotReport: ListedReport {
  static let titles: [ReportText] = [.columnNumber, .columnKind, .columnLabel, .columnCreated]

  func cells(on console: Console) -> [String] { [String(number), kind, label, console.time(created)] }
}
