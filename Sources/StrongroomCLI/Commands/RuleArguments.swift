import ArgumentParser
import Control

/// Arguments of the commands that take one grant or barrier back.
struct RuleRemovalArguments: ParsableArguments {
  @Argument(help: ArgumentHelp(.ruleID)) var id: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext, _ ask: (RuleRemoveRequest) -> ControlRequest) throws(CommandFailure) -> Question {
    let request = RuleRemoveRequest(id: try Arguments.rule(id), reason: try Arguments.reason(reason))
    return (try context.open(vaultFolder: mount.vault), ask(request))
  }
}

extension CommandContext {
  /// For commands that list rules: of a path and below, else of a whole vault.
  func openList(
    path: String?, to: String?, vaultFolder: String?
  ) throws(CommandFailure) -> (connection: any MountConnection, request: RuleListRequest) {
    let principal = try to.map { text throws(CommandFailure) in try Arguments.principal(text) }
    guard let path else { return (try open(vaultFolder: vaultFolder), RuleListRequest(to: principal)) }
    let (connection, place) = try open(path, vaultFolder: vaultFolder)
    return (connection, RuleListRequest(path: place, to: principal))
  }
}
