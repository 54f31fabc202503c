import Trail
package import VaultFormat

/// The handles that are open at this point of the trail. As large as their number, whatever the trail's length.
package struct HandleTable {
  private var open: [HandleID: OpenHandle] = [:]
  private(set) var run: UInt64 = 0
  /// The handle that was used last: most records are the next use of the same.
  private var last: (handle: HandleID, opened: OpenHandle)?

  package init() {}

  package var count: Int { open.count }

  /// The record with its handle's OPEN; follows opens and releases.
  mutating func follow(_ raw: consuming TrailReader.RawEntry, for matcher: LogMatcher) -> LogStep {
    let opened = pass(raw.record.action, raw.record.handle) { run in
      OpenHandle(raw, run: run, traits: matcher.traits(of: raw.record))
    }
    return LogStep(raw, run: run, opened: opened)
  }

  /// The same for a record with memory of its own: what it leaves to its handle's OPEN is filled in.
  package mutating func complete(segment: UInt64, sequence: UInt64, _ record: Record) -> LogEntry {
    var entry = LogEntry(segment: segment, sequence: sequence, record: record)
    let opened = pass(record.action, record.handle) { run in
      entry.run = run
      entry.isRestated = entry.detail("restated") == "true"
      entry.openerUID = record.actor?.uid
      return OpenHandle(entry)
    }
    entry.run = run
    if record.action != .open { opened?.complete(&entry) }
    return entry
  }

  /// Follows the run, opens and releases. Returns the record's handle, of an OPEN the one that `make` makes of it; nil where its OPEN is not known.
  private mutating func pass(_ action: Record.Action, _ handle: HandleID?, _ make: (_ run: UInt64) -> OpenHandle) -> OpenHandle? {
    endRun(action)
    guard let handle else { return nil }
    switch action {
    case .open:
      let opened = make(run)
      open[handle] = opened
      last = nil
      return opened
    case .release:
      last = nil
      return open.removeValue(forKey: handle)
    default: return find(handle)
    }
  }

  private mutating func find(_ handle: HandleID) -> OpenHandle? {
    if let last, last.handle == handle { return last.opened }
    guard let opened = open[handle] else { return nil }
    last = (handle, opened)
    return opened
  }

  /// A run of the program ended; its handles with it.
  private mutating func endRun(_ action: Record.Action) {
    switch action {
    case .mount, .recovery, .restore:
      guard !open.isEmpty || action == .mount else { return }
      open.removeAll(keepingCapacity: true)
      last = nil
      run += 1
    default: break
    }
  }
}
