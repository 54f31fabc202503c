import Foundation

/// How long the tests by chance run, and from which seed.
///
/// CI runs the short form from a fixed seed, so that a failure is the change's own. `make soak` (STRONGROOM_SOAK, see `Soak`) runs the long
/// one from another seed each time. `STRONGROOM_SEED` sets the seed of either; every failure prints it.
enum Length {
  static var isSoak: Bool { Soak.factor != nil }

  static let seed: UInt64 =
    ProcessInfo.processInfo.environment["STRONGROOM_SEED"].flatMap { UInt64($0) }
    ?? (isSoak ? UInt64(Date().timeIntervalSince1970) : 1)

  /// The number that an environment variable names, or the one of this length.
  static func count(_ variable: String, short: Int, soak: Int) -> Int {
    ProcessInfo.processInfo.environment[variable].flatMap { Int($0) } ?? Soak.count(short, full: soak)
  }
}
