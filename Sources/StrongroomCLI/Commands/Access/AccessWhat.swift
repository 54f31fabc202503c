import ArgumentParser
import Control
import VaultFormat

struct AccessWhat: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("what", .accessWhat) }

  @Argument(help: ArgumentHelp(.principal)) var principal: String
  @Option(time: .long, .at) var at: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let request = WhatRequest(
      principal: try Arguments.principal(principal), at: try Arguments.time(at, option: "--at", bare: .future))
    var entries: [WhatReport] = []
    try context.open(vaultFolder: vault).ask(.accessWhat(request)) { if case .what(let piece) = $0 { entries += piece } }
    let console = context.console
    var table = TextTable([
      console.text(.columnPath), console.text(.columnRights), console.text(.columnUntil), console.text(.columnVia),
    ])
    console.show(entries, in: &table) { entry in
      [entry.path.text, entry.rights.shown, console.time(entry.until), entry.grants.map(\.description).joined(separator: ",")]
    }
    return .done
  }
}
