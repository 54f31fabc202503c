import Platform
import Synchronization
package import VaultFormat

/// What must never be refused, and waits in memory while it cannot be written.
extension TrailWriter {
  /// Appends what must never be refused (RELEASE, UNMOUNT, RECOVERY …), from reserved space. Never waits for the disk: where the trail
  /// cannot be written now the record waits in memory, and where too many wait it is counted and a later record says so.
  package func appendAlways(_ record: Record) {
    guard lock.tryLock() || acquire(within: min(settings.patienceNanoseconds, Self.alwaysPatienceNanoseconds)) else {
      return stall(record)
    }
    defer { lock.unlock() }
    if phase == .writing, filling.hasRoom(for: Record.byteCountMax), segment.frameCount < settings.segmentFrameCountMax {
      do throws(TrailError) {
        try put(record, isAlways: true)
        return
      } catch {}
    }
    guard phase != .closed else { return lose() }
    guard alwaysQueue.count < settings.alwaysQueueCountMax else { return lose() }
    var record = record
    record.wall = Clock.wall()
    record.boot = Clock.boot()
    alwaysQueue.append(record)
  }

  /// Whoever must not be refused waits so long for a lock that somebody holds in a write(2).
  private static let alwaysPatienceNanoseconds: Int64 = 100_000_000

  /// Keeps a record for the keeper, without the lock.
  private func stall(_ record: Record) {
    var record = record
    record.wall = Clock.wall()
    record.boot = Clock.boot()
    if !stalled.add(record, limit: settings.alwaysQueueCountMax) { stalledLossCount.add(1, ordering: .relaxed) }
    keeperWork.signal()
  }

  private func lose() {
    lostCount += 1
    lostTotal += 1
  }

  var hasWaiting: Bool { !alwaysQueue.isEmpty || lostCount > 0 || !stalled.isEmpty }

  /// Takes over what came while nobody could have the lock. Under the lock.
  private func takeStalled() {
    guard !stalled.isEmpty else { return }
    let lost = stalledLossCount.exchange(0, ordering: .relaxed)
    lostCount += lost
    lostTotal += lost
    alwaysQueue += stalled.take()
  }

  /// Appends what had to wait, and how much was lost. Under the lock.
  func drain() {
    takeStalled()
    guard phase == .writing else { return }
    do throws(TrailError) {
      if lostCount > 0 {
        guard filling.hasRoom(for: Record.byteCountMax) else { throw .cannotWrite("") }
        var record = Record(.alert)
        record.count = lostCount
        record.details = [Record.Detail("kind", "records-lost")]
        try put(record, isAlways: true)
        lostCount = 0
      }
      while let record = alwaysQueue.first {
        guard filling.hasRoom(for: Record.byteCountMax), segment.frameCount < settings.segmentFrameCountMax else {
          throw .cannotWrite("")
        }
        try put(stamped: record, isAlways: true)
        alwaysQueue.removeFirst()
      }
    } catch {
      nextDrain = Clock.boot() + min(settings.retryNanoseconds, 100_000_000)
    }
  }
}
