package import BlobStore
import Platform
/// A blob store in memory that lies on command: it drops, tears and reorders what was not synced, runs full, and fails syncs.
///
/// *Disk* what a crash leaves for certain · *write* one put or append not yet synced · *tear* to keep some 512-byte sectors of a
/// write and lose others. Everything random comes from the seed; print it when a test fails.
import TestKit
package import VaultFormat

package final class MemoryBlobStore: BlobStore, @unchecked Sendable {
  /// What tests can make go wrong. Set while nothing runs.
  package struct Faults: Sendable {
    /// Bytes that fit, over all objects.
    package var capacity = Int.max
    /// Syncs to come that fail for every object they cover.
    package var failingSyncs = 0
    /// A failed sync loses sectors of what it covered, also for readers, as when the kernel has dropped the pages.
    package var losesBytesOnFailure = false
    /// Calls of this name fail with `.io`, this many times.
    package var failingCalls: [String: Int] = [:]
    package init() {}
  }

  /// How often each operation was called.
  package private(set) var counts: [String: Int] = [:]
  package var faults = Faults()
  /// What was asked for ahead, in order.
  package private(set) var prefetched: [BlobObject] = []
  /// Called when a blob is there and whoever puts it has not heard of it. Set while nothing runs.
  package var afterPut: (() -> Void)?

  private struct Entry {
    var bytes: [UInt8]
    /// What is on disk; nil while not even the name is.
    var disk: [UInt8]?
    /// Ranges written since the last sync, in order.
    var writes: [Range<Int>] = []
    /// Space set aside, all of the object's.
    var reserved = 0

    var room: Int { max(bytes.count, reserved) }
  }

  private let lock = Lock()
  private var entries: [BlobObject: Entry] = [:]
  /// Deleted, and perhaps back after a crash.
  private var deleted: [BlobObject: [UInt8]] = [:]
  private var unsureObjects: Set<BlobObject> = []
  private var generator: SeededGenerator

  package init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// The store as it may be after a power cut at this instant.
  package func crashed() -> MemoryBlobStore {
    lock.withLock {
      let next = MemoryBlobStore(seed: generator.next())
      for (object, entry) in entries {
        guard let bytes = survivors(entry) else { continue }
        next.entries[object] = Entry(bytes: bytes, disk: bytes)
      }
      for (object, bytes) in deleted where Bool.random(using: &generator) {
        next.entries[object] = Entry(bytes: bytes, disk: bytes)
      }
      return next
    }
  }

  /// Changes one byte at rest.
  package func flip(_ object: BlobObject, at offset: Int, mask: UInt8 = 1) {
    lock.withLock {
      entries[object]?.bytes[offset] ^= mask
      if entries[object]?.disk != nil { entries[object]?.disk?[offset] ^= mask }
    }
  }

  /// Cuts an object short at rest.
  package func cut(_ object: BlobObject, to byteCount: Int) {
    lock.withLock { entries[object]?.bytes.removeSubrange(byteCount...) }
  }

  package func bytes(of object: BlobObject) -> [UInt8]? { lock.withLock { entries[object]?.bytes } }
  package func resetCounts() { lock.withLock { counts = [:] } }

  // MARK: BlobStore

  package func put(_ id: BlobID, _ sealed: UnsafeRawBufferPointer) throws(BlobStoreError) {
    try call("put") { () throws(BlobStoreError) -> Void in
      guard entries[.blob(id)] == nil else { throw .exists }
      try makeRoom(sealed.count)
      entries[.blob(id)] = Entry(bytes: Array(sealed), writes: [0..<sealed.count])
    }
    afterPut?()
  }

  package func beginPack(_ number: PackNumber) throws(BlobStoreError) {
    try call("beginPack") { () throws(BlobStoreError) -> Void in
      guard entries[.pack(number)] == nil else { throw .exists }
      entries[.pack(number)] = Entry(bytes: [])
    }
  }

  package func reserve(_ number: PackNumber, byteCount: Int) throws(BlobStoreError) {
    try call("reserve") { () throws(BlobStoreError) -> Void in
      guard let entry = entries[.pack(number)] else { throw .missing }
      try makeRoom(byteCount - entry.room)
      entries[.pack(number)]!.reserved = max(entry.reserved, byteCount)
    }
  }

  package func append(_ bytes: UnsafeRawBufferPointer, to number: PackNumber, at offset: Int) throws(BlobStoreError) {
    try call("append") { () throws(BlobStoreError) -> Void in
      guard var entry = entries[.pack(number)] else { throw .missing }
      guard offset <= entry.bytes.count else { throw .io("a gap") }
      let end = offset + bytes.count
      try makeRoom(end - entry.room)
      // One owner of the array, so that it is not copied.
      entries[.pack(number)] = nil
      defer { entries[.pack(number)] = entry }
      if end > entry.bytes.count { entry.bytes += [UInt8](repeating: 0, count: end - entry.bytes.count) }
      entry.bytes.replaceSubrange(offset..<end, with: bytes)
      entry.writes.append(offset..<end)
    }
  }

  package func endPack(_ number: PackNumber, byteCount: Int) throws(BlobStoreError) {
    try call("endPack") { () throws(BlobStoreError) -> Void in
      guard let entry = entries[.pack(number)] else { throw .missing }
      entries[.pack(number)]!.reserved = 0
      if entry.bytes.count > byteCount {
        entries[.pack(number)]!.bytes.removeLast(entry.bytes.count - byteCount)
        if let disk = entry.disk { entries[.pack(number)]!.disk = Array(disk.prefix(byteCount)) }
      }
    }
  }

  package func read(
    _ object: BlobObject, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(BlobStoreError) -> Int {
    try call("read") { () throws(BlobStoreError) -> Int in
      guard let entry = entries[object] else { throw .missing }
      let count = max(0, min(buffer.count, entry.bytes.count - offset))
      if count > 0 { buffer.copyBytes(from: entry.bytes[offset..<offset + count]) }
      return count
    }
  }

  package func prefetch(_ object: BlobObject, at offset: Int, byteCount: Int) {
    lock.withLock { prefetched.append(object) }
  }

  package func byteCount(of object: BlobObject) throws(BlobStoreError) -> Int {
    try call("byteCount") { () throws(BlobStoreError) -> Int in
      guard let entry = entries[object] else { throw .missing }
      return entry.bytes.count
    }
  }

  package func sync() throws(BlobStoreError) {
    try call("sync") { () throws(BlobStoreError) -> Void in
      if faults.failingSyncs > 0 {
        faults.failingSyncs -= 1
        let covered = entries.filter { !$0.value.writes.isEmpty || $0.value.disk == nil }.keys
        unsureObjects.formUnion(covered)
        for object in covered { lose(object) }
        throw .io("sync failed on command")
      }
      guard unsureObjects.isEmpty else { throw .unsure }
      for object in entries.keys {
        entries[object]!.disk = entries[object]!.bytes
        entries[object]!.writes = []
      }
      deleted = [:]
    }
  }

  package var unsure: [BlobObject] { lock.withLock { Array(unsureObjects) } }

  package func rewrite(
    _ object: BlobObject, byteCount: Int, accept: (_ bytes: UnsafeRawBufferPointer, _ isLast: Bool) -> Bool
  ) throws(BlobStoreError) -> Bool {
    // Not under the lock: `accept` is foreign code.
    try call("rewrite") { () throws(BlobStoreError) -> Void in }
    guard let bytes = bytes(of: object), bytes.count >= byteCount else { return false }
    let step = BlobGeometry.sealedByteCount(BlobGeometry.byteCountMax)
    var done = 0
    repeat {
      let end = min(done + step, byteCount)
      guard bytes[done..<end].withUnsafeBytes({ accept($0, end == byteCount) }) else { return false }
      done = end
    } while done < byteCount
    lock.withLock {
      entries[object]?.writes = [0..<byteCount]
      unsureObjects.remove(object)
    }
    return true
  }

  package func delete(_ object: BlobObject) throws(BlobStoreError) {
    try call("delete") { () throws(BlobStoreError) -> Void in
      unsureObjects.remove(object)
      guard let entry = entries.removeValue(forKey: object) else { return }
      if let disk = entry.disk { deleted[object] = disk }
    }
  }

  package func syncDeletions() throws(BlobStoreError) {
    try call("syncDeletions") { () throws(BlobStoreError) -> Void in deleted = [:] }
  }

  /// Copies in memory do not outlive a crash.
  package func removeRemains() throws(BlobStoreError) {}

  package func blobs() throws(BlobStoreError) -> [BlobID] {
    try call("blobs") { () throws(BlobStoreError) -> [BlobID] in
      entries.keys.compactMap { if case .blob(let id) = $0 { id } else { nil } }
    }
  }

  package func packs() throws(BlobStoreError) -> [PackNumber] {
    try call("packs") { () throws(BlobStoreError) -> [PackNumber] in
      entries.keys.compactMap { if case .pack(let number) = $0 { number } else { nil } }
    }
  }

  // MARK: Helpers, under the lock

  private func call<Result>(_ name: String, _ body: () throws(BlobStoreError) -> Result) throws(BlobStoreError) -> Result {
    try lock.withLock { () throws(BlobStoreError) -> Result in
      counts[name, default: 0] += 1
      if let left = faults.failingCalls[name], left > 0 {
        faults.failingCalls[name] = left - 1
        throw .io("\(name) failed on command")
      }
      return try body()
    }
  }

  private func makeRoom(_ byteCount: Int) throws(BlobStoreError) {
    guard faults.capacity < Int.max, byteCount > 0 else { return }
    let used = entries.values.reduce(0) { $0 + $1.room }
    guard byteCount <= faults.capacity - used else { throw .outOfSpace }
  }

  /// What is left of an object: its disk state, and any part of any write since, in any order. Nil: not even its name.
  private func survivors(_ entry: Entry) -> [UInt8]? {
    guard entry.disk != nil || Bool.random(using: &generator) else { return nil }
    var bytes = entry.disk ?? []
    for write in entry.writes.shuffled(using: &generator) {
      var sector = write.lowerBound
      while sector < write.upperBound {
        let end = min(write.upperBound, (sector / 512 + 1) * 512)
        if Bool.random(using: &generator) {
          if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
          bytes.replaceSubrange(sector..<end, with: entry.bytes[sector..<end])
        }
        sector = end
      }
    }
    return bytes
  }

  private func lose(_ object: BlobObject) {
    guard faults.losesBytesOnFailure, var entry = entries[object] else { return }
    for write in entry.writes where !write.isEmpty {
      let at = Int.random(in: write, using: &generator)
      for index in at..<min(write.upperBound, at + 512) { entry.bytes[index] ^= 0xff }
    }
    entries[object] = entry
  }
}
