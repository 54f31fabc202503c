import Trail
import VaultFormat

/// One record of a walk where it lies, with the OPEN of its handle. No text is copied unless the entry is asked for, and then once.
struct LogStep: ~Copyable {
  let raw: TrailReader.RawEntry
  /// Handles are numbered anew by each mount: the run that this record belongs to.
  let run: UInt64
  /// The OPEN of its handle, where that is known; of an OPEN itself.
  let opened: OpenHandle?
  /// The entry, once it was asked for; an OPEN's is its handle's.
  private var made: LogEntry?

  init(_ raw: consuming TrailReader.RawEntry, run: UInt64, opened: OpenHandle?) {
    self.raw = raw
    self.run = run
    self.opened = opened
  }

  var isOpen: Bool { raw.record.action == .open && opened != nil }
  /// The handle's OPEN repeated at the start of a segment: not an event.
  var isRestated: Bool { isOpen && opened!.isRestated }
  /// Who did it, as far as the record or its OPEN says.
  var uid: UInt32? { raw.record.actor?.uid ?? opened?.uid }
  var node: NodeID? { raw.record.object?.node ?? opened?.node }

  /// The record as a reviewer reads it, with memory of its own. Made once, however many ask.
  mutating func entry() -> LogEntry {
    if isOpen { return opened!.entry(madeFrom: raw) }
    if let made { return made }
    var entry = LogEntry(segment: raw.segment, sequence: raw.sequence, record: Record(raw.record))
    entry.run = run
    opened?.complete(&entry)
    made = entry
    return entry
  }
}
