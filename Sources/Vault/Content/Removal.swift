import BlobStore
import Platform
import VaultFormat

/// Removes, on a thread of its own, what nothing names any more. What cannot be removed stays behind, is counted, and is looked for later.
///
/// All fields are guarded by `lock`.
final class Removal: @unchecked Sendable {
  private let store: any BlobStore
  private let cache: PageCache
  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  private var waiting: [(object: BlobObject, pageCount: Int)] = []
  private var failures = 0
  /// Blobs made since the mount, until garbage was looked for once: the catalog may not name them yet.
  private var made: Set<BlobID>? = []

  init(store: any BlobStore, cache: PageCache) {
    self.store = store
    self.cache = cache
    worker.start("removal") { [self] in run() }
  }

  func add(_ object: BlobObject, pageCount: Int = 0) {
    lock.withLock {
      waiting.append((object, pageCount))
      worker.wakeOne()
    }
  }

  /// Returns when everything added before is removed, or could not be.
  func drain() { worker.drain(while: !waiting.isEmpty) }

  /// Removals that failed since this was last asked.
  func takeFailureCount() -> Int {
    lock.withLock {
      defer { failures = 0 }
      return failures
    }
  }

  func noteMade(_ id: BlobID) { lock.withLock { _ = made?.insert(id) } }
  func wasMade(_ id: BlobID) -> Bool { lock.withLock { made?.contains(id) ?? true } }
  func forgetMade() { lock.withLock { made = nil } }

  /// Ends the thread after what waits.
  func close() { worker.end() }

  private func run() {
    while let next = next() {
      if case .blob(let id) = next.object { cache.remove(id, pageCount: next.pageCount) }
      do throws(BlobStoreError) { try store.delete(next.object) } catch { lock.withLock { failures += 1 } }
    }
  }

  /// Nil at the end, when nothing waits.
  private func next() -> (object: BlobObject, pageCount: Int)? {
    lock.withLock {
      worker.wait(while: waiting.isEmpty)
      return waiting.popLast()
    }
  }
}
