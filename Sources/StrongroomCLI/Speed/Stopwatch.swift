import Platform

/// Repeats something until enough time has gone by to say how long it takes.
struct Stopwatch: Sendable {
  /// How long each measurement lasts at least, in seconds.
  var seconds: Double

  /// The time of one call of `body` in seconds: the best of five batches, since what disturbs a batch only makes it longer.
  func secondsPerCall<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> Double {
    var best = Double.infinity
    for _ in 0..<5 {
      var count = 0
      let start = Clock.boot()
      var now = start
      repeat {
        try body()
        count += 1
        now = Clock.boot()
      } while Double(now - start) < seconds / 5 * 1e9
      best = min(best, Double(now - start) / 1e9 / Double(count))
    }
    return best
  }
}
