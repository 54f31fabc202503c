import ArgumentParser
import Control
import VaultFormat

/// `log around TRAIL GRANT`: a grant's life, and what was done near its folder and by those who gave and took it at that time.
struct LogAround: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("around", .logAround) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Argument(help: ArgumentHelp(.aroundGrant)) var grant: String
  @OptionGroup var identity: IdentityOptions
  @Option(help: ArgumentHelp(.aroundWindow, value: "duration")) var window: String?
  @Flag(help: ArgumentHelp(.raw)) var raw = false
  @OptionGroup var output: LogOutputOptions

  /// When the grant was given or taken, where, and by whom.
  private struct Turn {
    var wall: Int64
    var path: [UInt8]
    var uid: UInt32?
  }

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let id = try Arguments.rule(grant)
    guard let window = TimeSpan.nanoseconds(window ?? "15m") else {
      throw CommandFailure(.usage, .badTime, ["value": window ?? "", "option": "--window"], hint: .durations)
    }
    var filter = LogFilter()
    filter.grants = [id]
    let reading = try LogReading.open(trail, identity, command: "around", filters: filter.described, in: context)
    // Once over the trail for the moments that matter, and once for what was done around them.
    var turns: [Turn] = []
    let first = try reading.walkMatches(filter) { entry in
      let record = entry.record
      if [.grant, .revoke, .barrier].contains(record.action), entry.detail("rule") == id.description {
        turns.append(Turn(wall: record.wall, path: record.object?.path ?? [], uid: record.actor?.uid))
      }
    }
    if let broken = first.broken, turns.isEmpty { throw broken }
    let listing = LogListing(context.console, global.json ? .json : output.csv ? .csv : raw ? .records : .folded)
    let tally = try listing.fill(
      reading, LogFilter(),
      isWanted: { entry in
        entry.rules.contains(id) || turns.contains { Self.isNear(entry.record, $0, window) }
      })
    if tally.matching == 0 { context.console.note(Message(LogText.grantNotFound, ["id": id.description])) }
    return try reading.conclude(tally, json: global.json)
  }

  private static func isNear(_ record: Record, _ turn: Turn, _ window: Int64) -> Bool {
    let (distance, overflow) = record.wall.subtractingReportingOverflow(turn.wall)
    guard !overflow, distance.magnitude <= window.magnitude else { return false }
    if let uid = turn.uid, record.actor?.uid == uid { return true }
    // A RENAME is near on either side.
    return [record.object, record.target].contains { place in place.map { isBelow($0.path, turn.path) } ?? false }
  }

  private static func isBelow(_ path: [UInt8], _ folder: [UInt8]) -> Bool {
    guard !folder.isEmpty else { return false }
    if folder == [0x2f] { return true }
    return path.starts(with: folder) && (path.count == folder.count || path[folder.count] == 0x2f)
  }
}
