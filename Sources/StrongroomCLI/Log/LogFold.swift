import VaultFormat

/// Folds what happens through each handle into one line, and leaves all other records as they are. The trail itself is never folded.
///
/// Lines come in the order in which they began, as far as few enough wait for a handle that is still open; of more, those that are complete
/// go first. As large as the number of open handles and that limit.
final class LogFold {
  private final class Slot {
    var row: LogRow
    var coverage = LogCoverage()
    var isComplete: Bool

    init(_ row: LogRow, isComplete: Bool) {
      self.row = row
      self.isComplete = isComplete
    }
  }

  private var waiting: [Slot] = []
  /// Of each open handle: its opener's line first, then those of others who used it.
  private var sessions: [HandleID: [Slot]] = [:]
  private var run: UInt64 = 0
  private let emit: (LogRow) -> Void
  private static let waitingCountMax = 4_096
  private var waitingCountMax = LogFold.waitingCountMax

  init(emit: @escaping (LogRow) -> Void) { self.emit = emit }

  func take(_ entry: LogEntry, isMatch: Bool) {
    if entry.run != run {
      endSessions()
      run = entry.run
    }
    let record = entry.record
    guard record.outcome == .done, let handle = record.handle else { return single(entry, isMatch) }
    switch record.action {
    case .open: begin(entry, handle, isMatch)
    case .read, .pages, .write: use(entry, handle, isMatch)
    case .release: release(entry, handle, isMatch)
    default: single(entry, isMatch)
    }
  }

  /// At the end: what is still open is shown as far as it is known.
  func finish() {
    endSessions()
    drain()
  }

  private func single(_ entry: LogEntry, _ isMatch: Bool) {
    guard isMatch else { return }
    var row = LogRow(entry: entry)
    row.recordCount = 1
    waiting.append(Slot(row, isComplete: true))
    drain()
  }

  private func begin(_ entry: LogEntry, _ handle: HandleID, _ isMatch: Bool) {
    if entry.isRestated, sessions[handle] != nil { return }
    // A handle whose RELEASE is not in the trail.
    for slot in sessions[handle] ?? [] { slot.isComplete = true }
    let slot = make(entry)
    if isMatch, !entry.isRestated { slot.row.recordCount = 1 }
    sessions[handle] = [slot]
  }

  private func make(_ entry: LogEntry) -> Slot {
    let slot = Slot(LogRow(entry: entry, session: LogRow.Session(lastWall: entry.record.wall)), isComplete: false)
    waiting.append(slot)
    return slot
  }

  private func session(_ entry: LogEntry, _ handle: HandleID) -> Slot {
    let slots = sessions[handle] ?? []
    if let slot = slots.first(where: { $0.row.entry.record.actor?.uid == entry.record.actor?.uid }) { return slot }
    let slot = make(entry)
    sessions[handle] = slots + [slot]
    return slot
  }

  private func use(_ entry: LogEntry, _ handle: HandleID, _ isMatch: Bool) {
    let slot = session(entry, handle)
    let record = entry.record
    let returned = record.range?.returned ?? 0
    if isMatch { slot.row.recordCount += 1 }
    slot.row.session?.lastWall = record.wall
    if record.action == .write {
      slot.row.session?.writeCount += 1
      slot.row.session?.writtenByteCount.addSaturating(returned)
      return
    }
    slot.coverage.insert(offset: record.range?.offset ?? 0, count: returned)
    slot.row.session?.readCount += 1
    slot.row.session?.readByteCount.addSaturating(returned)
    slot.row.session?.distinctByteCount = slot.coverage.byteCount
    slot.row.session?.isLowerBound = slot.coverage.isLowerBound
    if record.action == .pages { slot.row.session?.pagesCount += 1 }
  }

  private func release(_ entry: LogEntry, _ handle: HandleID, _ isMatch: Bool) {
    let slot = session(entry, handle)
    if isMatch { slot.row.recordCount += 1 }
    slot.row.session?.lastWall = entry.record.wall
    let slots = sessions.removeValue(forKey: handle) ?? []
    // The handle's own count is of all who used it.
    if slots.count == 1, let usage = entry.record.usage { apply(usage, to: slot) }
    for slot in slots {
      slot.row.session?.isReleased = true
      slot.isComplete = true
    }
    drain()
  }

  private func apply(_ usage: Record.Usage, to slot: Slot) {
    guard var session = slot.row.session else { return }
    session.readByteCount = usage.readByteCount
    session.distinctByteCount = usage.distinctByteCount
    session.isLowerBound = false
    session.writtenByteCount = usage.writtenByteCount
    if usage.readByteCount > 0 { session.readCount = max(1, session.readCount) }
    if usage.writtenByteCount > 0 { session.writeCount = max(1, session.writeCount) }
    slot.row.session = session
  }

  private func endSessions() {
    for slots in sessions.values { for slot in slots { slot.isComplete = true } }
    sessions.removeAll(keepingCapacity: true)
  }

  private func drain() {
    let complete = waiting.prefix { $0.isComplete }.count
    for slot in waiting.prefix(complete) { show(slot) }
    waiting.removeFirst(complete)
    guard waiting.count > waitingCountMax else { return }
    for slot in waiting where slot.isComplete { show(slot) }
    waiting.removeAll { $0.isComplete }
    waitingCountMax = waiting.count + Self.waitingCountMax
  }

  private func show(_ slot: Slot) {
    if slot.row.recordCount > 0 { emit(slot.row) }
  }
}
