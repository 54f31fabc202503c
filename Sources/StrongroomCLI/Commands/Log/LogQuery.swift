import ArgumentParser

struct LogQuery: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("query", .logQuery) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Option(help: ArgumentHelp(.identity, value: "file")) var identity: String
  @OptionGroup var filter: LogFilterOptions
  @Flag(help: ArgumentHelp(.follow)) var follow = false
  @Option(help: ArgumentHelp(.passphraseFile, value: "file")) var passphraseFile: String?
  @OptionGroup var global: GlobalOptions
}
