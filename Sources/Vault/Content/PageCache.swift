import Glibc
import Platform
import VaultFormat

/// Pages of content in the clear, in one locked arena of fixed size: what serves small reads without opening anything, and where
/// read-ahead puts what it opened.
///
/// *Slot* room for one page · *claimed* a slot in one thread's hands, to be filled and then published or given back. Eviction is by
/// the clock rule with a count of uses up to 3: a page that was used again outlives that many turns, so one pass over
/// much content does not push out what is in use. From any thread; a slot's content is read under its shard's lock.
final class PageCache: @unchecked Sendable {
  private let arena: LockedArena
  private let shards: [Shard]
  private let shardShift: UInt64

  /// - Parameter byteCount: of the arena; at least 16 pages are kept.
  /// - Throws: `memoryNotLocked`.
  init(byteCount: Int) throws(ContentError) {
    let slotCount = max(16, byteCount / BlobGeometry.pageByteCount)
    var shardBits = 0
    while shardBits < 5, slotCount >> (shardBits + 1) >= 64 { shardBits += 1 }
    let perShard = slotCount >> shardBits
    arena = try LockedArena(byteCount: (perShard << shardBits) * BlobGeometry.pageByteCount)
    shardShift = UInt64(64 - shardBits)
    let base = arena.base
    shards = (0..<(1 << shardBits)).map {
      Shard(base: base + $0 * perShard * BlobGeometry.pageByteCount, slotCount: perShard)
    }
  }

  /// Bytes of content that fit.
  var byteCount: Int { shards.count * shards[0].slotCount * BlobGeometry.pageByteCount }

  /// A claimed slot: room for one page, which only the claimer sees.
  struct Claim {
    fileprivate let shard: Int
    fileprivate let slot: Int
    let memory: UnsafeMutableRawPointer
  }

  /// Copies bytes of a page, if it is here.
  /// - Parameter isPassing: the reader goes through a long document once: a page that read-ahead put here goes with this use.
  /// - Returns: False if it is not here, or does not have so many bytes.
  @inline(__always)
  func copy(
    page index: Int, of blob: BlobID, from offset: Int, byteCount: Int, into target: UnsafeMutableRawPointer,
    isPassing: Bool = false
  ) -> Bool {
    let hash = Self.hash(blob, index)
    return shards[shard(of: hash)].copy(hash, blob, index, offset, byteCount, target, isPassing)
  }

  func contains(page index: Int, of blob: BlobID) -> Bool {
    let hash = Self.hash(blob, index)
    return shards[shard(of: hash)].contains(hash, blob, index)
  }

  /// A slot to fill with the page. Waits for a moment where other threads are filling all of them.
  func claim(page index: Int, of blob: BlobID) -> Claim {
    let number = shard(of: Self.hash(blob, index))
    let shard = shards[number]
    while true {
      if let slot = shard.claim() { return Claim(shard: number, slot: slot, memory: shard.memory(slot)) }
      sched_yield()
    }
  }

  /// Makes a filled slot the page's. If another thread was faster, the slot is free again.
  func publish(_ claim: Claim, page index: Int, of blob: BlobID, byteCount: Int, isAhead: Bool) {
    shards[claim.shard].publish(claim.slot, Self.hash(blob, index), blob, index, byteCount, isAhead)
  }

  /// Gives back a slot that came to nothing, or served as scratch; wipes it.
  func abandon(_ claim: Claim, byteCount: Int) {
    explicit_bzero(claim.memory, byteCount)
    shards[claim.shard].release(claim.slot)
  }

  /// Wipes a blob's pages out.
  func remove(_ blob: BlobID, pageCount: Int) {
    for index in 0..<pageCount {
      let hash = Self.hash(blob, index)
      shards[shard(of: hash)].remove(hash, blob, index)
    }
  }

  /// Pages here now; for tests and status.
  var pageCount: Int { shards.reduce(0) { $0 + $1.usedCount } }

  /// Blob ids are random, so little mixing is needed.
  @inline(__always)
  fileprivate static func hash(_ blob: BlobID, _ index: Int) -> UInt64 {
    (blob.low ^ (UInt64(truncatingIfNeeded: index) &* 0xd6e8_feb8_6659_fd93)) &* 0x9e37_79b9_7f4a_7c15
  }

  @inline(__always)
  private func shard(of hash: UInt64) -> Int { shards.count == 1 ? 0 : Int(hash >> shardShift) }
}

/// A part of the cache with its own lock, which guards everything but the content of claimed slots.
private final class Shard: @unchecked Sendable {
  private struct Slot {
    var high: UInt64 = 0
    var low: UInt64 = 0
    var page: UInt32 = 0
    var byteCount: UInt32 = 0
    /// The next slot in the same bucket, or the next free one; −1 for none.
    var next: Int32 = -1
    var state = State.free
    var useCount: UInt8 = 0
    var isAhead = false
  }

  private enum State: UInt8 { case free, claimed, published }

  let slotCount: Int
  private let base: UnsafeMutableRawPointer
  private let lock = Lock()
  private let slots: UnsafeMutablePointer<Slot>
  private let buckets: UnsafeMutablePointer<Int32>
  private let bucketMask: Int
  private var firstFree: Int32 = -1
  private var hand = 0
  private var used = 0

  init(base: UnsafeMutableRawPointer, slotCount: Int) {
    self.base = base
    self.slotCount = slotCount
    slots = .allocate(capacity: slotCount)
    slots.initialize(repeating: Slot(), count: slotCount)
    var bucketCount = 16
    while bucketCount < slotCount * 2 { bucketCount *= 2 }
    buckets = .allocate(capacity: bucketCount)
    buckets.initialize(repeating: -1, count: bucketCount)
    bucketMask = bucketCount - 1
    for slot in (0..<slotCount).reversed() { pushFree(slot) }
  }

  deinit {
    slots.deallocate()
    buckets.deallocate()
  }

  var usedCount: Int { lock.withLock { used } }

  @inline(__always)
  func memory(_ slot: Int) -> UnsafeMutableRawPointer { base + slot * BlobGeometry.pageByteCount }

  @inline(__always)
  func copy(
    _ hash: UInt64, _ blob: BlobID, _ page: Int, _ offset: Int, _ byteCount: Int, _ target: UnsafeMutableRawPointer,
    _ isPassing: Bool
  ) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    let slot = find(hash, blob, page)
    guard slot >= 0, offset + byteCount <= Int(slots[slot].byteCount) else { return false }
    target.copyMemory(from: memory(slot) + offset, byteCount: byteCount)
    if isPassing && slots[slot].isAhead {
      // Not before its last byte was taken: requests need not end where pages do.
      guard offset + byteCount == Int(slots[slot].byteCount) else { return true }
      unlink(slot, hash)
      pushFree(slot)
    } else {
      slots[slot].isAhead = false
      if slots[slot].useCount < 3 { slots[slot].useCount += 1 }
    }
    return true
  }

  func contains(_ hash: UInt64, _ blob: BlobID, _ page: Int) -> Bool {
    lock.withLock { find(hash, blob, page) >= 0 }
  }

  /// Nil while every slot is being filled by someone.
  func claim() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    if firstFree >= 0 {
      let slot = Int(firstFree)
      firstFree = slots[slot].next
      slots[slot].state = .claimed
      return slot
    }
    for _ in 0..<(4 * slotCount) {
      let slot = hand
      hand = hand + 1 == slotCount ? 0 : hand + 1
      guard slots[slot].state == .published else { continue }
      if slots[slot].useCount > 0 {
        slots[slot].useCount -= 1
        continue
      }
      unlink(slot, hash(of: slot))
      slots[slot].state = .claimed
      return slot
    }
    return nil
  }

  func publish(_ slot: Int, _ hash: UInt64, _ blob: BlobID, _ page: Int, _ byteCount: Int, _ isAhead: Bool) {
    lock.lock()
    defer { lock.unlock() }
    guard find(hash, blob, page) < 0 else { return pushFree(slot) }
    let bucket = Int(truncatingIfNeeded: hash >> 16) & bucketMask
    slots[slot] = Slot(
      high: blob.high, low: blob.low, page: UInt32(page), byteCount: UInt32(byteCount), next: buckets[bucket], state: .published,
      useCount: 0, isAhead: isAhead)
    buckets[bucket] = Int32(slot)
    used += 1
  }

  func release(_ slot: Int) { lock.withLock { pushFree(slot) } }

  func remove(_ hash: UInt64, _ blob: BlobID, _ page: Int) {
    lock.withLock {
      let slot = find(hash, blob, page)
      guard slot >= 0 else { return }
      explicit_bzero(memory(slot), Int(slots[slot].byteCount))
      unlink(slot, hash)
      pushFree(slot)
    }
  }

  // MARK: Helpers, under the lock

  @inline(__always)
  private func find(_ hash: UInt64, _ blob: BlobID, _ page: Int) -> Int {
    var slot = Int(buckets[Int(truncatingIfNeeded: hash >> 16) & bucketMask])
    while slot >= 0 {
      if slots[slot].low == blob.low && slots[slot].page == UInt32(page) && slots[slot].high == blob.high { return slot }
      slot = Int(slots[slot].next)
    }
    return -1
  }

  private func hash(of slot: Int) -> UInt64 {
    PageCache.hash(BlobID(high: slots[slot].high, low: slots[slot].low), Int(slots[slot].page))
  }

  private func unlink(_ slot: Int, _ hash: UInt64) {
    let bucket = Int(truncatingIfNeeded: hash >> 16) & bucketMask
    if buckets[bucket] == Int32(slot) {
      buckets[bucket] = slots[slot].next
    } else {
      var before = Int(buckets[bucket])
      while slots[before].next != Int32(slot) { before = Int(slots[before].next) }
      slots[before].next = slots[slot].next
    }
    used -= 1
  }

  private func pushFree(_ slot: Int) {
    slots[slot].state = .free
    slots[slot].next = firstFree
    firstFree = Int32(slot)
  }
}
