import Foundation

/// The two lengths of the tests that search for rare things: short in CI, full in `make soak`.
enum Soak {
  /// `make soak` sets STRONGROOM_SOAK to a factor: 1 is the full length.
  static let factor = ProcessInfo.processInfo.environment["STRONGROOM_SOAK"].flatMap(Double.init)

  static func count(_ short: Int, full: Int) -> Int { factor.map { max(short, Int(Double(full) * $0)) } ?? short }

  /// Where a run's choices come from: STRONGROOM_SEED, or the clock. Told by each test, so that a run can be made again.
  static let seed =
    ProcessInfo.processInfo.environment["STRONGROOM_SEED"].flatMap { UInt64($0) } ?? UInt64(Date().timeIntervalSince1970 * 1000)

  /// What a run did and found: one line on standard output, and in the report of `make soak`.
  static func report(_ line: String) {
    print("soak: \(line)")
    guard let path = ProcessInfo.processInfo.environment["STRONGROOM_SOAK_REPORT"],
      let handle = FileHandle(forWritingAtPath: path)
    else { return }
    _ = try? handle.seekToEnd()
    try? handle.write(contentsOf: Data((line + "\n").utf8))
    try? handle.close()
  }
}

/// splitmix64: the same numbers for the same seed, on every machine.
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
}
