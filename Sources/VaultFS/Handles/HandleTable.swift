import Platform
import Synchronization
import VaultFormat

/// Open documents by number, in shards so that no lock is shared by all.
final class HandleTable: @unchecked Sendable {
  private static let shardCount = 32
  private let next = Atomic<UInt64>(1)
  /// `shards[i]` belongs to `locks[i]`.
  private let locks: [Lock] = (0..<shardCount).map { _ in Lock() }
  private let shards: UnsafeMutablePointer<[UInt64: OpenDocument]>

  init() {
    shards = .allocate(capacity: Self.shardCount)
    shards.initialize(repeating: [:], count: Self.shardCount)
  }

  deinit {
    shards.deinitialize(count: Self.shardCount)
    shards.deallocate()
  }

  func newID() -> HandleID { HandleID(next.add(1, ordering: .relaxed).oldValue) }

  @inline(__always)
  subscript(id: HandleID) -> OpenDocument? {
    let shard = Int(id.value) % Self.shardCount
    return locks[shard].withLock { shards[shard][id.value] }
  }

  func insert(_ handle: OpenDocument) {
    let shard = Int(handle.id.value) % Self.shardCount
    locks[shard].withLock { shards[shard][handle.id.value] = handle }
  }

  func remove(_ id: HandleID) -> OpenDocument? {
    let shard = Int(id.value) % Self.shardCount
    return locks[shard].withLock { shards[shard].removeValue(forKey: id.value) }
  }

  var count: Int { (0..<Self.shardCount).reduce(0) { total, shard in total + locks[shard].withLock { shards[shard].count } } }

  /// Whether any handle is such. Allocates nothing.
  func contains(_ isWanted: (OpenDocument) -> Bool) -> Bool {
    (0..<Self.shardCount).contains { shard in
      locks[shard].withLock { shards[shard].isEmpty ? false : shards[shard].values.contains(where: isWanted) }
    }
  }

  var all: [OpenDocument] {
    (0..<Self.shardCount).flatMap { shard in locks[shard].withLock { Array(shards[shard].values) } }.sorted {
      $0.id.value < $1.id.value
    }
  }
}
