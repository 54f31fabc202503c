import ArgumentParser
import Control

struct GrantRevoke: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("revoke", .grantRevoke) }

  @Argument(help: ArgumentHelp(.ruleID)) var id: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let request = RuleRemoveRequest(id: try Arguments.rule(id), reason: try Arguments.reason(reason))
    try context.open(vaultFolder: vault).ask(.grantRevoke(request)) { response in
      guard context.console.isJSON, case .grants(let grants) = response else { return }
      for grant in grants { context.console.print(json: grant) }
    }
    context.console.note(Message(ReportText.grantRevoked, ["id": id]))
    return .done
  }
}
