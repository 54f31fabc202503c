import ArgumentParser
import Control
import VaultFormat

/// `review open`: asks for every grant at a folder and below it.
struct ReviewOpen: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("open", .reviewOpen) }

  @Option(help: ArgumentHelp(.reviewScope, value: "folder")) var scope: String
  @Option(help: ArgumentHelp(.reviewDue, value: "time")) var due: String
  @Flag(name: .customLong("suspend-when-due"), help: ArgumentHelp(.reviewSuspends)) var suspendsWhenDue = false
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    guard let due = try Arguments.time(due, option: "--due", bare: .future) else { return .usage }
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(scope, vaultFolder: mount.vault)
    let request = ReviewOpenRequest(path: path, due: due, suspendsWhenDue: suspendsWhenDue, reason: reason)
    let console = context.console
    try connection.ask(.reviewOpen(request)) { response in
      guard case .reviews(let reviews) = response else { return }
      for review in reviews {
        if console.isJSON { console.print(json: review) }
        let count = review.counts.values.reduce(0, +)
        console.note(
          Message(
            ReportText.reviewOpened,
            [
              "id": review.id.description, "path": review.path.text, "count": String(count), "due": TimeText.shown(review.due),
            ]))
        if review.unassignedCount > 0 {
          console.note(Message(ReportText.reviewUnassigned, ["count": String(review.unassignedCount)]))
        }
      }
    }
    return .done
  }
}
