import ArgumentParser
import Control
import VaultFormat

/// `review close`: suspends what nobody answered. Findings (exit 3) where that is anything.
struct ReviewClose: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("close", .reviewClose) }

  @Argument(help: ArgumentHelp(.reviewID)) var id: String
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let request = RuleRemoveRequest(id: try Arguments.review(id), reason: try Arguments.reason(reason))
    let console = context.console
    var code = ExitCode.done
    try context.open(vaultFolder: mount.vault).ask(.reviewClose(request)) { response in
      guard case .reviews(let reviews) = response else { return }
      for review in reviews {
        if console.isJSON { console.print(json: review) }
        var counts = ["id": review.id.description]
        for state in ["kept", "shrunk", "revoked", "suspended"] { counts[state] = String(review.counts[state] ?? 0) }
        console.note(Message(ReportText.reviewClosed, counts))
        if let spared = review.counts["unanswered"] {
          console.note(Message(ReportText.reviewSpared, ["count": String(spared)]))
        }
        if review.counts["suspended"] != nil || review.counts["unanswered"] != nil { code = .findings }
      }
    }
    return code
  }
}
