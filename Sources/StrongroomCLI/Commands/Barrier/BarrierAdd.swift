import ArgumentParser
import Control

struct BarrierAdd: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .barrierAdd) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String
  @Option(help: ArgumentHelp(.against, value: "principal")) var against: String
  @Option(help: ArgumentHelp(.barrierName, value: "text")) var name: String
  @Option(time: .long, .from) var from: String?
  @Option(time: .long, .until) var until: String?
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let against = try Arguments.principal(against)
    let name = try Arguments.name(name)
    let (from, until) = try Arguments.validity(from: from, until: until)
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(path, vaultFolder: vault)
    let request = BarrierAddRequest(path: path, against: against, name: name, reason: reason, from: from, until: until)
    try connection.ask(.barrierAdd(request)) { response in
      guard case .barriers(let barriers) = response else { return }
      for barrier in barriers { context.console.show(added: barrier) }
    }
    return .done
  }
}
