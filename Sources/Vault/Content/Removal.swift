import BlobStore
import Platform
import VaultFormat

/// Removes, on a thread of its own, what nothing names any more. What cannot be removed stays behind, is counted, and is looked for later.
///
/// All fields are guarded by `lock`.
final class Removal: @unchecked Sendable {
  private let store: any BlobStore
  private let cache: PageCache
  private let lock = Lock()
  private let wake = Condition()
  private let idle = Condition()
  private var waiting: [(object: BlobObject, pageCount: Int)] = []
  private var isWorking = false
  private var holdCount = 0
  private var isClosing = false
  private var failures = 0
  private var thread: Thread?
  /// Blobs made since the mount, until garbage was looked for once: the catalog may not name them yet.
  private var made: Set<BlobID>? = []

  init(store: any BlobStore, cache: PageCache) {
    self.store = store
    self.cache = cache
    thread = Thread(name: "removal") { [self] in run() }
  }

  func add(_ object: BlobObject, pageCount: Int = 0) {
    lock.withLock {
      waiting.append((object, pageCount))
      wake.signal()
    }
  }

  func hold() { lock.withLock { holdCount += 1 } }

  func letGo() {
    lock.withLock {
      holdCount -= 1
      wake.signal()
    }
  }

  /// Returns when everything added before is removed, or could not be.
  func drain() {
    lock.withLock {
      while holdCount == 0, !waiting.isEmpty || isWorking { idle.wait(lock) }
    }
  }

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

  /// Ends the thread after what waits, unless that is held.
  func close() {
    lock.withLock {
      isClosing = true
      wake.signal()
    }
    thread?.join()
    thread = nil
  }

  private func run() {
    while true {
      let next = lock.withLock { () -> (object: BlobObject, pageCount: Int)? in
        isWorking = false
        if waiting.isEmpty { idle.broadcast() }
        while waiting.isEmpty || holdCount > 0 {
          if isClosing { return nil }
          wake.wait(lock)
        }
        isWorking = true
        return waiting.removeLast()
      }
      guard let next else { return }
      if case .blob(let id) = next.object { cache.remove(id, pageCount: next.pageCount) }
      do throws(BlobStoreError) { try store.delete(next.object) } catch { lock.withLock { failures += 1 } }
    }
  }
}
