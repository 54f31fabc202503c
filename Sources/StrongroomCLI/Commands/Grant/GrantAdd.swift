import ArgumentParser
import Control

struct GrantAdd: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .grantAdd) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String
  @Option(help: ArgumentHelp(.rights)) var rights: String
  @Option(time: .long, .from) var from: String?
  @Option(time: .long, .until) var until: String?
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let to = try Arguments.principal(to)
    let rights = try Arguments.rights(rights)
    let (from, until) = try Arguments.validity(from: from, until: until)
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(path, vaultFolder: vault)
    let request = GrantAddRequest(path: path, to: to, rights: rights, from: from, until: until, reason: reason)
    try connection.ask(.grantAdd(request)) { response in
      guard case .grants(let grants) = response else { return }
      for grant in grants { context.console.show(added: grant) }
    }
    return .done
  }
}
