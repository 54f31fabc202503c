import ArgumentParser

/// Unlocks with one slot and adds another: a passphrase, or a key file with `--new-key-file`.
struct KeyAdd: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .keyAdd) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(help: ArgumentHelp(.slotLabel, value: "text")) var label: String = ""
  @OptionGroup var secret: SecretOptions
  @OptionGroup var new: NewSlotOptions
  @OptionGroup var global: GlobalOptions
}

/// The secret of a slot that is made.
struct NewSlotOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.newPassphraseFile, value: "file")) var newPassphraseFile: String?
  @Option(help: ArgumentHelp(.newKeyFile, value: "file")) var newKeyFile: String?

  func validate() throws {
    if newPassphraseFile != nil, newKeyFile != nil {
      throw ValidationError("--new-passphrase-file and --new-key-file cannot be used together")
    }
  }
}
