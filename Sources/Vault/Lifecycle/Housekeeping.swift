import CSystem
import Platform
import VaultFormat

/// The thread of low priority that looks after an unlocked vault: garbage after a crash, packs worth compacting, files that could not be
/// removed.
final class Housekeeping: @unchecked Sendable {
  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  /// Guarded by `lock`, both.
  private var isAsked = false
  private var unmovablePacks: Set<PackNumber> = []

  var goesOn: Bool { lock.withLock { !worker.isEnding } }

  /// Packs with a damaged blob: trying again would come to the same.
  var unmovable: Set<PackNumber> { lock.withLock { unmovablePacks } }
  func note(unmovable number: PackNumber) { lock.withLock { _ = unmovablePacks.insert(number) } }

  /// There are files that nothing names: look for them when there is time.
  func ask() {
    lock.withLock {
      isAsked = true
      worker.wakeOne()
    }
  }

  /// Runs `first` once, then `round` every `interval`, with whether somebody asked.
  func start(
    interval: Int, first: @escaping @Sendable () -> Void, round: @escaping @Sendable (_ isAsked: Bool) -> Void
  ) {
    worker.start("housekeeping") { [self] in
      csystem_lower_priority()
      first()
      while let isAsked = next(interval) { round(isAsked) }
    }
  }

  /// Whether somebody asked for the next round; nil at the end.
  private func next(_ interval: Int) -> Bool? {
    lock.withLock {
      if !isAsked { worker.wait(nanoseconds: interval) }
      defer { isAsked = false }
      return worker.isEnding ? nil : isAsked
    }
  }

  /// Returns when the work under way has ended, early.
  func stop() { worker.end() }
}

extension Vault {
  /// Starts the thread. `close` ends it; the folder remembers what a crash left until it is gone.
  func startHousekeeping(afterCrash: Bool) {
    if afterCrash { folder.setGarbage(true) }
    let beginning = afterCrash ? beginning() : nil
    // Which blobs were made since matters to the search after a crash alone.
    if beginning == nil { content.removal.forgetMade() }
    housekeeping.start(interval: settings.housekeepingIntervalNanoseconds) { [unowned self] in
      if let beginning { removeGarbage(since: beginning) }
    } round: { [unowned self] isAsked in
      if isAsked || content.removal.takeFailureCount() > 0 { removeUnnamed() }
      let dead = content.packsWorthCompacting.filter { !housekeeping.unmovable.contains($0.number) }
      if dead.reduce(0, { $0 + $1.deadByteCount }) >= settings.compactionByteCountMin { compactPacks() }
    }
  }
}
