import ArgumentParser
import Control
import VaultFormat

/// `log who TRAIL PATH`: everyone who opened or read it, or what is below it. What bears the name PATH at any time is followed through renames;
/// what is below it counts by its path at that time.
struct LogWho: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("who", .logWho) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Argument(help: ArgumentHelp(.logPlace)) var path: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var time: LogTimeOptions
  @OptionGroup var output: LogOutputOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var filter = try time.filter()
    filter.paths = [try LogFilterOptions.path(path, try context.mountTable())]
    filter.actions = [.open, .read, .pages, .write, .release, .list, .deny]
    let reading = try LogReading.open(trail, identity, command: "who", filters: filter.described, in: context)
    filter.nodes = try Self.bearers(of: filter.paths[0], reading)

    var readers = Readers()
    let fold = LogFold { readers.add($0) }
    var tally = try reading.walk(filter) { step, isMatch in
      fold.take(&step, isMatch: isMatch)
      if isMatch, !step.isRestated, let uid = step.uid { readers.users[uid, default: LogUse()].add(step.entry()) }
      return true
    }
    fold.finish()
    tally.shown = tally.matching
    readers.show(on: context.console, csv: output.csv)
    return try reading.conclude(tally, json: global.json)
  }

  /// Who did what, by user.
  private struct Readers {
    var users: [UInt32: LogUse] = [:]
    /// What each user read of each document.
    private var documents: [UInt32: [NodeID: LogUse]] = [:]

    mutating func add(_ row: LogRow) {
      let record = row.entry.record
      guard let uid = record.actor?.uid, let node = record.object?.node, let session = row.session, session.readCount > 0 else {
        return
      }
      var use = documents[uid]?[node] ?? LogUse()
      use.distinctByteCount = max(use.distinctByteCount, session.distinctByteCount)
      use.size = record.object?.size ?? use.size
      documents[uid, default: [:]][node] = use
    }

    func show(on console: Console, csv: Bool) {
      var answer = LogAnswer(
        console, csv: csv,
        [
          .init("user", .columnUser), .init("uid", .columnUID, .right), .init("first", .columnFirst), .init("last", .columnLast),
          .init("opened", .columnOpened, .right), .init("documents_read", .columnDocuments, .right),
          .init("documents_complete", .columnComplete, .right), .init("bytes_read", .columnBytesRead, .right),
          .init("bytes_written", .columnBytesWritten, .right), .init("denials", .columnDenials, .right),
          .init("coverage_percent", .columnCoverage, .right), .init("by", .columnGrants),
        ])
      for (uid, use) in users.sorted(by: { ($0.value.first, $0.key) < ($1.value.first, $1.key) }) {
        let read = documents[uid].map { Array($0.values) } ?? []
        let complete = read.count { document in document.size.map { $0 <= document.distinctByteCount } ?? false }
        answer.add([
          use.userCell, use.uidCell, .time(use.first), .time(use.last), .number(use.openCount), .number(UInt64(read.count)),
          .number(UInt64(complete)), .number(use.readByteCount), .number(use.writtenByteCount), .number(use.denialCount),
          LogWho.coverage(read), use.sortedReasons,
        ])
      }
      answer.finish()
    }
  }

  /// The nodes that bore this name at any time.
  private static func bearers(of path: VaultPath, _ reading: LogReading) throws(CommandFailure) -> Set<NodeID> {
    var filter = LogFilter()
    filter.paths = [path]
    let bytes = path.bytes
    var nodes: Set<NodeID> = []
    // Where the trail is broken, the walk that follows says so.
    _ = try reading.walkMatches(filter) { entry in
      if let object = entry.record.object, object.path == bytes { nodes.insert(object.node) }
      if let target = entry.record.target, target.path == bytes { nodes.insert(target.node) }
    }
    nodes.remove(.none)
    return nodes
  }

  /// Of a single document: how much of it was read.
  fileprivate static func coverage(_ read: [LogUse]) -> LogCell {
    guard read.count == 1, let size = read[0].size else { return .none }
    return .coverage(read[0].distinctByteCount, of: size)
  }
}
