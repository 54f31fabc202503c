import ArgumentParser
import Control
import Glibc
import Platform

struct LogQuery: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("query", .logQuery) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var filter: LogFilterOptions
  @Flag(help: ArgumentHelp(.raw)) var raw = false
  @Option(help: ArgumentHelp(.limit, value: "count")) var limit: String?
  @Flag(help: ArgumentHelp(.follow)) var follow = false
  @OptionGroup var output: LogOutputOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let filter = try filter.filter(try context.mountTable())
    let limit = try Arguments.count(limit, option: "--limit") ?? .max
    let reading = try LogReading.open(trail, identity, command: "query", filters: filter.described, in: context)
    let style: LogListing.Style = global.json ? .json : output.csv ? .csv : raw || follow ? .records : .folded
    let listing = LogListing(context.console, style, limit: limit)
    let stop = follow ? FollowStop() : nil
    let tally = try listing.fill(
      reading, filter,
      wait: stop.map { stop in
        {
          listing.flush()
          return stop.wait()
        }
      })
    let code = try reading.conclude(tally, json: global.json)
    return stop?.isRequested == true ? .interrupted : code
  }
}

/// Records or folded lines, as they come, in one of four styles.
final class LogListing {
  enum Style {
    case folded, records, json, csv
  }

  private let console: Console
  private let style: Style
  private let limit: UInt64
  private let table: LogTable
  private var lineCount: UInt64 = 0
  private var shown: UInt64 = 0
  private var formatter: LogFormatter

  init(_ console: Console, _ style: Style, limit: UInt64 = .max) {
    self.console = console
    self.style = style
    self.limit = limit
    table = LogTable(console)
    formatter = LogFormatter(style == .csv ? .csv : .jsonl, vault: nil)
    if style == .csv { console.print(CSV.line(RecordCSV.fields) + "\r") }
  }

  /// Shows what matches. What was shown is in the tally.
  ///
  /// - Parameter isWanted: what the filter cannot say; asked for what it lets through.
  func fill(
    _ reading: LogReading, _ filter: LogFilter, wait: (() -> Bool)? = nil, isWanted: ((LogEntry) -> Bool)? = nil
  ) throws(CommandFailure) -> LogTally {
    let fold = style == .folded ? LogFold { self.add($0) } : nil
    var tally = try reading.walk(filter, countsRestated: style != .folded, wait: wait, isWanted: isWanted) { step, isMatch in
      if let fold { fold.take(&step, isMatch: isMatch) } else if isMatch { self.add(&step) }
      return true
    }
    fold?.finish()
    flush()
    tally.shown = shown
    return tally
  }

  private func add(_ row: LogRow) {
    guard lineCount < limit else { return }
    lineCount += 1
    shown += row.recordCount
    table.add(row)
  }

  private func add(_ step: inout LogStep) {
    guard lineCount < limit else { return }
    lineCount += 1
    shown += 1
    let entry = step.entry()
    switch style {
    case .json, .csv: console.print(raw: formatter.line(entry))
    case .records, .folded: table.add(LogRow(entry: entry))
    }
  }

  func flush() {
    table.flush()
    console.flush()
  }
}

/// Ends `--follow` on SIGINT, so that the last line is still told.
final class FollowStop {
  // Written by the signal handler, read by the one thread that follows; a word that is only ever set.
  nonisolated(unsafe) private static var wasInterrupted: sig_atomic_t = 0

  init() {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in FollowStop.wasInterrupted = 1 }
    sigaction(SIGINT, &action, nil)
  }

  var isRequested: Bool { Self.wasInterrupted != 0 }

  /// Waits a moment for more to be written. Returns false when it is time to end.
  func wait() -> Bool {
    if !isRequested { usleep(200_000) }
    return !isRequested
  }
}
