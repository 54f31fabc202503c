package import BlobStore
package import Keys
import Platform
package import VaultFormat

/// Content: sealed into blobs and packs, read back in the clear. Joins `Keys` and `BlobStore`; knows no documents but their extents.
///
/// *Content store* this · *pack set* the packs, and the one that grows · *page cache* pages in the clear, in locked memory ·
/// *open blob* one whose key is unwrapped · *read-ahead* opening on another thread what a reader will want next.
///
/// All calls may be made from any thread, `sync` and `committed` from one at a time. After a failed sync the mount should
/// refuse changes and call `sync` again when it likes: what the disk may have lost is read back, checked against its seal, written
/// anew, and only then counts (docs/format/blobs.md, "When a sync fails").
package final class ContentStore: Sendable {
  let keys: VaultKeys
  let store: any BlobStore
  let settings: ContentSettings
  let packs: PackSet
  let cache: PageCache
  let blobs: OpenBlobs
  let ahead: ReadAhead?
  let removal: Removal
  let sealing = SealingThreads()
  let closed = ClosedDocuments()
  /// References of blob files that no sync has covered yet: what a rewrite checks them with.
  let fresh = FreshBlobs()
  let syncing = Lock()
  /// For sealed pages on their way in, and for whole sealed blobs on their way out.
  let scratch = BufferPool(byteCount: ContentStore.runPageCountMax * BlobGeometry.sealedPageByteCount + 4096, keptCountMax: 16)
  let output = BufferPool(byteCount: BlobGeometry.sealedByteCount(BlobGeometry.byteCountMax), keptCountMax: 3)

  /// Pages read from a store in one go: what stays in the second-level cache between reading and opening.
  static let runPageCountMax = 16

  /// Opens the content of a vault. Starts its threads; `close` ends them.
  /// - Parameters:
  ///   - packs: what the catalog says of them.
  ///   - nextPackNumber: a number never used. Called on a thread that seals, with locks held: it throws where none is to be had, and never
  ///     waits for a commit.
  /// - Throws: `memoryNotLocked`.
  package init(
    keys: VaultKeys, store: any BlobStore, packs: [PackNumber: PackRecord], settings: ContentSettings = ContentSettings(),
    nextPackNumber: @escaping @Sendable () throws(ContentError) -> PackNumber
  ) throws(ContentError) {
    self.keys = keys
    self.store = store
    self.settings = settings
    self.packs = PackSet(store: store, keys: keys, records: packs, nextNumber: nextPackNumber)
    cache = try PageCache(byteCount: settings.pageCacheByteCount)
    blobs = OpenBlobs(keys: keys, countMax: settings.openBlobCountMax)
    removal = Removal(store: store, cache: cache)
    ahead =
      settings.readAheadByteCount > 0
      ? ReadAhead(PageReader(store: store, packs: self.packs, cache: cache, scratch: scratch)) : nil
    sealing.start(
      seal: { [unowned self] in sealed($0) }, discard: { [unowned self] in discard([$0]) })
  }

  /// From now on small documents can be sealed after their last close. `name` is called on the thread that does it, for each that is sealed.
  func startSealingClosed(name: @escaping @Sendable (DocumentContent) -> Void) {
    closed.start(seal: { [unowned self] in sealed($0) }, discard: { [unowned self] in discard([$0]) }, name: name)
  }

  /// Ends the threads, after the removals under way, and gives back space set aside. Nothing may be called afterwards. What was not
  /// synced is not on disk.
  package func close() {
    ahead?.close()
    closed.close()
    sealing.close()
    removal.close()
    packs.close()
    // After an end in order nobody looks for what nothing names. Where this fails `verify` does.
    try? store.syncDeletions()
  }

  /// Bytes that the page cache can hold.
  package var pageCacheByteCount: Int { cache.byteCount }

  /// Waits until read-ahead has done all that it was asked for; for tests and measurements.
  package func finishReadAhead() { ahead?.drain() }

  /// Pages that the page cache holds now.
  package var cachedPageCount: Int { cache.pageCount }
}

/// How much memory content may take.
package struct ContentSettings: Sendable {
  /// The arena of pages in the clear, all of it locked from the start.
  package var pageCacheByteCount = 64 << 20
  /// How far a sequential reader is read ahead, at least; 0 for not at all.
  package var readAheadByteCount = 1 << 20
  /// Blobs whose keys are kept unwrapped.
  package var openBlobCountMax = 2048

  package init() {}
}

/// References of sealed blob files until a sync has covered them; from before the store knows the blob, so that there is none without.
final class FreshBlobs: @unchecked Sendable {
  private let lock = Lock()
  private var references: [BlobID: BlobReference] = [:]
  /// Being put: a sync may or may not have covered them, so that they stay for the next one.
  private var underWay: [BlobID: BlobReference] = [:]

  func begin(_ blob: BlobReference) { lock.withLock { underWay[blob.id] = blob } }

  /// - Parameter isPut: false where the store has nothing of it.
  func end(_ id: BlobID, isPut: Bool) {
    lock.withLock {
      let blob = underWay.removeValue(forKey: id)
      if isPut { references[id] = blob }
    }
  }

  func take() -> [BlobID: BlobReference] {
    lock.withLock {
      defer { references = [:] }
      return references.merging(underWay) { $1 }
    }
  }

  func putBack(_ taken: [BlobID: BlobReference]) { lock.withLock { references.merge(taken) { $1 } } }
}
