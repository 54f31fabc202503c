import ArgumentParser
import Control
import VaultFormat

struct BarrierNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("barrier", .barrier, [BarrierAdd.self, BarrierList.self, BarrierRemove.self])
  }
}

struct BarrierAdd: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .barrierAdd) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String
  @Option(help: ArgumentHelp(.against, value: "principal")) var against: String
  @Option(help: ArgumentHelp(.barrierName, value: "text")) var name: String
  @Option(time: .long, .from) var from: String?
  @Option(time: .long, .until) var until: String?
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    let against = try Arguments.principal(against)
    let name = try Arguments.name(name)
    let (from, until) = try Arguments.validity(from: from, until: until)
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(path, vaultFolder: mount.vault)
    let request = BarrierAddRequest(path: path, against: against, name: name, reason: reason, from: from, until: until)
    return (connection, .barrierAdd(request))
  }

  func note(of barrier: BarrierReport) -> Message {
    Message(
      ReportText.barrierAdded,
      ["id": barrier.id.description, "against": barrier.against.description, "path": barrier.path?.text ?? "-"])
  }
}

struct BarrierRemove: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("remove", .barrierRemove) }

  @OptionGroup var removal: RuleRemovalArguments
  var mount: VaultOptions { removal.mount }

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    try removal.question(in: context, ControlRequest.barrierRemove)
  }

  func note(of _: BarrierReport) -> Message { Message(ReportText.barrierRemoved, ["id": removal.id]) }
}

struct BarrierList: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .barrierList) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(help: ArgumentHelp(.against, value: "principal")) var against: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: against, vaultFolder: mount.vault)
    context.console.show(try connection.list(.barrierList(request)) as [BarrierReport])
    return .done
  }
}

extension BarrierReport: ListedReport {
  static let titles: [ReportText] = [
    .columnID, .columnPath, .columnAgainst, .columnName, .columnFrom, .columnUntil, .columnState, .columnOwner, .columnReason,
  ]

  func cells(on console: Console) -> [String] {
    [
      id.description, path?.text ?? "-", against.description, name, console.time(from), console.time(until), console.state(state),
      owner.description, reason,
    ]
  }
}
