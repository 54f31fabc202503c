import CFuse3
import Glibc
import Synchronization

/// How the workers of a session share requests on a machine of two cores, where it decides what a small request costs.
///
/// A caller who has asked sleeps until the answer is there, and a worker until it is asked. The kernel wakes whoever sleeps on an idle core
/// if there is one, and of several sleeping workers the one that slept longest. So on two cores with nothing else to do each request would
/// change cores twice, wake a core from its sleep twice (which takes many times as long as to change threads on one core, above all in a
/// virtual machine), and find a worker whose buffers are in nobody's cache. While requests *flow*, therefore:
///
/// - One thread of the lowest priority, the *companion*, keeps one core busy, so that the caller stays on the other, and
///   sees to it that the workers are on the caller's core (`Steering`). Whatever else is to be done displaces it
///   at once.
/// - One worker listens. The others are *parked*, until a request waits while every worker that is not parked is at work, which the
///   companion notices within `patienceNanoseconds`, and a parked worker within 2 ms where the cores leave the companion no time.
///
/// Requests flow while they come quickly: eight in a row within `quickNanoseconds` of each other are a beginning, a window of
/// `windowNanoseconds` with less than one in `slowNanoseconds` the end (where the window is shorter than that: one with none), and so are
/// several callers at once, who keep both cores busy themselves, and a caller elsewhere. Otherwise all workers listen, and nobody stays awake for anything.
final class Flow: Sendable {
  struct State {
    /// The companion shall begin.
    var isWanted = false
    var hasEnded = false
    /// So many parked workers shall listen.
    var releaseCount = 0
    /// Whether a parked worker looks for itself.
    var isWatched = false
    /// The numbers of the workers' threads.
    var workers: [Int32] = []
  }

  private let windowNanoseconds: Int64
  /// A request of 1 MiB, or one that waits for the disk, takes up to a millisecond, and gains as much by the order on the cores as a short one:
  /// while it is answered, a thread that opens what comes next has the other core to itself.
  private static let quickNanoseconds: Int64 = 2_000_000
  static let slowNanoseconds: Int64 = 2_000_000
  private static let quickCountOfFlow = 8
  /// How long it is left to the kernel after several callers were seen, or one elsewhere.
  private static let pauseNanoseconds: Int64 = 10_000_000
  /// How long a request may wait for the workers at work before one more listens.
  static let patienceNanoseconds: Int64 = 20_000
  let state = Monitor(State())
  let isFlowing = Atomic<Bool>(false)
  /// Workers that wait for a request or are about to.
  let listenerCount = Atomic<Int>(0)
  /// Requests that were read.
  let takenCount = Atomic<Int>(0)

  /// When the last request was dealt with, on the monotonic clock, and how many came quickly after each other until then.
  private let lastRequestNanoseconds = Atomic<Int64>(0)
  private let quickCount = Atomic<Int>(0)
  private let isCompanionAsleep = Atomic<Bool>(false)
  /// The companion is not wanted before this.
  private let notBeforeNanoseconds = Atomic<Int64>(0)

  /// Who sent the last request (a thread), and how often that was somebody else than before.
  let caller = Atomic<UInt32>(0)
  let callerChangeCount = Atomic<Int>(0)
  let cores: (Int32, Int32)
  /// Until when the workers may be kept on one core, on the monotonic clock; 0 while they are not.
  let steeredUntilNanoseconds = Atomic<Int64>(0)

  init(windowNanoseconds: Int64, cores: (Int32, Int32)) {
    self.windowNanoseconds = windowNanoseconds
    self.cores = cores
  }

  /// To be called by a worker after each request.
  @inline(__always)
  func wasDealtWith() {
    guard isCompanionAsleep.load(ordering: .relaxed) else { return }
    let now = monotonicNanoseconds()
    let isQuick = now - lastRequestNanoseconds.load(ordering: .relaxed) < Flow.quickNanoseconds
    lastRequestNanoseconds.store(now, ordering: .relaxed)
    let count = isQuick ? quickCount.load(ordering: .relaxed) + 1 : 0
    quickCount.store(count, ordering: .relaxed)
    guard count >= Flow.quickCountOfFlow, now >= notBeforeNanoseconds.load(ordering: .relaxed) else { return }
    wakeCompanion()
  }

  private func wakeCompanion() {
    guard isCompanionAsleep.exchange(false, ordering: .relaxed) else { return }
    state.change { $0.isWanted = true }
  }

  /// The session is over: the companion ends, and parked workers return.
  func end() { state.change { $0.hasEnded = true } }

  // MARK: The companion

  /// What the companion does, until `end`.
  func accompany(_ descriptor: Int32) {
    cfuse3_lower_this_thread()
    var steering = Steering(self)
    while waitForFlow() {
      stayAwake(descriptor, &steering)
      steering.letGo()
    }
  }

  /// Returns when requests flow, or false at the end. Until then all workers listen.
  private func waitForFlow() -> Bool {
    state.change { _ in isFlowing.store(false, ordering: .relaxed) }
    quickCount.store(0, ordering: .relaxed)
    isCompanionAsleep.store(true, ordering: .relaxed)
    return state.wait { state in
      if state.hasEnded { return false }
      guard state.isWanted else { return nil }
      state.isWanted = false
      isFlowing.store(true, ordering: .relaxed)
      return true
    }
  }

  /// Keeps its core busy until nothing flows any more.
  private func stayAwake(_ descriptor: Int32, _ steering: inout Steering) {
    var watch = FlowWatch()
    var rate = FlowRate(
      windowNanoseconds: windowNanoseconds, now: monotonicNanoseconds(), taken: takenCount.load(ordering: .relaxed))
    while true {
      for _ in 0..<Flow.pausesBetweenYields { cfuse3_pause() }
      sched_yield()
      let now = monotonicNanoseconds()
      let taken = takenCount.load(ordering: .relaxed)
      if rate.hasFallen(now, taken: taken) { return }
      guard steering.look(now) else {
        notBeforeNanoseconds.store(now + Flow.pauseNanoseconds, ordering: .relaxed)
        return
      }
      let isHeldUp = watch.isAnyoneHeldUp(
        now, listeners: listenerCount.load(ordering: .relaxed), taken: taken, isRequestWaiting: { isRequestWaiting(descriptor) })
      if isHeldUp { release() }
    }
  }

  /// A few microseconds: long enough that the workers find their counters in their own cache most of the time.
  private static let pausesBetweenYields = 200
}

/// Notices that requests have become rare.
struct FlowRate {
  private let windowNanoseconds: Int64
  private var since: Int64
  private var taken: Int

  init(windowNanoseconds: Int64, now: Int64, taken: Int) {
    self.windowNanoseconds = windowNanoseconds
    since = now
    self.taken = taken
  }

  /// Whether a window has just ended in which less than one came in `Flow.slowNanoseconds`.
  mutating func hasFallen(_ now: Int64, taken: Int) -> Bool {
    guard now - since >= windowNanoseconds else { return false }
    let isSlow = Int64(taken &- self.taken) * Flow.slowNanoseconds < now - since
    (since, self.taken) = (now, taken)
    return isSlow
  }
}

/// Notices that a request waits and all who could take it are at work.
struct FlowWatch {
  private var taken = -1
  private var busySince: Int64 = 0
  private var waitingSince: Int64?

  /// Whether a request has been waiting for `Flow.patienceNanoseconds` while nobody listened and nobody took one. Then it begins anew.
  mutating func isAnyoneHeldUp(_ now: Int64, listeners: Int, taken: Int, isRequestWaiting: () -> Bool) -> Bool {
    guard listeners == 0, taken == self.taken else {
      self.taken = taken
      busySince = now
      waitingSince = nil
      return false
    }
    guard now - busySince >= Flow.patienceNanoseconds else { return false }
    guard isRequestWaiting() else {
      waitingSince = nil
      return false
    }
    guard let waitingSince else {
      // It may be the next one of the caller who was just answered, and the worker on its way.
      self.waitingSince = now
      return false
    }
    guard now - waitingSince >= Flow.patienceNanoseconds else { return false }
    self.waitingSince = nil
    return true
  }
}
