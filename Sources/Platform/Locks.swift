package import Glibc

/// A pthread mutex. Not recursive. Costs half of `Mutex` under contention here, and pairs with `Condition`.
package final class Lock: @unchecked Sendable {
  // Inlinable, here and below: without it every use from another part is a call of the generic function, with its closure in memory.
  @usableFromInline let raw: UnsafeMutablePointer<pthread_mutex_t>

  package init() {
    raw = .allocate(capacity: 1)
    precondition(pthread_mutex_init(raw, nil) == 0)
  }

  deinit {
    pthread_mutex_destroy(raw)
    raw.deallocate()
  }

  @inlinable @inline(__always) package func lock() {
    pthread_mutex_lock(raw)
    #if DEBUG
      LockCount.note(raw)
    #endif
  }
  @inlinable @inline(__always) package func unlock() { pthread_mutex_unlock(raw) }
  /// Whether the caller has it now.
  @inline(__always) package func tryLock() -> Bool {
    guard pthread_mutex_trylock(raw) == 0 else { return false }
    #if DEBUG
      LockCount.note(raw)
    #endif
    return true
  }

  @inlinable @inline(__always)
  package func withLock<Result: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }
}

/// A pthread read-write lock that lets waiting writers in before new readers. Not recursive, not even for readers.
package final class ReadWriteLock: @unchecked Sendable {
  @usableFromInline let raw: UnsafeMutablePointer<pthread_rwlock_t>

  package init() {
    raw = .allocate(capacity: 1)
    var attributes = pthread_rwlockattr_t()
    pthread_rwlockattr_init(&attributes)
    pthread_rwlockattr_setkind_np(&attributes, Int32(PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP))
    precondition(pthread_rwlock_init(raw, &attributes) == 0)
    pthread_rwlockattr_destroy(&attributes)
  }

  deinit {
    pthread_rwlock_destroy(raw)
    raw.deallocate()
  }

  @inlinable @inline(__always)
  package func reading<Result: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_rwlock_rdlock(raw)
    #if DEBUG
      LockCount.note(raw)
    #endif
    defer { pthread_rwlock_unlock(raw) }
    return try body()
  }

  /// Runs `body` unless somebody has it alone or waits for that. Returns whether it ran.
  @discardableResult
  package func tryReading(_ body: () -> Void) -> Bool {
    guard pthread_rwlock_tryrdlock(raw) == 0 else { return false }
    #if DEBUG
      LockCount.note(raw)
    #endif
    defer { pthread_rwlock_unlock(raw) }
    body()
    return true
  }

  @inlinable @inline(__always)
  package func writing<Result: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_rwlock_wrlock(raw)
    #if DEBUG
      LockCount.note(raw)
    #endif
    defer { pthread_rwlock_unlock(raw) }
    return try body()
  }
}

/// A pthread condition on the monotonic clock, used with one `Lock`.
package final class Condition: @unchecked Sendable {
  private let raw: UnsafeMutablePointer<pthread_cond_t>

  package init() {
    raw = .allocate(capacity: 1)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    precondition(pthread_cond_init(raw, &attributes) == 0)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(raw)
    raw.deallocate()
  }

  package func wait(_ lock: Lock) { pthread_cond_wait(raw, lock.raw) }

  /// Waits until signalled or until `nanoseconds` have passed. Returns false when the time is up.
  @discardableResult
  package func wait(_ lock: Lock, nanoseconds: Int) -> Bool {
    var until = timespec()
    clock_gettime(CLOCK_MONOTONIC, &until)
    let total = until.tv_nsec + nanoseconds
    until.tv_sec += total / 1_000_000_000
    until.tv_nsec = total % 1_000_000_000
    return pthread_cond_timedwait(raw, lock.raw, &until) == 0
  }

  package func signal() { pthread_cond_signal(raw) }
  package func broadcast() { pthread_cond_broadcast(raw) }
}
