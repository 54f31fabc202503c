import ArgumentParser

struct KeyRemove: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("remove", .keyRemove) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Argument(help: ArgumentHelp(.slotNumber)) var slot: Int
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions
}
