import Foundation

/// What the launching process wants of the one that mounts; the root key travels beside it, in guarded memory.
package struct MountPlan: Codable, Sendable, Equatable {
  /// Absolute paths.
  package var vault: String
  package var mountpoint: String
  /// `MountConfiguration.effective`.
  package var settings: [String: String]

  package init(vault: String, mountpoint: String, configuration: MountConfiguration) {
    self.vault = PathBytes.text(PathBytes.resolved(PathBytes.absolute(vault)))
    self.mountpoint = PathBytes.text(PathBytes.resolved(PathBytes.absolute(mountpoint)))
    settings = configuration.effective
  }

  package func encode() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a mount plan that cannot be encoded") }
    return Array(data)
  }

  package init(parsing bytes: [UInt8]) throws(CommandFailure) {
    guard let plan = try? JSONDecoder().decode(MountPlan.self, from: Data(bytes)) else {
      throw CommandFailure(.usage, .launchDamaged)
    }
    self = plan
  }

  package func configuration() throws(CommandFailure) -> MountConfiguration {
    try MountConfiguration(effective: settings, place: "mount")
  }
}
