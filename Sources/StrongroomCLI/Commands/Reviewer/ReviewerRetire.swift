import ArgumentParser
import Control

struct ReviewerRetire: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("retire", .reviewerRetire) }

  @Argument(help: ArgumentHelp(.reviewerName)) var reviewer: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let reviewer = try Arguments.name(reviewer)
    try context.open(vaultFolder: vault).ask(.reviewerRetire(ReviewerRetireRequest(reviewer: reviewer))) { response in
      guard case .reviewers(let retired) = response else { return }
      for reviewer in retired {
        if context.console.isJSON { context.console.print(json: reviewer) }
        context.console.note(
          Message(ReportText.reviewerRetired, ["label": reviewer.label, "fingerprint": reviewer.fingerprint]))
      }
    }
    return .done
  }
}
