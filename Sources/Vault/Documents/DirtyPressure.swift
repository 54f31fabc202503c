import Synchronization

/// How many bytes of content wait in the clear, over all documents; writers seal early when there are too many.
final class DirtyPressure: Sendable {
  private let count = Atomic<Int>(0)
  let limit: Int

  init(limit: Int) { self.limit = limit }

  func add(_ bytes: Int) { count.add(bytes, ordering: .relaxed) }
  func remove(_ bytes: Int) { count.subtract(bytes, ordering: .relaxed) }

  var byteCount: Int { count.load(ordering: .relaxed) }
  var isOverLimit: Bool { byteCount > limit }
}
