import ArgumentParser
import Control
import VaultFormat

/// `review list`: findings (exit 3) where one is overdue.
struct ReviewList: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .reviewList) }

  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let reviews: [ReviewReport] = try context.open(vaultFolder: mount.vault).list(.reviewList)
    context.console.show(reviews)
    return reviews.contains { $0.state == .overdue } ? .findings : .done
  }
}

extension ReviewReport: ListedReport {
  static let titles: [ReportText] = [
    .columnID, .columnPath, .columnState, .columnDue, .columnOpen, .columnAnswered, .columnSuspended, .columnOpener,
    .columnReason,
  ]

  func cells(on console: Console) -> [String] {
    [
      id.description, path.text, shownState(on: console), console.time(due), count(["pending"]),
      count(["kept", "shrunk", "revoked", "gone"]), count(["suspended"]), opener.description, reason,
    ]
  }

  private func count(_ states: [String]) -> String { String(states.reduce(0) { $0 + (counts[$1] ?? 0) }) }

  private func shownState(on console: Console) -> String {
    switch state {
    case .open: console.text(.reviewIsOpen)
    case .overdue: console.colour(console.text(.reviewIsOverdue), .red, on: .output)
    case .closed: console.text(.reviewIsClosed)
    }
  }
}
