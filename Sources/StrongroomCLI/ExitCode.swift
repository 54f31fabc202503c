/// How a command ends (DESIGN §8). Never renumbered: scripts depend on them.
package enum ExitCode: Int32, Sendable, CaseIterable {
  case done = 0
  case error = 1
  /// The command line or a configuration file is wrong.
  case usage = 2
  /// The command was carried out, and found something.
  case findings = 3
  case refusedByRights = 4
  case refusedByRetention = 6
  case noVault = 10
  /// The vault is locked or in use.
  case inUse = 11
  case wrongSecret = 12
  case trailBroken = 13
  case vaultDamaged = 14
  case interrupted = 130
}
