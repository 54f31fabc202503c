import Glibc
import TestKit

/// How many cases are judged, in so many lanes at once. STRONGROOM_SEED in the environment repeats a run.
enum Run {
  static let caseCount = 1_000_000
  static let laneCount = 4

  static func seed(_ test: String) -> UInt64 {
    let given = getenv("STRONGROOM_SEED").flatMap { UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0...UInt64.max)
    print("\(test): STRONGROOM_SEED=\(seed)")
    return seed
  }
}

extension SeededGenerator {
  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
