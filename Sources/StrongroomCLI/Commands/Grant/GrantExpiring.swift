import ArgumentParser
import Control

/// `grant expiring`: live grants that end soon.
struct GrantExpiring: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("expiring", .grantExpiring) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(time: .long, .within) var within: String?
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let end = try Arguments.time(within ?? "30d", option: "--within", bare: .future)
    var (connection, request) = try context.openList(path: path, to: to, vaultFolder: vault)
    request.endingBy = end
    var grants: [GrantReport] = []
    try connection.ask(.grantList(request)) { if case .grants(let piece) = $0 { grants += piece } }
    context.console.show(grants.sorted { ($0.until ?? $0.given, $0.id) < ($1.until ?? $1.given, $1.id) })
    return .done
  }
}
