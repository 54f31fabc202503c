import Control

/// A report of which mounts answer with lists, and what a table of them shows.
protocol ListedReport: Encodable {
  static var titles: [ReportText] { get }

  /// One for each title.
  func cells(on console: Console) -> [String]
}

extension MountConnection {
  /// All reports of one kind in the answer to a request.
  func list<Report: ListedReport>(_ request: ControlRequest) throws(CommandFailure) -> [Report] {
    var reports: [Report] = []
    try ask(request) { reports += $0.list() }
    return reports
  }
}

extension ControlResponse {
  /// The reports in it; none where it holds others.
  func list<Report: ListedReport>() -> [Report] { body as? [Report] ?? [] }
}

extension Console {
  /// One JSON object a line, or a table; a note where there is nothing.
  func show<Report: ListedReport>(_ reports: [Report]) {
    if isJSON {
      for report in reports { print(json: report) }
    } else if reports.isEmpty {
      note(Message(ReportText.noRules))
    } else {
      var table = TextTable(Report.titles.map { (text($0), numbers.contains($0) ? .right : .left) })
      for report in reports { table.add(report.cells(on: self)) }
      print(table)
    }
  }
}

/// Columns of numbers line up at the right.
private let numbers: Set<ReportText> = [
  .columnID, .columnNumber, .columnGrant, .columnUses, .columnOpen, .columnAnswered, .columnSuspended,
]
