import ArgumentParser

struct KeyList: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .keyList) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @OptionGroup var global: GlobalOptions
}
