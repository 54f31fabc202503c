import Trail
import VaultFormat

/// Folds what happens through each handle into one line, and leaves all other records as they are. The trail itself is never folded.
///
/// Lines come in the order in which they began, as far as few enough wait for a handle that is still open; of more, those that are complete
/// go first. As large as the number of open handles and that limit.
final class LogFold {
  private final class Slot {
    /// The line's record; of a handle whose OPEN is known, made only where the line is shown.
    private enum Beginning {
      case open(OpenHandle)
      case entry(LogEntry)
    }

    let uid: UInt32?
    var session: LogRow.Session?
    /// How many records that match it stands for.
    var recordCount: UInt64 = 0
    var coverage = LogCoverage()
    var isComplete: Bool
    private let beginning: Beginning

    /// Of one record.
    init(_ step: inout LogStep) {
      uid = step.uid
      beginning = .entry(step.entry())
      isComplete = true
    }

    /// Of what is done through a handle from here on.
    init(session step: inout LogStep) {
      uid = step.uid
      beginning = step.isOpen ? .open(step.opened!) : .entry(step.entry())
      session = LogRow.Session(lastWall: step.raw.record.wall)
      isComplete = false
    }

    var row: LogRow {
      switch beginning {
      case .open(let opened): LogRow(entry: opened.entry, session: session, recordCount: recordCount)
      case .entry(let entry): LogRow(entry: entry, session: session, recordCount: recordCount)
      }
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

  func take(_ step: inout LogStep, isMatch: Bool) {
    if step.run != run {
      endSessions()
      run = step.run
    }
    guard step.raw.record.outcome == .done, let handle = step.raw.record.handle else { return single(&step, isMatch) }
    switch step.raw.record.action {
    case .open: begin(&step, handle, isMatch)
    case .read, .pages, .write: use(&step, handle, isMatch)
    case .release: release(&step, handle, isMatch)
    default: single(&step, isMatch)
    }
  }

  /// At the end: what is still open is shown as far as it is known.
  func finish() {
    endSessions()
    drain()
  }

  private func single(_ step: inout LogStep, _ isMatch: Bool) {
    guard isMatch else { return }
    let slot = Slot(&step)
    slot.recordCount = 1
    waiting.append(slot)
    drain()
  }

  private func begin(_ step: inout LogStep, _ handle: HandleID, _ isMatch: Bool) {
    let slots = sessions[handle]
    if step.isRestated, slots != nil { return }
    // A handle whose RELEASE is not in the trail.
    for slot in slots ?? [] { slot.isComplete = true }
    let slot = make(&step)
    if isMatch, !step.isRestated { slot.recordCount = 1 }
    sessions[handle] = [slot]
  }

  private func make(_ step: inout LogStep) -> Slot {
    let slot = Slot(session: &step)
    waiting.append(slot)
    return slot
  }

  private func session(_ step: inout LogStep, _ handle: HandleID) -> Slot {
    let slots = sessions[handle] ?? []
    let uid = step.uid
    if let slot = slots.first(where: { $0.uid == uid }) { return slot }
    let slot = make(&step)
    sessions[handle] = slots + [slot]
    return slot
  }

  private func use(_ step: inout LogStep, _ handle: HandleID, _ isMatch: Bool) {
    let slot = session(&step, handle)
    let range = step.raw.record.range
    let returned = range?.returned ?? 0
    if isMatch { slot.recordCount += 1 }
    slot.session?.lastWall = step.raw.record.wall
    if step.raw.record.action == .write {
      slot.session?.writeCount += 1
      slot.session?.writtenByteCount.addSaturating(returned)
      return
    }
    slot.coverage.insert(offset: range?.offset ?? 0, count: returned)
    slot.session?.readCount += 1
    slot.session?.readByteCount.addSaturating(returned)
    slot.session?.distinctByteCount = slot.coverage.byteCount
    slot.session?.isLowerBound = slot.coverage.isLowerBound
    if step.raw.record.action == .pages { slot.session?.pagesCount += 1 }
  }

  private func release(_ step: inout LogStep, _ handle: HandleID, _ isMatch: Bool) {
    let slot = session(&step, handle)
    if isMatch { slot.recordCount += 1 }
    slot.session?.lastWall = step.raw.record.wall
    let slots = sessions.removeValue(forKey: handle) ?? []
    // The handle's own count is of all who used it.
    if slots.count == 1, let usage = step.raw.record.usage { apply(usage, to: slot) }
    for slot in slots {
      slot.session?.isReleased = true
      slot.isComplete = true
    }
    drain()
  }

  private func apply(_ usage: Record.Usage, to slot: Slot) {
    guard var session = slot.session else { return }
    session.readByteCount = usage.readByteCount
    session.distinctByteCount = usage.distinctByteCount
    session.isLowerBound = false
    session.writtenByteCount = usage.writtenByteCount
    if usage.readByteCount > 0 { session.readCount = max(1, session.readCount) }
    if usage.writtenByteCount > 0 { session.writeCount = max(1, session.writeCount) }
    slot.session = session
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
    if slot.recordCount > 0 { emit(slot.row) }
  }
}
