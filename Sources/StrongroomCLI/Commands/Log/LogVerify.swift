import ArgumentParser

struct LogVerify: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify", .logVerify) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Option(help: ArgumentHelp(.genesis, value: "key")) var genesis: String?
  @Option(help: ArgumentHelp(.end)) var end: String?
  @Option(help: ArgumentHelp(.anchor, value: "file")) var anchor: String?
  @OptionGroup var global: GlobalOptions
}
