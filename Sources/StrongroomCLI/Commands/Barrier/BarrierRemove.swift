import ArgumentParser
import Control

struct BarrierRemove: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("remove", .barrierRemove) }

  @Argument(help: ArgumentHelp(.ruleID)) var id: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let request = RuleRemoveRequest(id: try Arguments.rule(id), reason: try Arguments.reason(reason))
    try context.open(vaultFolder: vault).ask(.barrierRemove(request)) { response in
      guard context.console.isJSON, case .barriers(let barriers) = response else { return }
      for barrier in barriers { context.console.print(json: barrier) }
    }
    context.console.note(Message(ReportText.barrierRemoved, ["id": id]))
    return .done
  }
}
