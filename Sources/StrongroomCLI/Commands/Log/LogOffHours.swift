import ArgumentParser
import VaultFormat

/// `log off-hours TRAIL`: what people did outside of working hours, folded as by `log query`.
struct LogOffHours: LogQuestion {
  static var configuration: CommandConfiguration { CommandConfiguration("off-hours", .logOffHours) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @OptionGroup var filter: LogFilterOptions
  @Option(help: ArgumentHelp(.hours)) var hours: String?
  @Option(help: ArgumentHelp(.days)) var days: String?
  @Flag(help: ArgumentHelp(.raw)) var raw = false
  @OptionGroup var output: LogOutputOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var filter = try filter.filter(try context.mountTable())
    guard let working = WorkingHours(hours: hours, days: days) else {
      throw CommandFailure(.usage, .badHours, ["value": [hours, days].compactMap { $0 }.joined(separator: " ")], hint: .hours)
    }
    filter.hours = working
    if filter.actions.isEmpty {
      // What people do; not what the program does by itself.
      filter.actions = [
        .open, .read, .pages, .write, .release, .list, .deny, .create, .rename, .remove, .grant, .revoke, .barrier, .boundary,
        .key,
        .reviewer,
      ]
    }
    let reading = try LogReading.open(trail, identity, command: "off-hours", filters: filter.described, in: context)
    let listing = LogListing(context.console, global.json ? .json : output.csv ? .csv : raw ? .records : .folded)
    return try reading.conclude(try listing.fill(reading, filter), json: global.json)
  }
}
