import ArgumentParser
import Control
import VaultFormat

struct AccessWho: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("who", .accessWho) }

  @Argument(help: ArgumentHelp(.path)) var path: String
  @Option(time: .long, .at) var at: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let at = try Arguments.time(at, option: "--at", bare: .future)
    let (connection, path) = try context.open(path, vaultFolder: mount.vault)
    let entries: [WhoReport] = try connection.list(.accessWho(WhoRequest(path: path, at: at)))
    context.console.show(entries)
    let unknownCount = entries.count { $0.isOrphan == nil }
    if unknownCount > 0 { context.console.note(Message(ReportText.whoNotAsked, ["count": String(unknownCount)])) }
    return .done
  }
}

extension WhoReport: ListedReport {
  static let titles: [ReportText] = [.columnPrincipal, .columnRights, .columnUntil, .columnVia]

  func cells(on console: Console) -> [String] {
    [
      console.name(principal, isOrphan: isOrphan == true), rights.shown, console.time(until),
      grants.map(\.description).joined(separator: ","),
    ]
  }
}
