import BlobStore
import Keys
import Platform
import Sodium
import VaultFormat

/// The packs of a vault: the one that grows, those that wait to be written or synced, and the sealed ones of earlier.
///
/// Small blobs gather in *chunks* in memory, where they can be read at once, and go to the file a chunk at a time; the running digest
/// follows what was written. A *cut* ends a commit group: zeros up to the next multiple of 4096, so that no later write touches a block
/// that holds committed bytes. What a failed write could not place stays in memory until a later one can.
final class PackSet: @unchecked Sendable {
  private let store: any BlobStore
  private let keys: VaultKeys
  private let nextNumber: @Sendable () throws(ContentError) -> PackNumber
  private let chunks = BufferPool(byteCount: PackSet.chunkByteCount, keptCountMax: 4)

  static let chunkByteCount = 1 << 20
  /// Chunks that may wait for a disk that refuses them, before `append` does too.
  static let waitingCountMax = 8
  static let reserveByteCount = 8 << 20

  /// Held over writing to packs, beginning one, and their digests. Taken before `lock`, never after it.
  private let writing = Lock()
  /// Guards all else, for moments.
  private let lock = Lock()
  private var table: [PackNumber: Pack] = [:]
  private var current: Pack?
  private var filling: Chunk?
  /// Full and cut chunks, in the order in which they are to be written.
  private var waiting: [Chunk] = []
  /// A number that was drawn and not needed.
  private var spare: PackNumber?
  /// Packs that changed since the last cut; and those that the last cut reported and no commit has confirmed.
  private var changed: Set<PackNumber> = []
  private var offered: [PackNumber: PackRecord?] = [:]

  init(
    store: any BlobStore, keys: VaultKeys, records: [PackNumber: PackRecord],
    nextNumber: @escaping @Sendable () throws(ContentError) -> PackNumber
  ) {
    self.store = store
    self.keys = keys
    self.nextNumber = nextNumber
    for (number, record) in records {
      table[number] = Pack(sealed: number, record)
      if record.liveByteCount == 0 { changed.insert(number) }
    }
  }

  deinit { for chunk in waiting + [filling].compactMap({ $0 }) { chunks.give(chunk.memory) } }

  // MARK: Appending

  /// Takes a sealed blob in. It can be read on return; it is on disk after the next sync.
  func append(_ sealed: UnsafeRawBufferPointer) throws(ContentError) -> BlobReference.Place {
    if lock.withLock({ waiting.count >= Self.waitingCountMax }) { try flush() }
    while true {
      let pack = try packWithRoom(for: sealed.count)
      try reserve(pack, sealed.count)
      let placed = lock.withLock { () -> (offset: Int, isFull: Bool)? in
        guard current === pack, pack.end + sealed.count <= BlobGeometry.packByteCountMax else { return nil }
        let offset = pack.end
        let before = waiting.count
        fill(pack, sealed)
        pack.liveByteCount += sealed.count
        changed.insert(pack.number)
        return (offset, waiting.count > before)
      }
      guard let placed else { continue }
      // A failure here is met again, and told, by the next append or sync; the bytes are in memory until then.
      if placed.isFull { try? flush() }
      return .pack(pack.number, offset: UInt64(placed.offset))
    }
  }

  private func packWithRoom(for byteCount: Int) throws(ContentError) -> Pack {
    func present() -> Pack? {
      lock.withLock { () -> Pack? in
        guard let current, current.end + byteCount <= BlobGeometry.packByteCountMax else { return nil }
        return current
      }
    }
    if let pack = present() { return pack }
    // Without any lock: this can wait for a commit, which needs them.
    let kept = lock.withLock { () -> PackNumber? in
      defer { spare = nil }
      return spare
    }
    let number = if let kept { kept } else { try nextNumber() }
    return try writing.withLock { () throws(ContentError) -> Pack in
      if let pack = present() {
        lock.withLock { spare = number }
        return pack
      }
      do throws(BlobStoreError) {
        try store.beginPack(number)
      } catch { throw ContentError(error) }
      let pack = Pack(new: number, hash: keys.packHash())
      let ended = lock.withLock { () -> Pack? in
        endGroup()
        let old = current
        old?.isGrowing = false
        current = pack
        table[number] = pack
        return old?.written == old?.end ? old : nil
      }
      if let ended { end(ended) }
      return pack
    }
  }

  /// Has the store set space aside in large steps, so that a full disk shows before anything is promised.
  private func reserve(_ pack: Pack, _ byteCount: Int) throws(ContentError) {
    let slack = Self.chunkByteCount
    func isShort() -> Bool {
      lock.withLock { min(pack.end + byteCount + slack, BlobGeometry.packByteCountMax) > pack.reservedByteCount }
    }
    guard isShort() else { return }
    try writing.withLock { () throws(ContentError) -> Void in
      guard isShort(), lock.withLock({ pack.isGrowing }) else { return }
      let need = lock.withLock { min(BlobGeometry.packByteCountMax, (pack.end + byteCount + 4095) & ~4095) }
      let wish = min(BlobGeometry.packByteCountMax, pack.reservedByteCount + Self.reserveByteCount)
      guard wish > pack.reservedByteCount else { return }
      do throws(BlobStoreError) {
        try store.reserve(pack.number, byteCount: wish)
        lock.withLock { pack.reservedByteCount = wish }
      } catch {
        guard error == .outOfSpace else { throw ContentError(error, .pack(pack.number)) }
        guard need > pack.reservedByteCount else { return }
        do throws(BlobStoreError) {
          try store.reserve(pack.number, byteCount: need)
        } catch { throw ContentError(error, .pack(pack.number)) }
        lock.withLock { pack.reservedByteCount = need }
      }
    }
  }

  /// Copies bytes to the pack's end in memory. Under `lock`.
  private func fill(_ pack: Pack, _ bytes: UnsafeRawBufferPointer) {
    var done = 0
    while done < bytes.count {
      let chunk = filling ?? Chunk(pack: pack, start: pack.end, memory: chunks.take())
      filling = chunk
      let count = min(Self.chunkByteCount - chunk.byteCount, bytes.count - done)
      (chunk.memory + chunk.byteCount).copyMemory(from: bytes.baseAddress! + done, byteCount: count)
      chunk.byteCount += count
      pack.end += count
      done += count
      if chunk.byteCount == Self.chunkByteCount {
        waiting.append(chunk)
        filling = nil
      }
    }
  }

  /// Pads the group and lets its last chunk be written. Under `writing` and `lock`.
  private func endGroup() {
    guard let pack = current else { return }
    let padding = -pack.end & (BlobGeometry.packGroupAlignment - 1)
    if padding > 0 {
      withUnsafeTemporaryAllocation(byteCount: padding, alignment: 16) { zeros in
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        fill(pack, UnsafeRawBufferPointer(zeros))
      }
    }
    if let chunk = filling {
      waiting.append(chunk)
      filling = nil
    }
    if let last = waiting.last(where: { $0.pack === pack }) {
      last.endsGroup = true
    } else if pack.groupEnd != pack.written, let digest = pack.digestOfWritten {
      // The group ended with a full chunk that was written at once.
      pack.digest = digest
      pack.groupEnd = pack.written
    }
  }

  /// The pack grows no more. Where this fails, space set aside beyond its end comes back late: at the next mount.
  private func end(_ pack: Pack) { try? store.endPack(pack.number, byteCount: pack.written) }

  // MARK: Writing

  /// Writes all full and cut chunks to their files. On a throw, what is left stays in memory and readable.
  func flush() throws(ContentError) {
    try writing.withLock { () throws(ContentError) -> Void in
      while let chunk = lock.withLock({ waiting.first }) {
        let pack = chunk.pack
        let bytes = UnsafeRawBufferPointer(start: chunk.memory, count: chunk.byteCount)
        do throws(BlobStoreError) {
          try store.append(bytes, to: pack.number, at: chunk.start)
        } catch { throw ContentError(error, .pack(pack.number)) }
        pack.hash?.update(bytes)
        let digest = chunk.endsGroup ? pack.digestOfWritten : nil
        let isEnded = lock.withLock { () -> Bool in
          waiting.removeFirst()
          pack.written = chunk.start + chunk.byteCount
          if let digest {
            pack.digest = digest
            pack.groupEnd = pack.written
          }
          return !pack.isGrowing && pack.written == pack.end
        }
        chunks.give(chunk.memory)
        if isEnded { end(pack) }
      }
    }
  }

  // MARK: Reading

  /// Reads sealed bytes, from memory where they are not in the file yet. Returns the bytes read.
  func read(_ number: PackNumber, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContentError) -> Int {
    let inFile = lock.withLock { () -> Int in
      guard let pack = table[number], offset + buffer.count > pack.written else { return buffer.count }
      let available = min(buffer.count, max(0, pack.end - offset))
      for chunk in waiting where chunk.pack === pack { copy(chunk, offset, buffer) }
      if let filling, filling.pack === pack { copy(filling, offset, buffer) }
      // Bytes past the end are nobody's; the file says so.
      return available < buffer.count ? buffer.count : min(buffer.count, max(0, pack.written - offset))
    }
    guard inFile > 0 else { return buffer.count }
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<inFile])
    do throws(BlobStoreError) {
      let count = try store.read(.pack(number), at: offset, into: part)
      return count == inFile ? buffer.count : count
    } catch { throw ContentError(error, .pack(number)) }
  }

  private func copy(_ chunk: Chunk, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer) {
    let from = max(offset, chunk.start)
    let to = min(offset + buffer.count, chunk.start + chunk.byteCount)
    guard from < to else { return }
    (buffer.baseAddress! + (from - offset)).copyMemory(from: chunk.memory + (from - chunk.start), byteCount: to - from)
  }

  // MARK: Committing

  /// Ends the group: what was appended before is what the next `states` report, without the blobs of `obsolete`.
  func cut(obsolete: [BlobReference]) {
    writing.withLock {
      lock.withLock {
        endGroup()
        var dropped: [PackNumber: Int] = [:]
        for blob in obsolete {
          guard case .pack(let number, _) = blob.place, table[number] != nil else { continue }
          dropped[number, default: 0] += blob.sealedByteCount
        }
        for number in changed.union(offered.keys).union(dropped.keys) {
          guard let pack = table[number] else { continue }
          let live = max(0, pack.liveByteCount - dropped[number, default: 0])
          // Byte count and digest are known once the chunks are written.
          pack.offeredLiveByteCount = !pack.isGrowing && live == 0 ? nil : live
          offered[number] = .some(nil)
        }
        changed = []
      }
    }
  }

  /// What the catalog has to say of every pack that it does not yet describe so. After `cut` and `flush`, and before the sync that
  /// makes it true: what is written later must not be promised.
  func states() -> [PackState] {
    lock.withLock {
      for number in offered.keys {
        guard let pack = table[number] else { continue }
        offered[number] = .some(
          pack.offeredLiveByteCount.map {
            PackRecord(byteCount: UInt64(pack.groupEnd), liveByteCount: UInt64($0), digest: pack.digest)
          })
      }
      return offered.map { PackState(number: $0.key, record: $0.value) }.sorted { $0.number < $1.number }
    }
  }

  /// The catalog holds the states last reported. Returns the packs that it no longer names.
  func committed() -> [PackNumber] {
    lock.withLock {
      let gone = offered.filter { $0.value == nil }.map(\.key)
      for number in gone { table[number] = nil }
      offered = [:]
      return gone
    }
  }

  /// Blobs in packs that nothing names any more.
  func discard(_ blobs: [BlobReference]) {
    lock.withLock {
      for blob in blobs {
        guard case .pack(let number, _) = blob.place, let pack = table[number] else { continue }
        pack.liveByteCount = max(0, pack.liveByteCount - blob.sealedByteCount)
        changed.insert(number)
      }
    }
  }

  // MARK: Mending and looking after

  /// Saves a pack of which a sync failed: its bytes as the file gives them back must have the digest of what was written.
  func rewrite(_ number: PackNumber) throws(ContentError) {
    try writing.withLock { () throws(ContentError) -> Void in
      let pack = lock.withLock { table[number] }
      guard let pack, let expected = pack.digestOfWritten else {
        // The catalog does not name it, and nobody will.
        try? store.delete(.pack(number))
        return
      }
      var hash = keys.packHash()
      let isSaved: Bool
      do throws(BlobStoreError) {
        isSaved = try store.rewrite(.pack(number), byteCount: lock.withLock { pack.written }) { bytes, isLast in
          hash.update(bytes)
          return !isLast || hash.current() == expected
        }
      } catch { throw ContentError(error, .pack(number)) }
      guard isSaved else { throw .damaged("pack \(number.value) lost bytes that the disk had taken") }
    }
  }

  /// Sealed packs less than half alive, and their dead bytes.
  var worthCompacting: [(number: PackNumber, deadByteCount: Int)] {
    lock.withLock {
      table.values.filter { !$0.isGrowing && $0.written == $0.end && $0.liveByteCount * 2 < $0.groupEnd && $0.liveByteCount > 0 }
        .map { ($0.number, $0.groupEnd - $0.liveByteCount) }.sorted { $0.0 < $1.0 }
    }
  }

  var liveByteCounts: [PackNumber: Int] { lock.withLock { table.mapValues(\.liveByteCount) } }

  func correctLiveByteCount(by difference: Int, of number: PackNumber) {
    lock.withLock {
      guard let pack = table[number], difference != 0 else { return }
      pack.liveByteCount = max(0, pack.liveByteCount + difference)
      changed.insert(number)
    }
  }

  enum Standing { case growing, sealed(byteCount: Int), unknown }

  /// What a pack in the store is to this set. Unknown: the catalog does not name it, nor does this mount write it.
  func standing(of number: PackNumber) -> Standing {
    // A pack is in the store a moment before it is in the table; both happen under `writing`.
    writing.withLock {
      lock.withLock {
        guard let pack = table[number] else { return .unknown }
        return pack.hash == nil ? .sealed(byteCount: pack.end) : .growing
      }
    }
  }

  /// Gives back what was set aside for the pack that grows. After the last sync.
  func close() {
    writing.withLock {
      guard let pack = lock.withLock({ current }), lock.withLock({ pack.written == pack.end }) else { return }
      end(pack)
      lock.withLock {
        pack.isGrowing = false
        current = nil
      }
    }
  }
}

/// One pack. `hash` is guarded by the set's `writing`, the rest by its `lock`.
private final class Pack {
  let number: PackNumber
  /// Bytes given out, in memory or in the file; and those in the file.
  var end: Int
  var written: Int
  var reservedByteCount = 0
  var isGrowing: Bool
  var liveByteCount: Int
  /// What the last cut makes of `liveByteCount`; nil: the pack goes.
  var offeredLiveByteCount: Int?
  /// Where the last written group ends, and the digest up to there.
  var groupEnd: Int
  var digest: [UInt8]
  /// Over the bytes in the file; nil for packs of earlier mounts.
  var hash: Hash?

  init(new number: PackNumber, hash: consuming Hash) {
    self.number = number
    (end, written, groupEnd, liveByteCount) = (0, 0, 0, 0)
    isGrowing = true
    digest = hash.current()
    self.hash = consume hash
  }

  init(sealed number: PackNumber, _ record: PackRecord) {
    self.number = number
    end = Int(record.byteCount)
    written = end
    groupEnd = end
    liveByteCount = Int(record.liveByteCount)
    isGrowing = false
    digest = record.digest
  }

  var digestOfWritten: [UInt8]? { hash?.current() }
}

/// Bytes of a pack that are not in its file yet: page-aligned in memory and in the pack.
private final class Chunk {
  let pack: Pack
  let start: Int
  let memory: UnsafeMutableRawPointer
  var byteCount = 0
  /// The digest is taken where it ends.
  var endsGroup = false

  init(pack: Pack, start: Int, memory: UnsafeMutableRawPointer) {
    self.pack = pack
    self.start = start
    self.memory = memory
  }
}
