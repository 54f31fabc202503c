import Trail
import VaultFormat

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
    case made(Made)
  }

  private struct Bytes {
    let segment: UInt64
    let sequence: UInt64
    let run: UInt64
    let bytes: [UInt8]
    let base: Record.TimeBase
  }

  /// Never changed, so that whoever takes a part of it copies no other.
  private final class Made {
    let entry: LogEntry
    init(_ entry: LogEntry) { self.entry = entry }
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
    content = .made(Made(entry))
  }

  /// The OPEN as a reviewer reads it.
  var entry: LogEntry { made.entry }

  /// The same while it still lies in the reader's memory as `raw`: it need not be read a second time.
  func entry(madeFrom raw: borrowing TrailReader.RawEntry) -> LogEntry {
    if case .bytes(let bytes) = content { content = .made(Made(entry(bytes, Record(raw.record)))) }
    return entry
  }

  /// Fills in what a record of this handle leaves to its OPEN.
  func complete(_ entry: inout LogEntry) { entry.complete(by: made.entry.record) }

  private var made: Made {
    switch content {
    case .made(let made): return made
    case .bytes(let bytes):
      // They were read and checked before they were kept.
      guard let record = try? Record(parsing: bytes.bytes, base: bytes.base) else { preconditionFailure("an OPEN that was read") }
      let made = Made(entry(bytes, record))
      content = .made(made)
      return made
    }
  }

  private func entry(_ bytes: Bytes, _ record: Record) -> LogEntry {
    var entry = LogEntry(segment: bytes.segment, sequence: bytes.sequence, record: record)
    entry.run = bytes.run
    entry.isRestated = isRestated
    entry.openerUID = uid
    return entry
  }
}
