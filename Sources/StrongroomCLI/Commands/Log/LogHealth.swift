import ArgumentParser
import Control
import Trail
import VaultFormat

/// `log health TRAIL`: the program's own records, and what the verifier says.
struct LogHealth: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("health", .logHealth) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var time: LogTimeOptions
  @OptionGroup var output: LogOutputOptions

  /// Verifies the whole trail; shows the records of the time asked for.
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var filter = try time.filter()
    filter.actions = [
      .mount, .unmount, .auditStart, .auditStop, .recovery, .restore, .alert, .review, .key, .reviewer, .duty, .certify, .unlock,
    ]
    let reading = try LogReading.open(trail, identity, command: "health", filters: filter.described, in: context)
    let listing = LogListing(context.console, global.json ? .json : output.csv ? .csv : .records)
    let tally = try listing.fill(reading, filter)
    let code = try reading.conclude(tally, json: global.json)
    var verifier = TrailVerifier(reading.place.folder)
    let progress = LogProgress(context.console)
    verifier.progress = { progress.show($0, of: $1) }
    let report: TrailReport
    do throws(TrailError) { report = try verifier.verify() } catch {
      progress.clear()
      throw CommandFailure(error, trail: trail)
    }
    progress.clear()
    let verdict = try LogVerdict(console: context.console, report: report, options: verifier).show()
    // That origin and end are not established is no matter of health.
    guard verdict == .findings, case .consistent(let findings) = report.verdict else { return code }
    let isHealthy = findings.allSatisfy { $0 == .originNotEstablished || $0 == .endNotEstablished || $0.isOfWriterAtWork }
    return isHealthy ? code : .findings
  }
}

extension TrailReport.Finding {
  /// What a trail shows while it is written.
  fileprivate var isOfWriterAtWork: Bool {
    switch self {
    case .unsigned(_, _, let isLast): isLast
    case .torn: true
    default: false
    }
  }
}
