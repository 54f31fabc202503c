import Synchronization

/// Set once, seen by all threads.
final class Flag: Sendable {
  private let cell = Atomic<Bool>(false)
  var isSet: Bool { cell.load(ordering: .acquiring) }
  func set() { cell.store(true, ordering: .releasing) }
}
