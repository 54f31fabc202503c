/// PageCipher: AES-256-GCM over pages, by libgcrypt. Knows no vault.
///
/// *Page* up to 2³¹−1 bytes sealed at once, numbered within what it belongs to · *page key* 32 bytes of the caller's and a *serial*, by
/// which a context knows that it already holds the key · *context* a cipher context of libgcrypt, kept and used again · *nonce* the page's
/// number as 12 bytes, little-endian: under one key each number is sealed once, ever.
///
/// No call allocates once the contexts exist. A context keeps its last key, expanded, in locked memory, until another key takes its
/// place or `forget` is called.
///
/// Why libgcrypt: docs/performance/content.md, "The cipher".
import Platform

package enum PageCipherError: Error, Equatable {
  /// The ciphertext, its tag, the key, the number or the associated data is not what was sealed.
  case authenticationFailed
  /// Keys cannot be locked in memory (RLIMIT_MEMLOCK, or no memory), or the library is older than 1.10.
  case memoryNotLocked
}

/// A key as the cipher takes it. The memory is the caller's, must hold 32 bytes, and must live through every call.
package struct PageKey: @unchecked Sendable {
  let serial: UInt64
  let bytes: UnsafeRawPointer

  /// Draws a serial; the same `PageKey` must be used for all pages under the key, or the key is set up anew each time.
  package init(bytes: UnsafeRawPointer) {
    self.bytes = bytes
    serial = PageKeySerials.next()
  }
}

/// A bounded pool of contexts. Safe from any thread; the lock is held only to take a context and to give it back.
///
/// `@unchecked Sendable`: `idle` is guarded by `lock`; a context is in one thread's hands or in `idle`.
package final class PageCipher: @unchecked Sendable {
  package static let keyByteCount = 32
  package static let nonceByteCount = 12
  package static let tagByteCount = 16
  package static let pageByteCountMax = Int(Int32.max)

  /// Makes sure that contexts find locked memory for their keys. Cheap to call again.
  /// - Throws: `memoryNotLocked`; nothing can be sealed or opened then.
  package static func prepare() throws(PageCipherError) { guard Gcrypt.code == 0 else { throw .memoryNotLocked } }

  /// The pool that the program uses.
  package static let shared = PageCipher(contextCountMax: 16)

  private let lock = Lock()
  private let contextCountMax: Int
  /// Least recently used first.
  private var idle: [PageContext] = []

  /// - Parameter contextCountMax: how many contexts are kept when idle; more are made and freed when more threads work at once.
  package init(contextCountMax: Int) {
    self.contextCountMax = contextCountMax
    idle.reserveCapacity(contextCountMax + 1)
  }

  /// Lends a context that holds `key` for the time of `body`, which may seal and open any number of pages under it.
  @inline(__always)
  package func withContext<Result: ~Copyable, Failure: Error>(
    for key: PageKey, _ body: (PageContext) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let context = take(key.serial)
    defer { giveBack(context) }
    context.hold(key)
    return try body(context)
  }

  /// Takes the key out of every context that holds it. Called when the key's owner ends, while no call under the key is running.
  package func forget(_ key: PageKey) {
    lock.withLock {
      for context in idle where context.serial == key.serial { context.dropKey() }
    }
  }

  /// How many idle contexts hold the key; for tests.
  package func heldCount(of key: PageKey) -> Int { lock.withLock { idle.count { $0.serial == key.serial } } }

  private func take(_ serial: UInt64) -> PageContext {
    lock.lock()
    if let index = idle.lastIndex(where: { $0.serial == serial }) {
      defer { lock.unlock() }
      return idle.remove(at: index)
    }
    if idle.count == contextCountMax || idle.first?.serial == 0 {
      defer { lock.unlock() }
      return idle.removeFirst()
    }
    lock.unlock()
    return PageContext()
  }

  private func giveBack(_ context: PageContext) {
    lock.lock()
    defer { lock.unlock() }
    guard idle.count < contextCountMax else { return }
    idle.append(context)
  }
}
