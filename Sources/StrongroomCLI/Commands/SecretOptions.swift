package import ArgumentParser
package import Sodium

/// How a vault that exists is unlocked.
package struct SecretOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.passphraseFile, value: "file")) package var passphraseFile: String?
  @Option(help: ArgumentHelp(.keyFile, value: "file")) package var keyFile: String?

  package init() {}

  package func validate() throws {
    if passphraseFile != nil, keyFile != nil { throw ValidationError("--passphrase-file and --key-file cannot be used together") }
  }

  package func read(environment: [String: String]) throws(CommandFailure) -> UnlockSecret {
    try SecretSource.choose(
      passphraseFile: passphraseFile, keyFile: keyFile, environment: environment, hasTerminal: TerminalPrompt.isAvailable
    ).read(prompt: Message(ReportText.passphrase))
  }
}

/// The passphrase of a first slot. Credentials do not count: a new vault's secret is chosen, not found.
package struct NewSecretOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.newPassphraseFile, value: "file")) package var passphraseFile: String?

  package init() {}

  package func read() throws(CommandFailure) -> SecretBytes {
    try SecretSource.choose(
      passphraseFile: passphraseFile, keyFile: nil, environment: [:], hasTerminal: TerminalPrompt.isAvailable
    )
    .readNew(prompt: Message(ReportText.newPassphrase), again: Message(ReportText.newPassphraseAgain))
  }
}
