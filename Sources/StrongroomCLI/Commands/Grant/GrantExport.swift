import ArgumentParser
import Control

/// `grant export`: the grants that one may manage, as a file that `grant import` takes back.
struct GrantExport: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("export", .grantExport) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: to, vaultFolder: mount.vault)
    let console = context.console
    if !console.isJSON { console.print(raw: GrantCSV.header) }
    try connection.ask(.grantList(request)) { response in
      guard case .grants(let grants) = response else { return }
      for grant in grants {
        if console.isJSON { console.print(json: grant) } else { console.print(raw: GrantCSV.line(grant)) }
      }
    }
    return .done
  }
}
