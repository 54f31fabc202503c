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
    endRun(raw.record.action)
    guard let handle = raw.record.handle else { return LogStep(raw, run: run, opened: nil) }
    if raw.record.action == .open {
      let opened = OpenHandle(raw, run: run, traits: matcher.traits(of: raw.record))
      open[handle] = opened
      last = nil
      return LogStep(raw, run: run, opened: opened)
    }
    let opened = find(handle)
    if raw.record.action == .release {
      open[handle] = nil
      last = nil
    }
    return LogStep(raw, run: run, opened: opened)
  }

  private mutating func find(_ handle: HandleID) -> OpenHandle? {
    if let last, last.handle == handle { return last.opened }
    guard let opened = open[handle] else { return nil }
    last = (handle, opened)
    return opened
  }

  /// The same for a record with memory of its own: what it leaves to its handle's OPEN is filled in.
  package mutating func complete(segment: UInt64, sequence: UInt64, _ record: Record) -> LogEntry {
    var entry = LogEntry(segment: segment, sequence: sequence, record: record)
    endRun(record.action)
    entry.run = run
    guard let handle = record.handle else { return entry }
    if record.action == .open {
      entry.isRestated = entry.detail("restated") == "true"
      entry.openerUID = record.actor?.uid
      open[handle] = OpenHandle(entry)
      last = nil
      return entry
    }
    if let opened = open[handle] { entry.complete(by: opened.entry.record) }
    if record.action == .release {
      open[handle] = nil
      last = nil
    }
    return entry
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

/// The OPEN of a handle, as long as somebody needs it: its bytes, and the entry that they make once it is asked for. Most are asked for nothing.
final class OpenHandle {
  let uid: UInt32?
  let node: NodeID?
  let isRestated: Bool
  /// What it meets of the filter.
  let traits: LogTraits
  private var content: Content

  private enum Content {
    case bytes(Bytes)
    indirect case entry(LogEntry)
  }

  private struct Bytes {
    let segment: UInt64
    let sequence: UInt64
    let run: UInt64
    let bytes: [UInt8]
    let base: Record.TimeBase
  }

  init(_ raw: borrowing TrailReader.RawEntry, run: UInt64, traits: LogTraits) {
    uid = raw.record.actor?.uid
    node = raw.record.object?.node
    isRestated = raw.record.detail("restated")?.holds("true") ?? false
    self.traits = traits
    content = .bytes(
      Bytes(segment: raw.segment, sequence: raw.sequence, run: run, bytes: [UInt8](raw.record.bytes), base: raw.record.base))
  }

  init(_ entry: LogEntry) {
    uid = entry.record.actor?.uid
    node = entry.record.object?.node
    isRestated = entry.isRestated
    traits = []
    content = .entry(entry)
  }

  /// The OPEN as a reviewer reads it.
  var entry: LogEntry {
    switch content {
    case .entry(let entry): return entry
    case .bytes(let bytes):
      // They were read and checked before they were kept.
      guard let record = try? Record(parsing: bytes.bytes, base: bytes.base) else { preconditionFailure("an OPEN that was read") }
      var entry = LogEntry(segment: bytes.segment, sequence: bytes.sequence, record: record)
      entry.run = bytes.run
      entry.isRestated = isRestated
      entry.openerUID = uid
      content = .entry(entry)
      return entry
    }
  }
}
