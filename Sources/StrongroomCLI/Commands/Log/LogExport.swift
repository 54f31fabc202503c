import ArgumentParser

struct LogExport: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("export", .logExport) }

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case jsonl, csv, ocsf, ecs, cef
  }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Option(help: ArgumentHelp(.identity, value: "file")) var identity: String
  @Option(help: ArgumentHelp(.format)) var format: Format
  @OptionGroup var filter: LogFilterOptions
  @Option(help: ArgumentHelp(.passphraseFile, value: "file")) var passphraseFile: String?
  @OptionGroup var global: GlobalOptions
}
