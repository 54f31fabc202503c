import CFuse3
import Glibc
import Synchronization

/// Keeps the workers on the core of the caller, and the companion, whose own this is, on the other one, while one caller sends nearly
/// all requests. With several callers the kernel distributes all of them as it likes.
struct Steering {
  private unowned let flow: Flow
  private var nextLook: Int64 = 0
  private var takenCount = 0
  private var changeCount = 0
  /// Where the workers are kept; nil if they are not.
  private(set) var core: Int32?

  init(_ flow: Flow) { self.flow = flow }

  /// To be called often: looks where the caller runs, now and then.
  mutating func look(_ now: Int64) {
    guard now >= nextLook else { return }
    nextLook = now + Steering.intervalNanoseconds
    let taken = flow.takenCount.load(ordering: .relaxed)
    let changes = flow.callerChangeCount.load(ordering: .relaxed)
    let (newCount, newChanges) = (taken &- takenCount, changes &- changeCount)
    guard newCount > 0 else { return }
    (takenCount, changeCount) = (taken, changes)
    // One change is a new caller who took over.
    guard newChanges <= 1 + newCount / 16 else { return letGo() }
    guard let callersCore = coreOf(thread: flow.caller.load(ordering: .relaxed)) else { return letGo() }
    let end = flow.steeredUntilNanoseconds.load(ordering: .relaxed)
    flow.steeredUntilNanoseconds.store(now + Steering.leaseNanoseconds, ordering: .relaxed)
    // Looking too late, it may be that they went their own way.
    guard callersCore != core || now > end else { return }
    switch callersCore {
    case flow.cores.0: keep(workersOn: flow.cores.0, companionOn: flow.cores.1)
    case flow.cores.1: keep(workersOn: flow.cores.1, companionOn: flow.cores.0)
    default:
      flow.steeredUntilNanoseconds.store(0, ordering: .relaxed)
      letGo()
    }
  }

  /// All may run on both cores again.
  mutating func letGo() {
    guard core != nil else { return }
    core = nil
    flow.steeredUntilNanoseconds.store(0, ordering: .relaxed)
    place(workers: flow.cores, companion: flow.cores)
  }

  private mutating func keep(workersOn core: Int32, companionOn other: Int32) {
    self.core = core
    place(workers: (core, core), companion: (other, other))
  }

  private func place(workers: (Int32, Int32), companion: (Int32, Int32)) {
    _ = cfuse3_keep_on(cfuse3_thread_number(), companion.0, companion.1)
    // Under the lock, so that none of them ends meanwhile and its number becomes another thread's.
    flow.state.changeWakingOne { state in
      for worker in state.workers { _ = cfuse3_keep_on(worker, workers.0, workers.1) }
    }
  }

  private static let intervalNanoseconds: Int64 = 200_000
  /// How long the workers stay where they were put without another look.
  private static let leaseNanoseconds: Int64 = 4_000_000
}

/// The core that a thread of this machine runs on, or ran on last; nil where that cannot be seen.
func coreOf(thread: UInt32) -> Int32? {
  guard thread != 0 else { return nil }
  let descriptor = open("/proc/\(thread)/stat", O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { buffer in
    let count = read(descriptor, buffer.baseAddress!, buffer.count)
    guard count > 0 else { return nil }
    // proc(5): the name, in parentheses, may hold anything; "processor" is the 37th field after it.
    guard let end = buffer[..<count].lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let fields = buffer[(end + 1)..<count].split(separator: UInt8(ascii: " "), maxSplits: 37)
    guard fields.count > 36 else { return nil }
    return fields[36].reduce(into: Int32?(0)) { number, digit in
      guard let before = number, digit >= 48, digit <= 57, before < 100_000 else { return number = nil }
      number = before * 10 + Int32(digit - 48)
    }
  }
}
