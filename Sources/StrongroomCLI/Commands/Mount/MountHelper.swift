import ArgumentParser

/// What mount(8) calls as `/sbin/mount.fuse.strongroom`, a link to this program. In the tree once vaults can be mounted.
struct MountHelper: ParsableCommand {
  static let name = "mount-helper"
  static var configuration: CommandConfiguration { CommandConfiguration(name, .mountHelper, shouldDisplay: false) }

  /// mount(8)'s own form, which `MountHelperArguments` reads.
  @Argument(parsing: .captureForPassthrough) var arguments: [String] = []

  func settings() throws(CommandFailure) -> (arguments: MountHelperArguments, configuration: MountConfiguration) {
    let parsed = try MountHelperArguments(parsing: arguments)
    var configuration = MountConfiguration()
    try parsed.options.apply(to: &configuration)
    return (parsed, configuration)
  }
}
