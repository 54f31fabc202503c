import ArgumentParser
import Control

struct ReviewerNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("reviewer", .reviewer, [ReviewerKeygen.self, ReviewerAdd.self, ReviewerList.self, ReviewerRetire.self])
  }
}

struct ReviewerAdd: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .reviewerAdd) }

  @Argument(help: ArgumentHelp(.reviewerKey)) var key: String
  @Option(help: ArgumentHelp(.reviewerLabel, value: "text")) var label: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    let label = try Arguments.name(label)
    let request = ReviewerAddRequest(label: label, publicKey: try PublicKeyFile.line(key))
    return (try context.open(vaultFolder: mount.vault), .reviewerAdd(request))
  }

  func note(of reviewer: ReviewerReport) -> Message {
    Message(ReportText.reviewerAdded, ["label": reviewer.label, "fingerprint": reviewer.fingerprint])
  }
}

struct ReviewerRetire: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("retire", .reviewerRetire) }

  @Argument(help: ArgumentHelp(.reviewerName)) var reviewer: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    let request = ReviewerRetireRequest(reviewer: try Arguments.name(reviewer))
    return (try context.open(vaultFolder: mount.vault), .reviewerRetire(request))
  }

  func note(of reviewer: ReviewerReport) -> Message {
    Message(ReportText.reviewerRetired, ["label": reviewer.label, "fingerprint": reviewer.fingerprint])
  }
}

struct ReviewerList: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .reviewerList) }

  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    context.console.show(try context.open(vaultFolder: mount.vault).list(.reviewerList) as [ReviewerReport])
    return .done
  }
}

extension ReviewerReport: ListedReport {
  static let titles: [ReportText] = [.columnLabel, .columnFingerprint]

  func cells(on console: Console) -> [String] { [label, fingerprint] }
}
