import ArgumentParser

/// `verify VAULT`. In the tree once vaults can be verified.
struct VerifyCommand: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify", .verify) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Flag(help: ArgumentHelp(.verifyQuick)) var quick = false
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions
}
