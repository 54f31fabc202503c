import Keys
import Platform
import Synchronization
import VaultFormat

/// A blob whose key is unwrapped, and how it has been read lately. From any thread; the counters are hints, and a lost update costs
/// at most a page opened twice.
final class OpenBlob: Sendable {
  let opener: BlobOpener
  /// Where the next read begins if the reader goes on; in plaintext bytes of the blob.
  private let expected = Atomic<Int>(0)
  /// Reads that began where the one before ended.
  private let runLength = Atomic<Int>(0)
  /// Pages before this one are read, or being read, by readers themselves.
  private let readEnd = Atomic<Int>(0)
  /// Pages before this one have been given to read-ahead.
  private let askedEnd = Atomic<Int>(0)

  init(_ opener: BlobOpener) { self.opener = opener }

  /// Notes a read. Returns whether it goes on where earlier ones ended, at least the second time.
  func noteRead(from start: Int, to end: Int) -> Bool {
    let endPage = BlobGeometry.pageCount(end)
    let run: Int
    if expected.load(ordering: .relaxed) == start {
      run = runLength.load(ordering: .relaxed) + 1
    } else {
      run = start == 0 ? 1 : 0
      askedEnd.store(endPage, ordering: .relaxed)
    }
    expected.store(end, ordering: .relaxed)
    runLength.store(run, ordering: .relaxed)
    readEnd.store(endPage, ordering: .relaxed)
    return run >= 2
  }

  /// A reader is about to come in at `start` from the blob before it.
  func noteArrival(at start: Int) {
    guard expected.exchange(start, ordering: .relaxed) != start else { return }
    runLength.store(1, ordering: .relaxed)
    readEnd.store(start / BlobGeometry.pageByteCount, ordering: .relaxed)
    askedEnd.store(start / BlobGeometry.pageByteCount, ordering: .relaxed)
  }

  /// The pages of `wanted` that were not given to read-ahead before, if they are at least so many; gives them to it.
  func ask(for wanted: Range<Int>, atLeast count: Int) -> Range<Int>? {
    let from = max(wanted.lowerBound, askedEnd.load(ordering: .relaxed))
    guard from < wanted.upperBound, wanted.upperBound - from >= count else { return nil }
    askedEnd.store(wanted.upperBound, ordering: .relaxed)
    return from..<wanted.upperBound
  }

  /// Whether a reader has come to the page, so that opening it ahead is no use.
  func isPassed(_ page: Int) -> Bool { page < readEnd.load(ordering: .relaxed) }
}

/// Blobs with unwrapped keys, bounded in number; what was not used for longest (by the clock rule) goes first.
final class OpenBlobs: Sendable {
  private static let shardCount = 8
  private let shards: [Shard]
  private let keys: VaultKeys

  init(keys: VaultKeys, countMax: Int) {
    self.keys = keys
    shards = (0..<Self.shardCount).map { _ in Shard(countMax: max(1, countMax / Self.shardCount)) }
  }

  /// - Throws: `damaged` where the wrapped key does not open.
  func blob(_ reference: BlobReference) throws(ContentError) -> OpenBlob {
    let shard = shard(of: reference.id)
    if let blob = shard.find(reference.id), blob.opener.byteCount == Int(clamping: reference.byteCount) { return blob }
    let opener: BlobOpener
    do throws(KeysError) { opener = try keys.openBlob(reference) } catch { throw ContentError(error, reference) }
    let blob = OpenBlob(opener)
    shard.insert(reference.id, blob)
    return blob
  }

  func remove(_ id: BlobID) { shard(of: id).remove(id) }

  @inline(__always)
  private func shard(of id: BlobID) -> Shard { shards[Int(truncatingIfNeeded: id.low) & (Self.shardCount - 1)] }

  /// Everything is guarded by `lock`; keys are wiped outside it.
  private final class Shard: @unchecked Sendable {
    private struct Entry {
      var id: BlobID
      var blob: OpenBlob
      var isUsed: Bool
    }

    private let lock = Lock()
    private let countMax: Int
    private var indexes: [BlobID: Int] = [:]
    private var entries: [Entry] = []
    private var hand = 0

    init(countMax: Int) { self.countMax = countMax }

    func find(_ id: BlobID) -> OpenBlob? {
      lock.withLock { () -> OpenBlob? in
        guard let index = indexes[id] else { return nil }
        entries[index].isUsed = true
        return entries[index].blob
      }
    }

    func insert(_ id: BlobID, _ blob: OpenBlob) {
      let gone = lock.withLock { () -> OpenBlob? in
        if let index = indexes[id] {
          let old = entries[index].blob
          entries[index].blob = blob
          return old
        }
        guard entries.count >= countMax else {
          indexes[id] = entries.count
          entries.append(Entry(id: id, blob: blob, isUsed: false))
          return nil
        }
        while entries[hand].isUsed {
          entries[hand].isUsed = false
          hand = (hand + 1) % entries.count
        }
        let old = entries[hand]
        indexes[old.id] = nil
        indexes[id] = hand
        entries[hand] = Entry(id: id, blob: blob, isUsed: false)
        hand = (hand + 1) % entries.count
        return old.blob
      }
      withExtendedLifetime(gone) {}
    }

    func remove(_ id: BlobID) {
      let gone = lock.withLock { () -> OpenBlob? in
        guard let index = indexes.removeValue(forKey: id) else { return nil }
        let old = entries[index].blob
        let last = entries.removeLast()
        if index < entries.count {
          entries[index] = last
          indexes[last.id] = index
        }
        if hand >= entries.count { hand = 0 }
        return old
      }
      withExtendedLifetime(gone) {}
    }
  }
}
