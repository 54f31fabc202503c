import ArgumentParser
import Control
import Glibc
import Platform
import VaultFormat

/// `review show`: the worksheet, as a table, as CSV or as JSON.
struct ReviewShow: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("show", .reviewShow) }

  @Argument(help: ArgumentHelp(.reviewID)) var id: String
  @Option(help: ArgumentHelp(.reviewOwner, value: "principal")) var owner: String?
  @Option(help: ArgumentHelp(.reviewSheet, value: "file")) var csv: String?
  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let owner = try owner.map { text throws(CommandFailure) in try Arguments.principal(text) }
    let request = ReviewShowRequest(id: try Arguments.review(id), owner: owner)
    var items: [ReviewItemReport] = []
    try context.open(vaultFolder: vault).ask(.reviewShow(request)) { if case .reviewItems(let piece) = $0 { items += piece } }
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

extension Console {
  fileprivate func show(_ items: [ReviewItemReport]) {
    var table = TextTable([
      (text(.columnGrant), .right), (text(.columnPath), .left), (text(.columnTo), .left), (text(.columnRights), .left),
      (text(.columnUntil), .left), (text(.columnGiver), .left), (text(.columnReason), .left), (text(.columnAnswerer), .left),
      (text(.columnUses), .right), (text(.columnLastUse), .left), (text(.columnState), .left), (text(.columnNote), .left),
    ])
    show(items, in: &table) { item in
      [
        item.grant.description, item.path?.text ?? "-",
        name(item.to, isOrphan: item.isOrphan), item.rights.shown,
        time(item.until), item.giver.description, item.reason, item.owner?.description ?? text(.reviewNobody),
        String(item.useCount), time(item.lastUse), state(item), item.note ?? "",
      ]
    }
  }

  private func state(_ item: ReviewItemReport) -> String {
    guard item.state == "shrunk", let id = item.newGrant, let rights = item.newRights else { return reviewState(item.state) }
    return text(
      .itemShrunkTo, ["id": id.description, "rights": rights.shown, "until": time(item.newUntil)])
  }

  func reviewState(_ word: String) -> String {
    switch word {
    case "pending": text(.itemPending)
    case "kept": text(.itemKept)
    case "shrunk": text(.itemShrunk)
    case "revoked": text(.itemRevoked)
    case "suspended": text(.suspended)
    case "unanswered": text(.itemUnanswered)
    case "gone": text(.itemGone)
    default: word
    }
  }
}
