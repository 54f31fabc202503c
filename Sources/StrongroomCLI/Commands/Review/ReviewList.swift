import ArgumentParser
import Control
import VaultFormat

/// `review list`: findings (exit 3) where one is overdue.
struct ReviewList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .reviewList) }

  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var reviews: [ReviewReport] = []
    try context.open(vaultFolder: vault).ask(.reviewList) { if case .reviews(let piece) = $0 { reviews += piece } }
    let console = context.console
    var table = TextTable([
      (console.text(.columnID), .right), (console.text(.columnPath), .left), (console.text(.columnState), .left),
      (console.text(.columnDue), .left), (console.text(.columnOpen), .right), (console.text(.columnAnswered), .right),
      (console.text(.columnSuspended), .right), (console.text(.columnOpener), .left), (console.text(.columnReason), .left),
    ])
    console.show(reviews, in: &table) { review in
      let counts = { (states: [String]) in String(states.reduce(0) { $0 + (review.counts[$1] ?? 0) }) }
      let state = console.state(review.state)
      return [
        review.id.description, review.path.text, review.state == .overdue ? console.colour(state, .red, on: .output) : state,
        console.time(review.due), counts(["pending"]), counts(["kept", "shrunk", "revoked", "gone"]),
        counts(["suspended"]), review.opener.description, review.reason,
      ]
    }
    return reviews.contains { $0.state == .overdue } ? .findings : .done
  }
}

extension Console {
  func state(_ state: ReviewReport.State) -> String {
    switch state {
    case .open: text(.reviewIsOpen)
    case .overdue: text(.reviewIsOverdue)
    case .closed: text(.reviewIsClosed)
    }
  }
}
