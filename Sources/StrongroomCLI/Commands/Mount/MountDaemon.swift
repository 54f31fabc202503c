import ArgumentParser

/// The process of a mount, started by `DaemonLauncher` with the plan and the root key on descriptor 3. In the tree once vaults can be mounted.
struct MountDaemon: ParsableCommand {
  static let name = "mount-daemon"
  static var configuration: CommandConfiguration { CommandConfiguration(name, .mountDaemon, shouldDisplay: false) }
}
