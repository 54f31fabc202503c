package import Trail
package import VaultFormat

/// One record of the trail as a reviewer reads it: what it leaves to the OPEN of its handle is filled in.
package struct LogEntry: Sendable {
  package var segment: UInt64
  package var sequence: UInt64
  package var record: Record
  /// The handle's OPEN repeated at the start of a segment: not an event.
  package var isRestated = false
  /// Handles are numbered anew by each mount: the run that this one belongs to.
  package var run: UInt64 = 0
  /// Who opened the handle, where that is known.
  package var openerUID: UInt32?

  package init(segment: UInt64, sequence: UInt64, record: Record) {
    self.segment = segment
    self.sequence = sequence
    self.record = record
  }

  /// The grants, barriers and boundaries that the record speaks of: what decided, and what was given or taken.
  package var rules: [RuleID] {
    var rules: [RuleID] = []
    switch record.decision {
    case .grant(let id), .creator(let id), .barrier(let id): rules.append(id)
    default: break
    }
    for detail in record.details where detail.key == "rule" || detail.key == "target-grant" {
      if let number = UInt64(detail.value) { rules.append(RuleID(number)) }
    }
    return rules
  }

  package func detail(_ key: String) -> String? { record.details.first { $0.key == key }?.value }
}

/// The handles that are open at this point of the trail. As large as their number, whatever the trail's length.
package struct HandleTable {
  private struct Open {
    var actor: Record.Actor?
    var object: Record.Object?
    var decision: Record.Decision?
  }

  private var open: [HandleID: Open] = [:]
  private(set) var run: UInt64 = 0
  /// The last plain use of a handle, completed, and its handle: most records are the next one of the same.
  private var use = LogEntry(segment: 0, sequence: 0, record: Record(.read))
  private var used: HandleID?

  package init() {}

  package var count: Int { open.count }

  /// Hands over what `complete` returns for the record. One that says no more than that its handle was used costs no copy of its OPEN's texts.
  package mutating func complete<Result>(_ raw: borrowing TrailReader.RawEntry, _ take: (LogEntry) -> Result) -> Result {
    guard raw.record.isPlainUse, raw.record.action.isUse, let handle = raw.record.handle, prepareUse(of: handle) else {
      return take(complete(segment: raw.segment, sequence: raw.sequence, Record(raw.record)))
    }
    use.segment = raw.segment
    use.sequence = raw.sequence
    use.record.action = raw.record.action
    use.record.wall = raw.record.wall
    use.record.boot = raw.record.boot
    use.record.range = raw.record.range
    return take(use)
  }

  /// Makes `use` one of this handle; false where its OPEN is not known.
  private mutating func prepareUse(of handle: HandleID) -> Bool {
    if used == handle { return true }
    guard let opened = open[handle] else { return false }
    use.run = run
    use.openerUID = opened.actor?.uid
    use.record.handle = handle
    use.record.actor = opened.actor
    use.record.object = opened.object
    use.record.decision = opened.decision
    used = handle
    return true
  }

  /// Fills in what the record leaves to its handle's OPEN, and follows opens and releases.
  package mutating func complete(segment: UInt64, sequence: UInt64, _ record: Record) -> LogEntry {
    var entry = LogEntry(segment: segment, sequence: sequence, record: record)
    used = nil
    switch record.action {
    case .mount, .recovery, .restore:
      // A run of the program ended; its handles with it.
      if !open.isEmpty || record.action == .mount {
        open.removeAll(keepingCapacity: true)
        run += 1
      }
    default: break
    }
    entry.run = run
    guard let handle = record.handle else { return entry }
    if record.action == .open {
      entry.isRestated = entry.detail("restated") == "true"
      entry.openerUID = record.actor?.uid
      open[handle] = Open(actor: record.actor, object: record.object, decision: record.decision)
      return entry
    }
    if let opened = open[handle] { fill(&entry, from: opened) }
    if record.action == .release { open[handle] = nil }
    return entry
  }

  private func fill(_ entry: inout LogEntry, from opened: Open) {
    entry.openerUID = opened.actor?.uid
    if entry.record.actor == nil {
      entry.record.actor = opened.actor
    } else if let actor = entry.record.actor, actor.uid == opened.actor?.uid {
      // RELEASE has no caller worth the name, and names its opener alone.
      if actor.program == nil, actor.pid == 0 { entry.record.actor = opened.actor }
    }
    if entry.record.object == nil {
      entry.record.object = opened.object
    } else if entry.record.object?.path.isEmpty == true, let object = opened.object {
      entry.record.object?.path = object.path
      if entry.record.object?.size == nil { entry.record.object?.size = object.size }
    }
    if entry.record.decision == nil, entry.record.opener == nil, entry.record.action != .release {
      entry.record.decision = opened.decision
    }
  }
}

extension Record.Action {
  /// What is done through a handle and says nothing about the handle itself.
  fileprivate var isUse: Bool {
    switch self {
    case .read, .pages, .write: true
    default: false
    }
  }
}
