import Glibc
import Synchronization

#if DEBUG
  /// Which locks a thread takes, for tests that count them. In release builds there is none of it.
  package enum LockCount {
    /// One `Lock` or `ReadWriteLock`, as long as it lives.
    package typealias Identity = UInt

    /// The locks that the calling thread took in `body`, in order, each as often as it was taken.
    package static func taken<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) -> [Identity] {
      let list = List()
      let before = pthread_getspecific(key)
      pthread_setspecific(key, Unmanaged.passUnretained(list).toOpaque())
      watcherCount.add(1, ordering: .relaxed)
      defer {
        watcherCount.subtract(1, ordering: .relaxed)
        pthread_setspecific(key, before)
      }
      try body()
      return withExtendedLifetime(list) { list.locks }
    }

    @usableFromInline
    static func note(_ lock: UnsafeMutableRawPointer) {
      guard watcherCount.load(ordering: .relaxed) > 0, let list = pthread_getspecific(key) else { return }
      Unmanaged<List>.fromOpaque(list).takeUnretainedValue().locks.append(UInt(bitPattern: lock))
    }

    private final class List {
      var locks: [Identity] = []
    }

    private static let watcherCount = Atomic<Int>(0)
    private static let key: pthread_key_t = {
      var key = pthread_key_t()
      precondition(pthread_key_create(&key, nil) == 0)
      return key
    }()
  }
#endif
