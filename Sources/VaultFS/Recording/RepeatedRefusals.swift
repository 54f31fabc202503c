import Platform
import Trail
import VaultFormat

/// Refusals that repeat: the first is recorded at once, those like it within the window become one record with their number.
///
/// Lookups of what is not there, or hidden, are only counted: one record by user, folder and minute.
final class RepeatedRefusals: @unchecked Sendable {
  struct Key: Hashable {
    let uid: UInt32
    let node: NodeID
    let operation: Operation
    let errno: Int32
  }

  private struct Entry {
    var count: UInt64
    let record: Record
    let until: Int64
  }

  private static let refusalWindowNanoseconds: Int64 = 10_000_000_000
  private static let lookupWindowNanoseconds: Int64 = 60_000_000_000
  private static let entryCountMax = 8192

  private let trail: TrailWriter
  private let tick: @Sendable () -> Void
  private let worker = WorkerThreads()
  private var lock: Lock { worker.lock }
  /// Guarded by `lock`.
  private var entries: [Key: Entry] = [:]

  /// - Parameter tick: called about every second, on the thread that writes counts.
  init(trail: TrailWriter, tick: @escaping @Sendable () -> Void = {}) {
    self.trail = trail
    self.tick = tick
    worker.start("refusals") { [self] in
      while waitForTick() {
        self.tick()
        flush(all: false)
      }
    }
  }

  /// Records a refusal, or counts it if one like it was recorded a moment ago. Returns false where it should have been recorded and
  /// could not be.
  func note(_ key: Key, _ make: () -> Record) -> Bool {
    if raise(key) { return true }
    let record = make()
    do { try trail.append(record) } catch { return false }
    remember(key, Entry(count: 0, record: record, until: Clock.boot() + Self.refusalWindowNanoseconds))
    return true
  }

  /// Counts without recording anything yet.
  func count(_ key: Key, _ make: () -> Record) {
    if raise(key) { return }
    remember(key, Entry(count: 1, record: make(), until: Clock.boot() + Self.lookupWindowNanoseconds))
  }

  /// Records all that was counted and ends the thread.
  func stop() {
    worker.end()
    flush(all: true)
  }

  private func raise(_ key: Key) -> Bool {
    lock.withLock {
      guard let entry = entries[key], Clock.boot() < entry.until else { return false }
      entries[key]!.count += 1
      return true
    }
  }

  private func remember(_ key: Key, _ entry: Entry) {
    let displaced = lock.withLock { () -> Entry? in
      let old = entries.updateValue(entry, forKey: key)
      if entries.count > Self.entryCountMax { worker.wakeOne() }
      return old
    }
    if let displaced { write(displaced) }
  }

  /// False at the end.
  private func waitForTick() -> Bool {
    lock.withLock {
      worker.wait(nanoseconds: 1_000_000_000)
      return !worker.isEnding
    }
  }

  private func flush(all: Bool) {
    let now = Clock.boot()
    let ripe = lock.withLock { () -> [Entry] in
      let takesAll = all || entries.count > Self.entryCountMax
      let ripe = entries.filter { takesAll || now >= $0.value.until }
      for key in ripe.keys { entries[key] = nil }
      return Array(ripe.values)
    }
    for entry in ripe { write(entry) }
  }

  private func write(_ entry: Entry) {
    guard entry.count > 0 else { return }
    var record = entry.record
    record.count = entry.count
    // A count that cannot be written now is kept by the trail's reserve: it is owed, and never refused.
    trail.appendAlways(record)
  }
}
