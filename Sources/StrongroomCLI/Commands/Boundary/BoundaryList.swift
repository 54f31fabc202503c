import ArgumentParser
import Control

struct BoundaryList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .boundaryList) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: nil, vaultFolder: vault)
    var boundaries: [BoundaryReport] = []
    try connection.ask(.boundaryList(request)) { if case .boundaries(let piece) = $0 { boundaries += piece } }
    context.console.show(boundaries)
    return .done
  }
}
