import ArgumentParser
import Control

struct DutyRemove: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("remove", .dutyRemove) }

  @Argument(help: ArgumentHelp(.dutyName)) var duty: String
  @Argument(help: ArgumentHelp(.principal)) var principal: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let request = DutyRequest(
      duty: try Arguments.duty(duty), principal: try Arguments.principal(principal), reason: try Arguments.reason(reason))
    try context.open(vaultFolder: vault).ask(.dutyRemove(request)) { response in
      guard context.console.isJSON, case .duties(let duties) = response else { return }
      for duty in duties { context.console.print(json: duty) }
    }
    context.console.note(Message(ReportText.dutyRemoved, ["duty": duty, "principal": principal]))
    return .done
  }
}
