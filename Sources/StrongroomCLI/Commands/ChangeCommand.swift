import Control

/// What is asked, and of which mount.
typealias Question = (connection: any MountConnection, request: ControlRequest)

/// A command that makes one change, of a rule, a duty or a reviewer: asks for it, and tells what the mount did. With `--json` the report of
/// it, else one note.
protocol ChangeCommand: MountedCommand {
  associatedtype Report: ListedReport

  /// Looks for the mount last: arguments that mean nothing are a usage error wherever they are given.
  func question(in context: CommandContext) throws(CommandFailure) -> Question

  func note(of report: Report) -> Message
}

extension ChangeCommand {
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try question(in: context)
    let console = context.console
    try connection.ask(request) { response in
      for report: Report in response.list() {
        if console.isJSON { console.print(json: report) }
        console.note(note(of: report))
      }
    }
    return .done
  }
}
