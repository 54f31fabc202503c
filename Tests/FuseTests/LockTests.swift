import Fuse
import Glibc
import Platform
import Synchronization
import Testing

@testable import fuse_floor

/// Locks that wait, and stop waiting.
@Suite(.serialized, .enabled(if: canMount, "needs root and /dev/fuse"), .timeLimit(.minutes(2)))
struct LockTests {
  // fcntl(2); Swift's Glibc does not carry them.
  private static let ofdGet: Int32 = 36
  private static let ofdSet: Int32 = 37
  private static let ofdSetAndWait: Int32 = 38

  /// A pthread in a system call on the mount that a signal can end.
  private final class Caller: Sendable {
    private let handle = Mutex<pthread_t?>(nil)
    private let outcome = Mutex<Int32?>(nil)

    /// `body` returns 0 or an errno.
    init(_ body: @escaping @Sendable () -> Int32) {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in }
      sigaction(SIGUSR1, &action, nil)
      _ = Thread(name: "caller") { [self] in
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &set, nil)
        handle.withLock { $0 = pthread_self() }
        let code = body()
        outcome.withLock { $0 = code }
      }
    }

    var result: Int32? { outcome.withLock { $0 } }

    func interrupt() {
      if let thread = handle.withLock({ $0 }) { pthread_kill(thread, SIGUSR1) }
    }
  }

  /// Waits until `condition` holds, at most some seconds.
  private func eventually(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) {
    for _ in 0..<1000 {
      if condition() { return }
      usleep(5_000)
    }
    Issue.record("it never came", sourceLocation: sourceLocation)
  }

  private func range(_ kind: Int32, _ start: Int, _ length: Int) -> flock {
    flock(l_type: Int16(kind), l_whence: Int16(SEEK_SET), l_start: start, l_len: length, l_pid: 0)
  }

  @Test func rangesAreLockedAndTold() throws {
    let mounted = try Mounted()
    let first = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    let second = try File("\(mounted.path)/f", O_RDWR)
    var wish = range(F_WRLCK, 10, 10)
    #expect(fcntl(first.descriptor, LockTests.ofdSet, &wish) == 0)
    wish = range(F_RDLCK, 19, 5)
    #expect(fcntl(second.descriptor, LockTests.ofdSet, &wish) == -1 && errno == EAGAIN)
    #expect(fcntl(second.descriptor, LockTests.ofdGet, &wish) == 0)
    #expect(Int32(wish.l_type) == F_WRLCK && wish.l_start == 10 && wish.l_len == 10)
    wish = range(F_RDLCK, 20, 0)
    #expect(fcntl(second.descriptor, LockTests.ofdSet, &wish) == 0)
    wish = range(F_WRLCK, 0, 10)
    #expect(fcntl(second.descriptor, LockTests.ofdGet, &wish) == 0)
    #expect(Int32(wish.l_type) == F_UNLCK)
    // To the end of the file and back: the length of 0 survives.
    wish = range(F_WRLCK, 100, 0)
    #expect(fcntl(first.descriptor, LockTests.ofdGet, &wish) == 0)
    #expect(wish.l_start == 20 && wish.l_len == 0)
  }

  @Test func aLockIsGrantedWhenItsObstacleGoes() throws {
    // One worker: a waiting lock must not hold it.
    let mounted = try Mounted { $0.workerCount = 1 }
    let holder = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    let waiter = try File("\(mounted.path)/f", O_RDWR)
    #expect(flock(holder.descriptor, LOCK_EX) == 0)
    #expect(flock(waiter.descriptor, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK)
    let caller = Caller { flock(waiter.descriptor, LOCK_EX) == 0 ? 0 : errno }
    eventually { mounted.session.statistics.inFlight == 1 }
    #expect(access("\(mounted.path)/big", F_OK) == 0)
    #expect(caller.result == nil)
    #expect(flock(holder.descriptor, LOCK_UN) == 0)
    eventually { caller.result != nil }
    #expect(caller.result == 0)
    #expect(mounted.session.statistics.inFlight == 0)
  }

  @Test func aSignalEndsTheWait() throws {
    let mounted = try Mounted()
    let holder = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    let waiter = try File("\(mounted.path)/f", O_RDWR)
    #expect(flock(holder.descriptor, LOCK_EX) == 0)
    let caller = Caller { flock(waiter.descriptor, LOCK_EX) == 0 ? 0 : errno }
    eventually { mounted.session.statistics.inFlight == 1 }
    caller.interrupt()
    eventually { caller.result != nil }
    #expect(caller.result == EINTR)
    #expect(mounted.session.statistics[.interrupt] >= 1)

    var wish = range(F_WRLCK, 0, 1)
    #expect(fcntl(holder.descriptor, LockTests.ofdSet, &wish) == 0)
    let second = Caller {
      var wish = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 1, l_pid: 0)
      return fcntl(waiter.descriptor, 38, &wish) == 0 ? 0 : errno
    }
    eventually { mounted.session.statistics.inFlight == 1 }
    second.interrupt()
    eventually { second.result != nil }
    #expect(second.result == EINTR)
    // Nothing was granted behind the caller's back.
    #expect(flock(holder.descriptor, LOCK_UN) == 0)
    #expect(flock(waiter.descriptor, LOCK_EX | LOCK_NB) == 0)
  }

  @Test func aKilledWaiterGoes() throws {
    let mounted = try Mounted()
    let holder = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    #expect(flock(holder.descriptor, LOCK_EX) == 0)
    #expect(run("timeout", "-s", "KILL", "0.3", "flock", "\(mounted.path)/f", "true") >= 128)
    eventually { mounted.session.statistics.inFlight == 0 }
    #expect(flock(holder.descriptor, LOCK_UN) == 0)
    #expect(run("flock", "-n", "\(mounted.path)/f", "true") == 0)
    eventually { mounted.filesystem.flockReleases.withLock { $0 } >= 1 }
  }

  @Test func aWaitEndsWithTheMount() throws {
    let mounted = try Mounted()
    let holder = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    let waiter = try File("\(mounted.path)/f", O_RDWR)
    #expect(flock(holder.descriptor, LOCK_EX) == 0)
    let caller = Caller { flock(waiter.descriptor, LOCK_EX) == 0 ? 0 : errno }
    eventually { mounted.session.statistics.inFlight == 1 }
    try mounted.session.unmount(.abort)
    eventually { caller.result != nil }
    #expect(caller.result == ECONNABORTED)
    #expect(mounted.session.statistics.inFlight == 0)
  }
}
