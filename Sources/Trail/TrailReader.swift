import Platform
package import VaultFormat

/// Yields the records of a trail to a reviewer, in order and in constant memory. Works on the folder alone, also while it is written.
///
/// Follows the chain from the first segment read to the last; signatures are the verifier's business.
package struct TrailReader {
  private let folder: TrailFolder
  private let identity: ReviewerIdentity

  /// One record with its place.
  package struct Entry {
    package var segment: UInt64
    package var sequence: UInt64
    package var record: Record
  }

  /// The same where it lies in the reader's memory: it dies with the next one.
  package struct RawEntry: ~Copyable {
    package let segment: UInt64
    package let sequence: UInt64
    package let record: RawRecord

    package init(segment: UInt64, sequence: UInt64, record: consuming RawRecord) {
      self.segment = segment
      self.sequence = sequence
      self.record = record
    }
  }

  /// What a walk saw.
  package struct Summary: Sendable, Equatable {
    /// The first frame whose place in the chain was checked.
    package var begin: UInt64?
    /// The last one.
    package var end: ChainPoint?
    package var recordCount: UInt64 = 0
    /// Segments of which the header was read to know whether they must be read.
    package var headerCount: UInt64 = 0
    /// Segments that were opened.
    package var openedCount: UInt64 = 0
    /// Segments that were not sealed to this reviewer; their records were not read.
    package var sealedToOthers: [UInt64] = []
    /// Whether the file ends inside a frame: a crash, or a writer at work.
    package var isTorn = false

    package init() {}
  }

  package init(_ path: String, identity: ReviewerIdentity) {
    folder = TrailFolder(path: path)
    self.identity = identity
  }

  /// Whether a folder holds a segment or a signer.
  package static func isTrail(_ path: String) -> Bool {
    let folder = TrailFolder(path: path)
    return Files.exists(folder.signerPath) || (try? folder.list().segments.isEmpty) == false
  }

  /// Whose trail it is, by its first segment's header; nil where there is none yet. Nothing about it is proven by this.
  package static func vault(of path: String) throws(TrailError) -> VaultID? {
    let folder = TrailFolder(path: path)
    guard let first = try folder.list().segments.first else { return nil }
    return try SegmentScanner(folder, number: first, vault: nil).header.vault
  }

  /// Calls `body` for each record with a wall time in `from`…`to` (nanoseconds, both included) and a sequence greater than `after`, until
  /// it returns false. Segments that cannot hold one by the clocks in headers are not read (`SegmentSearch`), before the first that may and after the last;
  /// all between those two are, so that the chain is followed from one end to the other.
  ///
  /// - Parameters:
  ///   - wholeSegments: gives every record of the segments that are read: what a handle is, is said once in a segment.
  ///   - summary: what was seen so far, also when this throws or `body` is called.
  ///   - wait: called at the end of the last segment; where it returns true, the walk goes on with what was written since. Without it the
  ///     walk ends there.
  /// - Throws: `damaged` at the first broken place: records before it were given already. `missing` where there is no trail.
  package func forEach(
    from: Int64 = .min, to: Int64 = .max, after: UInt64 = 0, wholeSegments: Bool = false, into summary: inout Summary,
    wait: (() -> Bool)? = nil, _ body: (consuming RawEntry) throws(TrailError) -> Bool
  ) throws(TrailError) {
    let numbers = try folder.list().segments
    guard let first = numbers.first, let last = numbers.last else { throw .missing }
    let span = TrailSpan(from: from, to: to, after: after, isWhole: wholeSegments)
    var search = SegmentSearch(folder, span, numbers: first...last)
    defer { summary.headerCount = search.headerCount }
    guard var number = try search.first(from: first) else { return }
    var previous: ChainPoint?
    /// Up to here everything is read.
    var through = number
    while true {
      let scanner = try SegmentScanner(folder, number: number, vault: nil)
      guard previous == nil || scanner.header.previousHead == previous!.head else {
        throw .damaged("segment \(number) does not continue the one before")
      }
      var next = number < last ? try search.header(number + 1) : nil
      guard try walk(scanner, next: &next, span, &summary, wait, body), let next else { return }
      if !Self.isTakenBack(scanner, next) {
        guard next.previousHead == scanner.head, next.firstSequence == scanner.sequence + 1 else {
          throw .damaged("segment \(number): not the chain that goes on")
        }
      }
      previous = ChainPoint(sequence: next.firstSequence - 1, head: next.previousHead)
      number += 1
      if number > through {
        guard let further = try search.first(from: number) else { return }
        through = further
      }
    }
  }

  /// The same, with the summary as its result.
  @discardableResult
  package func forEach(
    from: Int64 = .min, to: Int64 = .max, after: UInt64 = 0, _ body: (Entry) throws(TrailError) -> Bool
  ) throws(TrailError) -> Summary {
    var summary = Summary()
    try forEach(from: from, to: to, after: after, into: &summary) { (entry) throws(TrailError) in
      try body(Entry(segment: entry.segment, sequence: entry.sequence, record: Record(entry.record)))
    }
    return summary
  }

  /// Walks one segment to where the next one continues it, or to its end. Returns false where the walk is to end.
  private func walk(
    _ scanner: SegmentScanner, next: inout SegmentHeader?, _ span: TrailSpan, _ summary: inout Summary, _ wait: (() -> Bool)?,
    _ body: (consuming RawEntry) throws(TrailError) -> Bool
  ) throws(TrailError) -> Bool {
    let number = scanner.header.number
    let opener = try RecordOpener(scanner.header, identity: identity)
    if opener == nil { summary.sealedToOthers.append(number) } else { summary.openedCount += 1 }
    var limit: Int?
    // Looked at only where `next` may have changed: for each frame it would cost as much as the frame.
    var hasLooked = false
    while true {
      if !hasLooked {
        if let next, Self.isTakenBack(scanner, next) { return true }
        limit = next.map { Int($0.previousByteCount) }
        guard limit ?? 0 <= scanner.byteCount else { throw .damaged("segment \(number) is cut") }
        hasLooked = true
      }
      switch try scanner.next(limit: limit) {
      case .frame(let kind, let bytes):
        summary.end = scanner.point
        if summary.begin == nil { summary.begin = scanner.sequence }
        guard kind == .record, let opener else { continue }
        let record = try opener.record(bytes, sequence: scanner.sequence)
        guard span.holds(record, scanner.sequence) else { continue }
        summary.recordCount += 1
        guard try body(RawEntry(segment: number, sequence: scanner.sequence, record: record)) else { return false }
      case .end:
        guard next == nil else { return true }
        guard try goesOn(scanner, next: &next, wait) else { return false }
        hasLooked = false
      case .torn:
        guard next == nil else { throw .damaged("segment \(number): byte \(scanner.offset)") }
        summary.isTorn = true
        guard try goesOn(scanner, next: &next, wait) else { return false }
        hasLooked = false
        summary.isTorn = false
      case .bad(let what): throw .damaged("segment \(number): byte \(scanner.offset): \(what)")
      }
    }
  }

  /// At the end of the last segment: waits for more of it, or for the next one.
  private func goesOn(
    _ scanner: SegmentScanner, next: inout SegmentHeader?, _ wait: (() -> Bool)?
  ) throws(TrailError) -> Bool {
    guard let wait, wait() else { return false }
    // In this order: once there is a next one, this one grows no more.
    do throws(TrailError) {
      next = try SegmentScanner(folder, number: scanner.header.number + 1, vault: nil).header
    } catch .missing {
      next = nil
    }
    if let next, Self.isTakenBack(scanner, next) { return true }
    try scanner.refresh()
    return true
  }

  /// Whether frames that were walked are no longer there: a sync failed, and the next segment repeats their records.
  private static func isTakenBack(_ scanner: SegmentScanner, _ next: SegmentHeader) -> Bool {
    next.kind == .resumed && next.previousByteCount < UInt64(scanner.offset)
  }
}
