import ArgumentParser

/// `mount VAULT MOUNTPOINT`: unlocks here, hands the key to the process that mounts, and returns when that is ready.
struct MountCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("mount", .mount) }

  @Argument(help: ArgumentHelp(.vaultArgument)) var vault: String
  @Argument(help: ArgumentHelp(.mountpointArgument)) var mountpoint: String
  @Option(help: ArgumentHelp(.configFile, value: "file")) var config: String?
  @Option(name: .customShort("o"), help: ArgumentHelp(.options, value: "options")) var options: [String] = []
  @Option(help: ArgumentHelp(.mountUser, value: "name")) var user: String?
  @Flag(help: ArgumentHelp(.foreground)) var foreground = false
  @OptionGroup var secret: SecretOptions
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    try MountStart(vault: vault, mountpoint: mountpoint, configuration: try settings(), isForeground: foreground).run(in: context)
  }

  /// The file first, then `-o`, then the options that have names of their own.
  func settings() throws(CommandFailure) -> MountConfiguration {
    var configuration = MountConfiguration()
    if let config { try ConfigurationFile.read(config, into: &configuration) }
    try MountOptionList(parsing: options).apply(to: &configuration)
    if let user { try MountSetting.named("user", place: "--user").apply(user, to: &configuration, place: "--user") }
    if secret.passphraseFile != nil || secret.keyFile != nil {
      configuration.passphraseFile = nil
      configuration.keyFile = nil
      try apply(secret.passphraseFile, to: "passphrase-file", in: &configuration)
      try apply(secret.keyFile, to: "key-file", in: &configuration)
    }
    return configuration
  }

  /// Paths are made absolute, since the MOUNT record names them.
  private func apply(_ path: String?, to name: String, in configuration: inout MountConfiguration) throws(CommandFailure) {
    guard let path else { return }
    let value = path == "-" ? path : PathBytes.text(PathBytes.absolute(path))
    try MountSetting.named(name, place: "--\(name)").apply(value, to: &configuration, place: "--\(name)")
  }
}
