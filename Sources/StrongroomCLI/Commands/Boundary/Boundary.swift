import ArgumentParser
import Control
import VaultFormat

struct BoundaryNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("boundary", .boundary, [BoundarySet.self, BoundaryClear.self, BoundaryList.self])
  }
}

/// What setting and clearing a boundary take.
struct BoundaryArguments: ParsableArguments {
  @Argument(help: ArgumentHelp(.folderPath)) var path: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext, _ ask: (BoundaryRequest) -> ControlRequest) throws(CommandFailure) -> Question {
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(path, vaultFolder: mount.vault)
    return (connection, ask(BoundaryRequest(path: path, reason: reason)))
  }
}

struct BoundarySet: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("set", .boundarySet) }

  @OptionGroup var boundary: BoundaryArguments
  var mount: VaultOptions { boundary.mount }

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    try boundary.question(in: context, ControlRequest.boundarySet)
  }

  func note(of boundary: BoundaryReport) -> Message { Message(ReportText.boundarySet, ["path": boundary.path.text]) }
}

struct BoundaryClear: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("clear", .boundaryClear) }

  @OptionGroup var boundary: BoundaryArguments
  var mount: VaultOptions { boundary.mount }

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    try boundary.question(in: context, ControlRequest.boundaryClear)
  }

  func note(of boundary: BoundaryReport) -> Message { Message(ReportText.boundaryCleared, ["path": boundary.path.text]) }
}

struct BoundaryList: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .boundaryList) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: nil, vaultFolder: mount.vault)
    context.console.show(try connection.list(.boundaryList(request)) as [BoundaryReport])
    return .done
  }
}

extension BoundaryReport: ListedReport {
  static let titles: [ReportText] = [.columnID, .columnPath, .columnSet, .columnOwner, .columnReason]

  func cells(on console: Console) -> [String] {
    [id.description, path.text, console.time(set), owner.description, reason]
  }
}
