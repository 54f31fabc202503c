import ArgumentParser
import Control
import VaultFormat

struct DutyNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("duty", .duty, [DutyAdd.self, DutyRemove.self, DutyList.self])
  }
}

/// What giving and taking a duty take.
struct DutyArguments: ParsableArguments {
  @Argument(help: ArgumentHelp(.dutyName)) var duty: String
  @Argument(help: ArgumentHelp(.principal)) var principal: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext, _ ask: (DutyRequest) -> ControlRequest) throws(CommandFailure) -> Question {
    let request = DutyRequest(
      duty: try Arguments.duty(duty), principal: try Arguments.principal(principal), reason: try Arguments.reason(reason))
    return (try context.open(vaultFolder: mount.vault), ask(request))
  }

  func note(_ text: ReportText) -> Message { Message(text, ["duty": duty, "principal": principal]) }
}

struct DutyAdd: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .dutyAdd) }

  @OptionGroup var duty: DutyArguments
  var mount: VaultOptions { duty.mount }

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    try duty.question(in: context, ControlRequest.dutyAdd)
  }

  func note(of _: DutyReport) -> Message { duty.note(.dutyAdded) }
}

struct DutyRemove: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("remove", .dutyRemove) }

  @OptionGroup var duty: DutyArguments
  var mount: VaultOptions { duty.mount }

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    try duty.question(in: context, ControlRequest.dutyRemove)
  }

  func note(of _: DutyReport) -> Message { duty.note(.dutyRemoved) }
}

struct DutyList: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .dutyList) }

  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    context.console.show(try context.open(vaultFolder: mount.vault).list(.dutyList) as [DutyReport])
    return .done
  }
}

extension DutyReport: ListedReport {
  static let titles: [ReportText] = [.columnDuty, .columnPrincipal, .columnState, .columnGiver, .columnSet, .columnReason]

  func cells(on console: Console) -> [String] {
    [duty.name, principal.description, console.state(state), giver.description, console.time(given), reason]
  }
}
