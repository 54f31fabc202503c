import Glibc
import Platform
import Sodium
import VaultFormat

/// Records on their way to one sink, as they were before sealing: a ring of fixed size in locked memory that no core dump holds.
///
/// One thread adds, one takes; neither ever waits for the other. What does not fit is counted.
final class RecordQueue: @unchecked Sendable {
  /// Wiped with its owner.
  private let guarded: GuardedMemory
  private let memory: UnsafeMutableRawBufferPointer
  private let lock = Lock()
  private let changed = Condition()
  /// Guarded by `lock`, as what follows: where the oldest entry begins, and how many bytes are in use from there on.
  private var begin = 0
  private var used = 0
  private var count = 0
  private var isEnding = false
  private var lost: UInt64 = 0

  /// Before each record: its length, the segment, the sequence and the clocks that its times count from. A length of −1 says that the rest of the ring is empty.
  private static let prefixByteCount = 40

  /// - Throws: where the memory cannot be locked.
  init(byteCount: Int) throws(SodiumError) {
    guarded = try GuardedMemory(byteCount: byteCount)
    memory = guarded.bytes
  }

  /// A record that is on disk now. Never waits.
  func add(_ record: UnsafeRawBufferPointer, segment: UInt64, sequence: UInt64, base: Record.TimeBase) {
    lock.withLock {
      guard let place = room(for: Self.prefixByteCount + record.count) else {
        lost += 1
        return
      }
      let start = memory.baseAddress! + place
      start.storeBytes(of: Int64(record.count), as: Int64.self)
      start.storeBytes(of: segment, toByteOffset: 8, as: UInt64.self)
      start.storeBytes(of: sequence, toByteOffset: 16, as: UInt64.self)
      start.storeBytes(of: base.wall, toByteOffset: 24, as: Int64.self)
      start.storeBytes(of: base.boot, toByteOffset: 32, as: Int64.self)
      (start + Self.prefixByteCount).copyMemory(from: record.baseAddress!, byteCount: record.count)
      count += 1
      if count == 1 { changed.broadcast() }
    }
  }

  /// Takes up the bytes of a new entry, which lie together. Entries are multiples of 8 bytes. Under the lock.
  private func room(for byteCount: Int) -> Int? {
    let end = begin + used
    if end < memory.count, memory.count - end < byteCount {
      // It does not fit behind the last one: the rest of the ring stays empty.
      let rest = memory.count - end
      guard memory.count - used >= rest + byteCount else { return nil }
      memory.baseAddress!.storeBytes(of: -1, toByteOffset: end, as: Int64.self)
      used += rest
    }
    guard memory.count - used >= byteCount else { return nil }
    defer { used += byteCount }
    return (begin + used) % memory.count
  }

  /// The oldest records, as many as were taken at once.
  struct Batch {
    var entries: [TrailReader.Entry] = []
    /// Those of them that are no record: memory that went bad. They reach no sink, and count as lost once the batch is removed.
    var unreadableCount = 0

    var count: Int { entries.count + unreadableCount }
  }

  /// The oldest records, at most `limit`; waits for one. Nil at the end, when there is none. They stay until `remove`.
  func next(_ limit: Int) -> Batch? {
    lock.lock()
    while count == 0 {
      if isEnding {
        lock.unlock()
        return nil
      }
      changed.wait(lock)
    }
    let wanted = min(limit, count)
    var place = begin
    lock.unlock()
    // Nothing before the end of what is in use is written to until it is removed.
    var batch = Batch()
    batch.entries.reserveCapacity(wanted)
    while batch.count < wanted {
      if place == memory.count { place = 0 }
      let start = memory.baseAddress! + place
      let byteCount = start.load(as: Int64.self)
      if byteCount < 0 {
        place = 0
        continue
      }
      let bytes = UnsafeRawBufferPointer(start: start + Self.prefixByteCount, count: Int(byteCount))
      let base = Record.TimeBase(
        wall: start.load(fromByteOffset: 24, as: Int64.self), boot: start.load(fromByteOffset: 32, as: Int64.self))
      place += Self.prefixByteCount + Int(byteCount)
      guard let record = try? Record(parsing: bytes, base: base) else {
        batch.unreadableCount += 1
        continue
      }
      batch.entries.append(
        TrailReader.Entry(
          segment: start.load(fromByteOffset: 8, as: UInt64.self), sequence: start.load(fromByteOffset: 16, as: UInt64.self),
          record: record))
    }
    return batch
  }

  /// Wipes the records that `next` gave.
  func remove(_ batch: Batch) {
    lock.withLock {
      lost += UInt64(batch.unreadableCount)
      for _ in 0..<batch.count {
        if begin == memory.count { begin = 0 }
        var start = memory.baseAddress! + begin
        if start.load(as: Int64.self) < 0 {
          used -= memory.count - begin
          begin = 0
          start = memory.baseAddress!
        }
        let byteCount = Self.prefixByteCount + Int(start.load(as: Int64.self))
        explicit_bzero(start, byteCount)
        begin += byteCount
        used -= byteCount
        count -= 1
      }
      if begin == memory.count { begin = 0 }
      changed.broadcast()
    }
  }

  /// How many were lost since the last call.
  func takeLost() -> UInt64 {
    lock.withLock {
      defer { lost = 0 }
      return lost
    }
  }

  var waitingCount: Int { lock.withLock { count } }
  var hasEnding: Bool { lock.withLock { isEnding } }

  func end() {
    lock.withLock {
      isEnding = true
      changed.broadcast()
    }
  }

  /// Waits until there is none, or so long. Returns how many are left.
  func drain(until: Int64) -> Int {
    lock.withLock {
      while count > 0, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
      return count
    }
  }

  /// Returns early when the end comes.
  func pause(nanoseconds: Int64) {
    let until = Clock.boot() + nanoseconds
    lock.withLock {
      while !isEnding, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    }
  }
}
