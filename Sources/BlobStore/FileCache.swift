import Platform
import VaultFormat

/// Open files for reading, bounded in number; what was not used for longest (by the clock rule) is closed first.
///
/// From any thread. A file that is in use when it leaves the cache is closed when its last user lets go.
final class FileCache: Sendable {
  private static let shardCount = 8
  private let shards: [Shard]

  /// - Parameter countMax: files kept open, at least one per shard.
  init(countMax: Int) {
    shards = (0..<Self.shardCount).map { _ in Shard(countMax: max(1, countMax / Self.shardCount)) }
  }

  func file(_ object: BlobObject) -> File? { shard(of: object).find(object) }
  func insert(_ object: BlobObject, _ file: File) { shard(of: object).insert(object, file) }
  func remove(_ object: BlobObject) { shard(of: object).remove(object) }

  @inline(__always)
  private func shard(of object: BlobObject) -> Shard {
    switch object {
    case .blob(let id): shards[Int(truncatingIfNeeded: id.low) & (Self.shardCount - 1)]
    case .pack(let number): shards[Int(number.value) & (Self.shardCount - 1)]
    }
  }

  /// Everything is guarded by `lock`; files are closed outside it.
  private final class Shard: @unchecked Sendable {
    private struct Entry {
      var object: BlobObject
      var file: File
      var isUsed: Bool
    }

    private let lock = Lock()
    private let countMax: Int
    private var indexes: [BlobObject: Int] = [:]
    private var entries: [Entry] = []
    private var hand = 0

    init(countMax: Int) { self.countMax = countMax }

    func find(_ object: BlobObject) -> File? {
      lock.withLock { () -> File? in
        guard let index = indexes[object] else { return nil }
        entries[index].isUsed = true
        return entries[index].file
      }
    }

    func insert(_ object: BlobObject, _ file: File) {
      let gone = lock.withLock { () -> File? in
        if let index = indexes[object] {
          let old = entries[index].file
          entries[index].file = file
          return old
        }
        let fresh = Entry(object: object, file: file, isUsed: false)
        guard entries.count >= countMax else {
          indexes[object] = entries.count
          entries.append(fresh)
          return nil
        }
        while entries[hand].isUsed {
          entries[hand].isUsed = false
          hand = (hand + 1) % entries.count
        }
        let old = entries[hand]
        indexes[old.object] = nil
        indexes[object] = hand
        entries[hand] = fresh
        hand = (hand + 1) % entries.count
        return old.file
      }
      withExtendedLifetime(gone) {}
    }

    func remove(_ object: BlobObject) {
      let gone = lock.withLock { () -> File? in
        guard let index = indexes.removeValue(forKey: object) else { return nil }
        let old = entries[index].file
        let last = entries.removeLast()
        if index < entries.count {
          entries[index] = last
          indexes[last.object] = index
        }
        if hand >= entries.count { hand = 0 }
        return old
      }
      withExtendedLifetime(gone) {}
    }
  }
}
