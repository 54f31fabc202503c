/// Notices a wall clock that was set back. What is judged by time goes on by the latest time known, so that nothing is extended; that it
/// happened stands in the trail.
struct ClockWatch {
  /// Less than this is what time services do every day.
  static let toleranceNanoseconds: Int64 = 60_000_000_000

  /// By how much it was behind when that was last told; 0 while it is not.
  private var told: Int64 = 0

  /// - Parameters:
  ///   - latest: the latest time known, wall nanoseconds.
  ///   - wall: the wall clock.
  /// - Returns: by how many nanoseconds the clock is behind, where that is news.
  mutating func look(latest: Int64, wall: Int64) -> Int64? {
    let behind = latest - wall
    guard behind > Self.toleranceNanoseconds else {
      told = 0
      return nil
    }
    guard behind > told + Self.toleranceNanoseconds || told == 0 else { return nil }
    told = behind
    return behind
  }
}

extension ClockWatch {
  /// By how much the clock is behind at present; nil within the tolerance.
  static func behind(latest: Int64, wall: Int64) -> Int64? {
    latest - wall > toleranceNanoseconds ? latest - wall : nil
  }
}
