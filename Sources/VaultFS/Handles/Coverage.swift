/// The different bytes read through one handle.
///
/// Reads at random in a large document leave a range each. To put one in its place among thousands moves half of them, so that ranges gather in a
/// short list first, and many are put in place at once: 256 reads cost one walk over all that was read before, and none allocates but where
/// more room is needed.
struct Coverage {
  /// Past this many separate ranges, those with the smallest gaps between them are joined: distinct bytes may then overstate, as a record may.
  static let rangeCountMax = 16_384
  private static let recentCountMax = 256

  /// Both in order, each without ranges that overlap or touch; those of one may meet those of the other.
  private var settled: [Range<UInt64>] = []
  private var recent: [Range<UInt64>] = []

  mutating func add(_ offset: UInt64, _ count: UInt64) {
    let end = offset + count
    // Who reads on from where they were.
    if let last = recent.last, last.upperBound == offset {
      recent[recent.count - 1] = last.lowerBound..<end
      return
    }
    var low = 0
    var high = recent.count
    while low < high {
      let middle = (low + high) / 2
      if recent[middle].upperBound < offset { low = middle + 1 } else { high = middle }
    }
    var past = low
    var merged = offset..<end
    while past < recent.count, recent[past].lowerBound <= end {
      merged = min(merged.lowerBound, recent[past].lowerBound)..<max(merged.upperBound, recent[past].upperBound)
      past += 1
    }
    if low == past {
      recent.insert(merged, at: low)
    } else {
      recent[low] = merged
      if past > low + 1 { recent.removeSubrange(low + 1..<past) }
    }
    if recent.count >= Self.recentCountMax { settle() }
  }

  /// How many different bytes.
  mutating func byteCount() -> UInt64 {
    settle()
    return settled.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
  }

  /// Puts what is recent in its place.
  private mutating func settle() {
    guard !recent.isEmpty else { return }
    merge()
    unite()
    recent.removeAll(keepingCapacity: true)
    if settled.count > Self.rangeCountMax { joinNearest() }
  }

  /// All ranges in one list by their beginning, from the end, so that each is moved once and needs no room beside the list.
  private mutating func merge() {
    var old = settled.count - 1
    var new = recent.count - 1
    settled.append(contentsOf: recent)
    var place = settled.count - 1
    while new >= 0 {
      if old >= 0, settled[old].lowerBound > recent[new].lowerBound {
        settled[place] = settled[old]
        old -= 1
      } else {
        settled[place] = recent[new]
        new -= 1
      }
      place -= 1
    }
  }

  /// Makes one range of neighbours that overlap or touch, and of `joinCountMax` at most that have a gap of so many bytes or fewer between them.
  private mutating func unite(gapsUpTo gap: UInt64 = 0, joinCountMax: Int = 0) {
    var joinCount = 0
    var kept = 0
    for index in settled.indices.dropFirst() {
      let range = settled[index]
      let last = settled[kept]
      let isNear = range.lowerBound > last.upperBound && joinCount < joinCountMax && range.lowerBound - last.upperBound <= gap
      if isNear { joinCount += 1 }
      if isNear || range.lowerBound <= last.upperBound {
        settled[kept] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        kept += 1
        settled[kept] = range
      }
    }
    settled.removeLast(settled.count - kept - 1)
  }

  /// Joins as many as are too many, over gaps that are the smallest to within a factor of two.
  private mutating func joinNearest() {
    var gap: UInt64 = 1
    while settled.count > Self.rangeCountMax {
      unite(gapsUpTo: gap, joinCountMax: settled.count - Self.rangeCountMax)
      gap = gap << 1 | 1
    }
  }
}
