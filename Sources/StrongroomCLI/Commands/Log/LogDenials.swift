import ArgumentParser
import VaultFormat

/// `log denials TRAIL`: what was refused, counted by user, operation, reason and path.
struct LogDenials: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("denials", .logDenials) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var filter: LogFilterOptions
  @OptionGroup var output: LogOutputOptions

  private struct Key: Hashable {
    var uid: UInt32?
    var operation: String
    var errno: Int32
    var decision: Record.Decision?
    var path: [UInt8]
  }

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var filter = try filter.filter(try context.mountTable())
    guard filter.outcomes.isSubset(of: [.refused]) else { throw CommandFailure(.usage, .denialsAreRefused) }
    filter.outcomes = [.refused]
    let reading = try LogReading.open(trail, identity, command: "denials", filters: filter.described, in: context)
    var uses: [Key: LogUse] = [:]
    var tally = try reading.walkMatches(filter) { entry in
      let record = entry.record
      let key = Key(
        uid: record.actor?.uid, operation: entry.detail("operation") ?? record.action.name.lowercased(), errno: record.errno,
        decision: record.decision, path: record.object?.path ?? [])
      uses[key, default: LogUse()].add(entry)
    }
    tally.shown = tally.matching
    var answer = LogAnswer(
      context.console, csv: output.csv,
      [
        .init("count", .columnCount, .right), .init("first", .columnFirst), .init("last", .columnLast),
        .init("user", .columnUser),
        .init("operation", .columnOperation), .init("errno", .columnOutcome), .init("reason", .columnBy),
        .init("path", .columnPlace),
      ])
    let sorted = uses.sorted {
      let (left, right) = ($0.value, $1.value)
      return (right.denialCount, left.first, left.firstSequence) < (left.denialCount, right.first, right.firstSequence)
    }
    for (key, use) in sorted {
      answer.add([
        .number(use.denialCount), .time(use.first), .time(use.last), use.userCell, .text(key.operation),
        .text(LogWords.errno(key.errno)), key.decision.map { .text(LogWords.reason($0)) } ?? .none,
        key.path.isEmpty ? .none : .path(key.path),
      ])
    }
    answer.finish()
    return try reading.conclude(tally, json: global.json)
  }
}
