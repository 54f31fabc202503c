import BlobStore
import Keys
import Platform
import VaultFormat

/// The packs of a vault: the one that grows, those that wait to be written or synced, and the sealed ones of earlier.
///
/// Small blobs gather in *chunks* in memory, where they can be read at once, and go to the file a chunk at a time; the running digest
/// follows what was written. A *cut* ends a commit group: zeros up to the next multiple of 4096, so that no later write touches a block
/// that holds committed bytes. What a failed write could not place stays in memory until a later one can.
final class PackSet: @unchecked Sendable {
  let store: any BlobStore
  let keys: VaultKeys
  /// Called under `writing`: it may wait for nothing.
  let nextNumber: @Sendable () throws(ContentError) -> PackNumber
  let chunks = BufferPool(byteCount: PackSet.chunkByteCount, keptCountMax: 4)

  static let chunkByteCount = 1 << 20
  /// Chunks that may wait for a disk that refuses them, before `append` does too.
  static let waitingCountMax = 8
  static let reserveByteCount = 8 << 20

  /// Held over writing to packs, drawing a number and beginning one, and their digests. Taken before `lock`, never after it.
  let writing = Lock()
  /// Guards all else, for moments.
  let lock = Lock()
  var table: [PackNumber: Pack] = [:]
  var current: Pack?
  var filling: PackChunk?
  /// Full and cut chunks, in the order in which they are to be written.
  var waiting: [PackChunk] = []
  /// A number that was drawn, and whose pack could not be begun yet. Guarded by `writing`.
  var spare: PackNumber?
  /// Packs that changed since the last cut; and those that the last cut reported and no commit has confirmed.
  var changed: Set<PackNumber> = []
  var offered: [PackNumber: PackRecord?] = [:]

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

  private func copy(_ chunk: PackChunk, _ offset: Int, _ buffer: UnsafeMutableRawBufferPointer) {
    let from = max(offset, chunk.start)
    let to = min(offset + buffer.count, chunk.start + chunk.byteCount)
    guard from < to else { return }
    (buffer.baseAddress! + (from - offset)).copyMemory(from: chunk.memory + (from - chunk.start), byteCount: to - from)
  }

  // MARK: Looking after

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
