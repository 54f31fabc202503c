import ArgumentParser
import VaultFormat

/// `log user TRAIL NAME`: what a user touched, one line for each path.
struct LogUser: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("user", .logUser) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Argument(help: ArgumentHelp(.logUserName)) var user: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var time: LogTimeOptions
  @OptionGroup var output: LogOutputOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var filter = try time.filter()
    filter.users = [user.hasPrefix("user:") ? String(user.dropFirst(5)) : user]
    let reading = try LogReading.open(trail, identity, command: "user", filters: filter.described, in: context)
    let name = filter.users[0]
    var uses: [[UInt8]: LogUse] = [:]
    let fold = LogFold { row in
      guard Self.isBy(name, row.entry.record), let session = row.session, session.readCount > 0,
        let place = row.entry.record.object
      else { return }
      var use = uses[place.path] ?? LogUse()
      use.distinctByteCount = max(use.distinctByteCount, session.distinctByteCount)
      use.size = place.size ?? use.size
      uses[place.path] = use
    }
    var tally = try reading.walk(filter) { step, isMatch in
      fold.take(&step, isMatch: isMatch)
      guard isMatch, !step.isRestated else { return true }
      let entry = step.entry()
      let path = entry.record.object?.path ?? []
      if Self.isBy(name, entry.record) {
        uses[path, default: LogUse()].add(entry)
      } else {
        uses[path, default: LogUse()].add(byOther: entry)
      }
      return true
    }
    fold.finish()
    tally.shown = tally.matching
    var answer = LogAnswer(
      context.console, csv: output.csv,
      [
        .init("first", .columnFirst), .init("last", .columnLast), .init("records", .columnRecords, .right),
        .init("opened", .columnOpened, .right), .init("bytes_read", .columnBytesRead, .right),
        .init("coverage_percent", .columnCoverage, .right), .init("bytes_written", .columnBytesWritten, .right),
        .init("denials", .columnDenials, .right), .init("bytes_by_others", .columnBytesByOthers, .right),
        .init("actions", .columnAction), .init("by", .columnGrants),
        .init("path", .columnPlace),
      ])
    for (path, use) in uses.sorted(by: { ($0.value.first, $0.value.firstSequence) < ($1.value.first, $1.value.firstSequence) }) {
      let coverage: LogCell = use.readCount > 0 ? use.size.map { .coverage(use.distinctByteCount, of: $0) } ?? .none : .none
      answer.add([
        .time(use.first), .time(use.last), .number(use.recordCount), .number(use.openCount), .number(use.readByteCount), coverage,
        .number(use.writtenByteCount), .number(use.denialCount), .number(use.othersByteCount),
        .list(use.actions.map(\.name).sorted()), use.sortedReasons,
        path.isEmpty ? .none : .path(path),
      ])
    }
    answer.finish()
    return try reading.conclude(tally, json: global.json)
  }

  /// Whether the user is who did it, and not only who opened what others then used.
  private static func isBy(_ user: String, _ record: Record) -> Bool {
    guard let actor = record.actor, record.opener != nil else { return true }
    return actor.name == user || UInt32(user) == actor.uid
  }
}
