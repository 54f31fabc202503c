import VaultFormat

/// Which records of a trail are wanted.
struct TrailSpan {
  /// Wall times, both included.
  let from: Int64
  let to: Int64
  /// Sequences greater than this.
  let after: UInt64
  /// Whether every record is wanted of a segment that must be read at all.
  let isWhole: Bool

  /// Clocks may be set while a segment is written, and it lasts an hour at most.
  private static let margin: Int64 = 3_600_000_000_000

  var isEverything: Bool { from == .min && to == .max && after == 0 }

  func holds(_ record: borrowing RawRecord, _ sequence: UInt64) -> Bool {
    isWhole || (sequence > after && record.wall >= from && record.wall <= to)
  }

  /// Whether a segment may hold what is wanted whose clocks said these times at the earliest and at the latest, as far as headers know.
  fileprivate func begins(before latest: Int64) -> Bool { from <= Int64.min + Self.margin || latest >= from - Self.margin }
  fileprivate func ends(after earliest: Int64) -> Bool { to >= Int64.max - Self.margin || earliest <= to + Self.margin }
}

/// Finds the segments that may hold what is wanted, by the clocks in headers.
///
/// A segment's records were made between its own header's clocks and the next one's. Headers stand in no order of time: a clock may have been set back and
/// forth anywhere, and nothing tells of it but the headers themselves. So each is read: halving the trail to find a time would miss the records
/// of such an hour. What is in a segment that is not read is not known, and not said to be: the chain is followed from the first segment that is
/// read to the last, with none left out between.
struct SegmentSearch {
  private let folder: TrailFolder
  private let span: TrailSpan
  private let numbers: ClosedRange<UInt64>
  /// The headers read last: a segment's own, and the next one's.
  private var known: [SegmentHeader] = []
  /// How many headers were read.
  private(set) var headerCount: UInt64 = 0

  /// - Parameter numbers: the segments that are there, at this time.
  init(_ folder: TrailFolder, _ span: TrailSpan, numbers: ClosedRange<UInt64>) {
    self.folder = folder
    self.span = span
    self.numbers = numbers
  }

  /// The first segment from `number` on that may hold what is wanted; nil where none does.
  mutating func first(from number: UInt64) throws(TrailError) -> UInt64? {
    if span.isEverything { return number }
    var number = number
    while number < numbers.upperBound {
      let (begin, next) = (try header(number), try header(number + 1))
      let latest = max(begin.base.wall, next.base.wall)
      if next.firstSequence - 1 > span.after, span.begins(before: latest),
        span.ends(after: min(try earliest(begin), next.base.wall))
      {
        return number
      }
      number += 1
    }
    // No header says how far the last one goes.
    if try span.ends(after: earliest(header(number))) { return number }
    return try span.ends(after: earliestHeartbeat(number)) ? number : nil
  }

  /// When a segment was begun, or what it begins with was made.
  private mutating func earliest(_ begin: SegmentHeader) throws(TrailError) -> Int64 {
    // Records that waited since the one before.
    guard begin.kind == .resumed, begin.number > numbers.lowerBound else { return begin.base.wall }
    return min(begin.base.wall, try header(begin.number - 1).base.wall)
  }

  /// A segment's header.
  mutating func header(_ number: UInt64) throws(TrailError) -> SegmentHeader {
    if let header = known.first(where: { $0.number == number }) { return header }
    headerCount += 1
    let header: SegmentHeader
    do throws(TrailError) { header = try SegmentScanner.header(folder, number: number) } catch {
      throw error == .missing ? .damaged("segment \(number) is missing") : error
    }
    known = Array(known.suffix(1)) + [header]
    return header
  }

  /// The earliest of the clocks that marks and checkpoints tell in clear: whether a clock was set back after the last header.
  private func earliestHeartbeat(_ number: UInt64) throws(TrailError) -> Int64 {
    let scanner = try SegmentScanner(folder, number: number, vault: nil)
    var earliest = scanner.header.base.wall
    while case .frame(let kind, let body) = try scanner.next() {
      let wall: Int64?
      switch kind {
      case .record: wall = nil
      case .mark: wall = try? Mark(parsing: [UInt8](body.prefix(Mark.byteCount - Mark.macByteCount))).wall
      case .checkpoint: wall = try? Checkpoint(parsing: [UInt8](body)).wall
      }
      if let wall { earliest = min(earliest, wall) }
    }
    return earliest
  }
}
