import Platform

/// Counts by name, from any thread.
package final class Counts: @unchecked Sendable {
  private let lock = Lock()
  private var counts: [String: Int] = [:]

  package init() {}

  /// Returns the new count.
  @discardableResult
  package func add(_ name: String) -> Int {
    lock.withLock {
      counts[name, default: 0] += 1
      return counts[name]!
    }
  }

  package var all: [String: Int] { lock.withLock { counts } }

  package func reset() { lock.withLock { counts = [:] } }
}
