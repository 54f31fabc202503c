import ArgumentParser
import Control

struct BarrierList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .barrierList) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(help: ArgumentHelp(.against, value: "principal")) var against: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: against, vaultFolder: vault)
    var barriers: [BarrierReport] = []
    try connection.ask(.barrierList(request)) { if case .barriers(let piece) = $0 { barriers += piece } }
    context.console.show(barriers)
    return .done
  }
}
