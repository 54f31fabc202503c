import ArgumentParser

/// What mount(8) calls as `/sbin/mount.fuse.strongroom`, a link to this program.
struct MountHelper: StrongroomCommand {
  static let name = "mount-helper"
  static var configuration: CommandConfiguration { CommandConfiguration(name, .mountHelper, shouldDisplay: false) }

  /// mount(8)'s own form, which `MountHelperArguments` reads.
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  /// mount(8) has no options of ours.
  var global: GlobalOptions { GlobalOptions.parseOrExit([]) }

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (parsed, configuration) = try settings()
    guard !parsed.isDryRun else { return .done }
    return try MountStart(
      vault: parsed.vault, mountpoint: parsed.mountpoint, configuration: configuration, isForeground: false
    ).run(in: context)
  }

  func settings() throws(CommandFailure) -> (arguments: MountHelperArguments, configuration: MountConfiguration) {
    let parsed = try MountHelperArguments(parsing: arguments)
    var configuration = MountConfiguration()
    try parsed.options.apply(to: &configuration)
    return (parsed, configuration)
  }
}
