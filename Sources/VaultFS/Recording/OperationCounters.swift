import Synchronization

/// Figures for `status`: no names, only counts.
final class OperationCounters: Sendable {
  let operations = Atomic<UInt64>(0)
  let refusals = Atomic<UInt64>(0)
  let readBytes = Atomic<UInt64>(0)
  let writtenBytes = Atomic<UInt64>(0)

  @inline(__always) func operation() { operations.add(1, ordering: .relaxed) }
  func refusal() { refusals.add(1, ordering: .relaxed) }
}
