import ArgumentParser

/// `init VAULT --reviewer KEY… --admin user:NAME`. In the tree once vaults can be made.
struct InitCommand: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("init", .create) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Option(name: .customLong("reviewer"), help: ArgumentHelp(.reviewerKeys, value: "file")) var reviewers: [String] = []
  @Option(help: ArgumentHelp(.admin, value: "principal")) var admin: String
  @OptionGroup var secret: NewSecretOptions
  @OptionGroup var global: GlobalOptions

  func validate() throws {
    guard !reviewers.isEmpty else { throw ValidationError("Missing expected argument '--reviewer <file>'") }
  }
}
