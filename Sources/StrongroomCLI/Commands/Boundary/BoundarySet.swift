import ArgumentParser
import Control

struct BoundarySet: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("set", .boundarySet) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(path, vaultFolder: vault)
    try connection.ask(.boundarySet(BoundaryRequest(path: path, reason: reason))) { response in
      guard context.console.isJSON, case .boundaries(let boundaries) = response else { return }
      for boundary in boundaries { context.console.print(json: boundary) }
    }
    context.console.note(Message(ReportText.boundarySet, ["path": path.text]))
    return .done
  }
}
