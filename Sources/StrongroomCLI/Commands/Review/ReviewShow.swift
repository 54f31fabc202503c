import ArgumentParser
import Control
import Glibc
import Platform
import VaultFormat

/// `review show`: the worksheet, as a table, as CSV or as JSON.
struct ReviewShow: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("show", .reviewShow) }

  @Argument(help: ArgumentHelp(.reviewID)) var id: String
  @Option(help: ArgumentHelp(.reviewOwner, value: "principal")) var owner: String?
  @Option(help: ArgumentHelp(.reviewSheet, value: "file")) var csv: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let owner = try owner.map { text throws(CommandFailure) in try Arguments.principal(text) }
    let request = ReviewShowRequest(id: try Arguments.review(id), owner: owner)
    let items: [ReviewItemReport] = try context.open(vaultFolder: mount.vault).list(.reviewShow(request))
    let console = context.console
    guard let csv else {
      console.show(items)
      return .done
    }
    let sheet = WorksheetCSV.header + items.map { WorksheetCSV.line($0) }.joined()
    if csv == "-" {
      console.print(raw: sheet)
    } else {
      try write(sheet, to: csv)
      console.note(Message(ReportText.reviewSheetWritten, ["path": csv, "count": String(items.count)]))
    }
    return .done
  }

  /// Never over a file that is there: it may be filled in.
  private func write(_ sheet: String, to path: String) throws(CommandFailure) {
    var sheet = sheet
    let failure: SystemError? = sheet.withUTF8 { bytes in
      do throws(SystemError) {
        try File(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600).write(UnsafeRawBufferPointer(bytes), at: 0)
        return nil
      } catch { return error }
    }
    guard let failure else { return }
    if failure.code == EEXIST { throw CommandFailure(.error, .fileExists, ["path": path]) }
    throw CommandFailure(.error, .fileNotMade, ["path": path, "reason": failure.description])
  }
}

extension ReviewItemReport: ListedReport {
  static let titles: [ReportText] = [
    .columnGrant, .columnPath, .columnTo, .columnRights, .columnUntil, .columnGiver, .columnReason, .columnAnswerer, .columnUses,
    .columnLastUse, .columnState, .columnNote,
  ]

  func cells(on console: Console) -> [String] {
    [
      grant.description, path?.text ?? "-", console.name(to, isOrphan: isOrphan), rights.shown, console.time(until),
      giver.description, reason, owner?.description ?? console.text(.reviewNobody), String(useCount), console.time(lastUse),
      shownState(on: console), note ?? "",
    ]
  }

  private func shownState(on console: Console) -> String {
    switch state {
    case "pending": return console.text(.itemPending)
    case "kept": return console.text(.itemKept)
    case "shrunk":
      guard let newGrant, let newRights else { return console.text(.itemShrunk) }
      let arguments = ["id": newGrant.description, "rights": newRights.shown, "until": console.time(newUntil)]
      return console.text(.itemShrunkTo, arguments)
    case "revoked": return console.text(.itemRevoked)
    case "suspended": return console.text(.suspended)
    case "unanswered": return console.text(.itemUnanswered)
    case "gone": return console.text(.itemGone)
    default: return state
    }
  }
}
