import ArgumentParser
import Control
import VaultFormat

struct AccessWho: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("who", .accessWho) }

  @Argument(help: ArgumentHelp(.path)) var path: String
  @Option(time: .long, .at) var at: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let at = try Arguments.time(at, option: "--at", bare: .future)
    let (connection, path) = try context.open(path, vaultFolder: vault)
    var entries: [WhoReport] = []
    try connection.ask(.accessWho(WhoRequest(path: path, at: at))) { if case .who(let piece) = $0 { entries += piece } }
    let console = context.console
    var table = TextTable([
      console.text(.columnPrincipal), console.text(.columnRights), console.text(.columnUntil), console.text(.columnVia),
    ])
    console.show(entries, in: &table) { entry in
      [
        console.name(entry.principal, isOrphan: entry.isOrphan == true), entry.rights.shown, console.time(entry.until),
        entry.grants.map(\.description).joined(separator: ","),
      ]
    }
    let unknownCount = entries.count { $0.isOrphan == nil }
    if unknownCount > 0 { console.note(Message(ReportText.whoNotAsked, ["count": String(unknownCount)])) }
    return .done
  }
}
