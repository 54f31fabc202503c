import CFuse3
import Synchronization

/// Keeps the workers on the core of the caller, and the companion, whose own this is, on the other one, while one caller sends nearly
/// all requests.
struct Steering {
  private unowned let flow: Flow
  private var nextLook: Int64 = 0
  private var takenCount = 0
  private var changeCount = 0
  /// Where the workers are kept; nil if they are not.
  private(set) var core: Int32?

  /// Looks in a row at callers who were not to be seen.
  private var unseenCount = 0

  init(_ flow: Flow) { self.flow = flow }

  /// To be called often: looks where the caller runs, now and then.
  /// - Returns: false when there are several, among whom the kernel distributes the cores better, or when that cannot be seen.
  mutating func look(_ now: Int64) -> Bool {
    guard now >= nextLook else { return true }
    nextLook = now + Steering.intervalNanoseconds
    let taken = flow.takenCount.load(ordering: .relaxed)
    let changes = flow.callerChangeCount.load(ordering: .relaxed)
    let (newCount, newChanges) = (taken &- takenCount, changes &- changeCount)
    guard newCount > 0 else { return true }
    (takenCount, changeCount) = (taken, changes)
    // One change is a new caller who took over.
    guard newChanges <= 1 + newCount / 16 else { return false }
    return steer(now)
  }

  private mutating func steer(_ now: Int64) -> Bool {
    guard let callersCore = coreOf(thread: flow.caller.load(ordering: .relaxed)) else {
      // It has ended meanwhile; or there is no /proc.
      unseenCount += 1
      return unseenCount < Steering.unseenCountMax
    }
    unseenCount = 0
    guard callersCore == flow.cores.0 || callersCore == flow.cores.1 else { return false }
    let end = flow.steeredUntilNanoseconds.load(ordering: .relaxed)
    flow.steeredUntilNanoseconds.store(now + Steering.leaseNanoseconds, ordering: .relaxed)
    // Looking too late, it may be that they went their own way.
    guard callersCore != core || now > end else { return true }
    core = callersCore
    let other = callersCore == flow.cores.0 ? flow.cores.1 : flow.cores.0
    place(workers: (callersCore, callersCore), companion: (other, other))
    return true
  }

  /// All may run on both cores again.
  mutating func letGo() {
    guard core != nil else { return }
    core = nil
    flow.steeredUntilNanoseconds.store(0, ordering: .relaxed)
    place(workers: flow.cores, companion: flow.cores)
  }

  private func place(workers: (Int32, Int32), companion: (Int32, Int32)) {
    _ = cfuse3_keep_on(cfuse3_thread_number(), companion.0, companion.1)
    // Under the lock, so that none of them ends meanwhile and its number becomes another thread's.
    flow.state.use { state in
      for worker in state.workers { _ = cfuse3_keep_on(worker, workers.0, workers.1) }
    }
  }

  private static let intervalNanoseconds: Int64 = 200_000
  private static let unseenCountMax = 5
  /// How long the workers stay where they were put without another look.
  private static let leaseNanoseconds: Int64 = 4_000_000
}

/// The core that a thread of this machine runs on, or ran on last; nil where that cannot be seen. Allocates nothing: it is asked all the time.
func coreOf(thread: UInt32) -> Int32? {
  let core = cfuse3_core_of(thread)
  return core < 0 ? nil : core
}
