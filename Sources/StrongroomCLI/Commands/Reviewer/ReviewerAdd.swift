import ArgumentParser
import Control
import Glibc
import Platform

struct ReviewerAdd: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .reviewerAdd) }

  @Argument(help: ArgumentHelp(.reviewerKey)) var key: String
  @Option(help: ArgumentHelp(.reviewerLabel, value: "text")) var label: String
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let label = try Arguments.name(label)
    let line = try PublicKeyFile.line(key)
    try context.open(vaultFolder: vault).ask(.reviewerAdd(ReviewerAddRequest(label: label, publicKey: line))) { response in
      guard case .reviewers(let reviewers) = response else { return }
      for reviewer in reviewers {
        if context.console.isJSON { context.console.print(json: reviewer) }
        context.console.note(
          Message(ReportText.reviewerAdded, ["label": reviewer.label, "fingerprint": reviewer.fingerprint]))
      }
    }
    return .done
  }
}

/// A reviewer's `.pub` file: its one line. What the line says, the mount judges.
enum PublicKeyFile {
  static func line(_ path: String) throws(CommandFailure) -> String {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File(path, O_RDONLY | O_NOCTTY).readAll(limit: 4096)
    } catch {
      guard error.code == EFBIG else {
        throw CommandFailure(.error, .unreadable, ["path": path, "reason": error.description])
      }
      throw CommandFailure(.usage, .badReviewerKey, ["path": path])
    }
    guard let text = String(validating: bytes, as: UTF8.self)?.trimmingWhitespace, !text.isEmpty, !text.contains("\n") else {
      throw CommandFailure(.usage, .badReviewerKey, ["path": path])
    }
    return text
  }
}
