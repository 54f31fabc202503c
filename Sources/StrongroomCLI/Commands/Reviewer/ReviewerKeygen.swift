import ArgumentParser

/// `reviewer keygen -o FILE`. In the tree once identities can be made.
struct ReviewerKeygen: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("keygen", .reviewerKeygen) }

  @Option(name: .customShort("o"), help: ArgumentHelp(.identityOutput, value: "file")) var output: String
  @OptionGroup var secret: NewSecretOptions
  @OptionGroup var global: GlobalOptions
}
