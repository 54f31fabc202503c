import ArgumentParser
import VaultFormat

/// `log top TRAIL`: who or what stands most often in the trail.
struct LogTop: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("top", .logTop) }

  enum Key: String, CaseIterable, ExpressibleByArgument {
    case user, path, folder, program, action
  }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var filter: LogFilterOptions
  @Option(help: ArgumentHelp(.topBy)) var by = Key.user
  @Option(help: ArgumentHelp(.limit, value: "count")) var limit: String?
  @OptionGroup var output: LogOutputOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let filter = try filter.filter(try context.mountTable())
    let limit = try Arguments.count(limit, option: "--limit") ?? 20
    let reading = try LogReading.open(trail, identity, command: "top", filters: filter.described, in: context)
    var uses: [[UInt8]: LogUse] = [:]
    var tally = try reading.walkMatches(filter) { entry in
      if !entry.isRestated { uses[key(entry), default: LogUse()].add(entry) }
    }
    var answer = LogAnswer(
      context.console, csv: output.csv,
      [
        .init("records", .columnRecords, .right), .init("opened", .columnOpened, .right),
        .init("reads", .columnReadCount, .right),
        .init("bytes_read", .columnBytesRead, .right), .init("bytes_written", .columnBytesWritten, .right),
        .init("denials", .columnDenials, .right), .init("first", .columnFirst), .init("last", .columnLast),
        .init(by.rawValue, .columnKey),
      ])
    let sorted = uses.sorted {
      let (left, right) = ($0.value, $1.value)
      return (right.recordCount, left.first, left.firstSequence) < (left.recordCount, right.first, right.firstSequence)
    }
    for (key, use) in sorted.prefix(Int(clamping: limit)) {
      tally.shown += use.recordCount
      answer.add([
        .number(use.recordCount), .number(use.openCount), .number(use.readCount), .number(use.readByteCount),
        .number(use.writtenByteCount), .number(use.denialCount), .time(use.first), .time(use.last),
        key.isEmpty ? .none : .path(key),
      ])
    }
    answer.finish()
    return try reading.conclude(tally, json: global.json)
  }

  /// Empty where the record has none.
  private func key(_ entry: LogEntry) -> [UInt8] {
    let record = entry.record
    switch by {
    case .user: return Array((record.actor.map { $0.name.isEmpty ? "#\($0.uid)" : $0.name } ?? "").utf8)
    case .path: return record.object?.path ?? []
    case .folder:
      return record.object.map { $0.path.isEmpty ? [] : record.action == .list ? $0.path : LogWords.folder($0.path) } ?? []
    case .program: return Array((record.actor?.program ?? "").utf8)
    case .action: return Array(record.action.name.utf8)
    }
  }
}
