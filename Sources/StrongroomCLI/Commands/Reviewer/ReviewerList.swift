import ArgumentParser
import Control

struct ReviewerList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .reviewerList) }

  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var reviewers: [ReviewerReport] = []
    try context.open(vaultFolder: vault).ask(.reviewerList) { if case .reviewers(let piece) = $0 { reviewers += piece } }
    let console = context.console
    var table = TextTable([console.text(.columnLabel), console.text(.columnFingerprint)])
    console.show(reviewers, in: &table) { [$0.label, $0.fingerprint] }
    return .done
  }
}
