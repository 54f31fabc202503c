import VaultFormat

/// One line for people: a record, or all that one caller did through one handle.
package struct LogRow: Sendable {
  /// The record, or the OPEN of the handle; the first that was seen where its OPEN was not.
  package var entry: LogEntry
  package var session: Session?
  /// How many records that match the line stands for.
  package var recordCount: UInt64 = 0

  /// What was done through a handle.
  package struct Session: Sendable {
    package var readCount: UInt64 = 0
    package var writeCount: UInt64 = 0
    package var pagesCount: UInt64 = 0
    package var readByteCount: UInt64 = 0
    package var writtenByteCount: UInt64 = 0
    package var distinctByteCount: UInt64 = 0
    /// Whether so many pieces were read that fewer different bytes are counted than there were.
    package var isLowerBound = false
    package var lastWall: Int64
    package var isReleased = false

    /// What it comes to: OPEN, where it was opened and nothing more.
    package var action: String {
      switch (readCount > 0, writeCount > 0) {
      case (false, false): Record.Action.open.name
      case (true, false): Record.Action.read.name
      case (false, true): Record.Action.write.name
      case (true, true): "\(Record.Action.read.name)+\(Record.Action.write.name)"
      }
    }
  }

  /// Of a document that was read: which part of it, 0…100; 100 only for all of it.
  package static func percent(_ distinct: UInt64, of size: UInt64) -> UInt64 {
    if size == 0 || distinct >= size { return 100 }
    return min(99, UInt64(Double(distinct) / Double(size) * 100))
  }
}

/// The different bytes among ranges that were read, as a few intervals.
struct LogCoverage {
  private var intervals: [Range<UInt64>] = []
  private(set) var byteCount: UInt64 = 0
  /// More pieces than were kept.
  private(set) var isLowerBound = false
  private static let intervalCountMax = 1_024

  mutating func insert(offset: UInt64, count: UInt64) {
    guard count > 0 else { return }
    let (end, overflow) = offset.addingReportingOverflow(count)
    var range = offset..<(overflow ? .max : end)
    // The first interval that ends at or after the new one's beginning.
    var low = 0
    var high = intervals.count
    while low < high {
      let middle = (low + high) / 2
      if intervals[middle].upperBound < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    var last = low
    while last < intervals.count, intervals[last].lowerBound <= range.upperBound {
      range = min(range.lowerBound, intervals[last].lowerBound)..<max(range.upperBound, intervals[last].upperBound)
      byteCount -= intervals[last].upperBound - intervals[last].lowerBound
      last += 1
    }
    guard last > low || intervals.count < Self.intervalCountMax else {
      isLowerBound = true
      return
    }
    intervals.replaceSubrange(low..<last, with: [range])
    byteCount += range.upperBound - range.lowerBound
  }
}

extension UInt64 {
  /// Adds, and stays at the greatest where there would be more: what a record says is not trusted to be small.
  mutating func addSaturating(_ more: UInt64) {
    let (sum, overflow) = addingReportingOverflow(more)
    self = overflow ? .max : sum
  }
}
