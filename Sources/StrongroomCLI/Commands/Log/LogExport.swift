import ArgumentParser

extension LogFormat: ExpressibleByArgument {}

struct LogExport: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("export", .logExport) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @OptionGroup var identity: IdentityOptions
  @Option(help: ArgumentHelp(.format)) var format: LogFormat
  @OptionGroup var filter: LogFilterOptions
  @OptionGroup var global: GlobalOptions

  /// Records go to standard output; how many there are, to standard error.
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let filter = try filter.filter(try context.mountTable())
    var filters = filter.described
    filters["format"] = format.rawValue
    let reading = try LogReading.open(trail, identity, command: "export", filters: filters, in: context)
    let console = context.console
    if let header = format.header { console.print(header) }
    var shown: UInt64 = 0
    var formatter = LogFormatter(format, vault: reading.place.vault)
    var tally = try reading.walkMatches(filter, countsRestated: format.holdsRestated) { entry in
      guard format.holdsRestated || !entry.isRestated else { return }
      console.print(raw: formatter.line(entry))
      shown += 1
    }
    tally.shown = shown
    return try reading.conclude(tally, json: global.json, onOutput: false)
  }
}
