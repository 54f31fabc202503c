import ArgumentParser
import Control
import VaultFormat

struct AccessWhat: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("what", .accessWhat) }

  @Argument(help: ArgumentHelp(.principal)) var principal: String
  @Option(time: .long, .at) var at: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let request = WhatRequest(
      principal: try Arguments.principal(principal), at: try Arguments.time(at, option: "--at", bare: .future))
    context.console.show(try context.open(vaultFolder: mount.vault).list(.accessWhat(request)) as [WhatReport])
    return .done
  }
}

extension WhatReport: ListedReport {
  static let titles: [ReportText] = [.columnPath, .columnRights, .columnUntil, .columnVia]

  func cells(on console: Console) -> [String] {
    [path.text, rights.shown, console.time(until), grants.map(\.description).joined(separator: ",")]
  }
}
