import ArgumentParser
import Control

struct GrantList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .grantList) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: to, vaultFolder: vault)
    var grants: [GrantReport] = []
    try connection.ask(.grantList(request)) { if case .grants(let piece) = $0 { grants += piece } }
    context.console.show(grants)
    return .done
  }
}
