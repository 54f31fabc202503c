import Synchronization

/// The latest wall time seen, which only moves forward: a clock that is set back extends no grant.
final class LatestTime: Sendable {
  private let cell: Atomic<Int64>

  init(_ time: Int64) { cell = Atomic(time) }

  @inline(__always)
  func advance(to now: Int64) -> Int64 {
    let before = cell.load(ordering: .relaxed)
    if now <= before { return before }
    return cell.max(now, ordering: .relaxed).newValue
  }
}
