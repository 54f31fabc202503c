import ArgumentParser
import Control
import VaultFormat

/// `log first-access TRAIL`: when each user reached each folder for the first time, as far back as the trail can be read.
struct LogFirstAccess: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("first-access", .logFirstAccess) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var filter: LogFilterOptions
  @Option(help: ArgumentHelp(.folderDepth, value: "count")) var depth: String?
  @OptionGroup var output: LogOutputOptions

  private struct Key: Hashable {
    var uid: UInt32
    var folder: [UInt8]
  }

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var filter = try filter.filter(try context.mountTable())
    let depth = try Arguments.count(depth, option: "--depth")
    let filters = filter.described
    // What came before counts: otherwise everything would be first.
    let since = filter.since?.nanoseconds ?? .min
    filter.since = nil
    if filter.actions.isEmpty { filter.actions = [.open, .read, .pages, .list, .create, .write, .rename, .remove] }
    let reading = try LogReading.open(trail, identity, command: "first-access", filters: filters, in: context)
    var seen: Set<Key> = []
    var answer = LogAnswer(
      context.console, csv: output.csv,
      [
        .init("time", .columnTime), .init("sequence", .columnRecord, .right), .init("user", .columnUser),
        .init("action", .columnAction), .init("by", .columnBy), .init("folder", .columnFolder), .init("path", .columnPlace),
      ])
    var shown: UInt64 = 0
    var tally = try reading.walkMatches(filter) { entry in
      let record = entry.record
      guard !entry.isRestated, record.outcome == .done, let uid = record.actor?.uid, let path = record.object?.path,
        !path.isEmpty
      else { return }
      let whole = record.action == .list ? path : LogWords.folder(path)
      let folder = depth.map { Self.prefix(whole, $0) } ?? whole
      guard seen.insert(Key(uid: uid, folder: folder)).inserted, record.wall >= since else { return }
      shown += 1
      answer.add([
        .time(record.wall), .number(entry.sequence), .text(record.actor.map { $0.name.isEmpty ? "#\($0.uid)" : $0.name } ?? ""),
        .text(record.action.name), record.decision.map { .text(LogWords.reason($0)) } ?? .none, .path(folder), .path(path),
      ])
    }
    answer.finish()
    tally.shown = shown
    return try reading.conclude(tally, json: global.json)
  }

  /// The first names of a path.
  private static func prefix(_ path: [UInt8], _ count: UInt64) -> [UInt8] {
    let names = path.split(separator: 0x2f).prefix(Int(clamping: count))
    return names.isEmpty ? [0x2f] : names.flatMap { [0x2f] + $0 }
  }
}
