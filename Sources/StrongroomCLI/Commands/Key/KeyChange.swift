import ArgumentParser

struct KeyChange: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("change", .keyChange) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(help: ArgumentHelp(.slotNumber, value: "number")) var slot: Int?
  @OptionGroup var secret: SecretOptions
  @OptionGroup var new: NewSlotOptions
  @OptionGroup var global: GlobalOptions
}
