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

  /// What a walk saw.
  package struct Summary: Sendable, Equatable {
    /// The last frame whose place in the chain was checked.
    package var end: ChainPoint?
    package var recordCount: UInt64 = 0
    /// Segments that were not sealed to this reviewer; their records were not read.
    package var sealedToOthers: [UInt64] = []
    /// Whether the file ends inside a frame: a crash, or a writer at work.
    package var isTorn = false
  }

  package init(_ path: String, identity: ReviewerIdentity) {
    folder = TrailFolder(path: path)
    self.identity = identity
  }

  /// Calls `body` for each record with a wall time in `from`…`to` (nanoseconds, both included) and a sequence greater than `after`, until
  /// it returns false. Segments that lie outside by their headers' clocks are skipped, with a margin for clocks that were set.
  ///
  /// - Throws: `damaged` at the first broken place: records before it were given already. `missing` where there is no trail.
  @discardableResult
  package func forEach(
    from: Int64 = .min, to: Int64 = .max, after: UInt64 = 0, _ body: (Entry) throws(TrailError) -> Bool
  ) throws(TrailError) -> Summary {
    let numbers = try folder.list().segments
    guard !numbers.isEmpty else { throw .missing }
    var summary = Summary()
    var previous: ChainPoint?
    for (index, number) in numbers.enumerated() {
      let next = index + 1 < numbers.count ? try SegmentScanner(folder, number: numbers[index + 1], vault: nil).header : nil
      if let next {
        guard next.number == number + 1 else { throw .damaged("segment \(number + 1) is missing") }
        guard next.firstSequence - 1 > after, Self.mayReach(next.base.wall, from) else {
          previous = ChainPoint(sequence: next.firstSequence - 1, head: next.previousHead)
          continue
        }
      }
      let scanner = try SegmentScanner(folder, number: number, vault: nil)
      guard previous == nil || (scanner.header.previousHead == previous!.head) else {
        throw .damaged("segment \(number) does not continue the one before")
      }
      if Self.isAfter(scanner.header.base.wall, to) { break }
      let limit = next.map { Int($0.previousByteCount) }
      guard try walk(scanner, limit: limit, from: from, to: to, after: after, &summary, body) else { return summary }
      if let next, next.previousHead != scanner.head || next.firstSequence != scanner.sequence + 1 {
        throw .damaged("segment \(number): not the chain that goes on")
      }
      previous = scanner.point
    }
    return summary
  }

  private func walk(
    _ scanner: SegmentScanner, limit: Int?, from: Int64, to: Int64, after: UInt64, _ summary: inout Summary,
    _ body: (Entry) throws(TrailError) -> Bool
  ) throws(TrailError) -> Bool {
    let number = scanner.header.number
    guard limit ?? 0 <= scanner.byteCount else { throw .damaged("segment \(number) is cut") }
    let opener = try RecordOpener(scanner.header, identity: identity)
    if opener == nil { summary.sealedToOthers.append(number) }
    while true {
      switch try scanner.next(limit: limit) {
      case .frame(.record, let bytes):
        summary.end = scanner.point
        guard let opener else { continue }
        let record = try opener.record(bytes, sequence: scanner.sequence)
        guard scanner.sequence > after, record.wall >= from, record.wall <= to else { continue }
        summary.recordCount += 1
        guard try body(Entry(segment: number, sequence: scanner.sequence, record: record)) else { return false }
      case .frame: summary.end = scanner.point
      case .end: return true
      case .torn:
        guard limit == nil else { throw .damaged("segment \(number): byte \(scanner.offset)") }
        summary.isTorn = true
        return true
      case .bad(let what): throw .damaged("segment \(number): byte \(scanner.offset): \(what)")
      }
    }
  }

  /// Clocks may be set while a segment is written: an hour's margin.
  private static let margin: Int64 = 3_600_000_000_000
  private static func mayReach(_ end: Int64, _ from: Int64) -> Bool { from <= Int64.min + margin || end >= from - margin }
  private static func isAfter(_ start: Int64, _ to: Int64) -> Bool { to < Int64.max - margin && start > to + margin }
}
