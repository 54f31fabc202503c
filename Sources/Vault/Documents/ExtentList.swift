package import VaultFormat

/// The extents of one document: in order, covering every byte below `end` exactly once. Pure values; no I/O.
package struct ExtentList: Sendable {
  package private(set) var extents: [Extent]

  package init() { extents = [] }

  /// Nil unless the extents cover their bytes exactly once, from zero: a missing extent is damage, never zeros.
  package init?(covering size: UInt64, _ extents: [Extent]) {
    var position: UInt64 = 0
    for extent in extents {
      guard extent.start == position else { return nil }
      position = extent.end
    }
    guard position == size else { return nil }
    self.extents = extents
  }

  package var end: UInt64 { extents.last?.end ?? 0 }

  /// The index of the extent that holds `offset`, or `extents.count` at or past the end.
  package func index(at offset: UInt64) -> Int {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Adds a hole up to `size`; joins it to a hole at the end.
  package mutating func extend(to size: UInt64) {
    guard size > end else { return }
    if let last = extents.last, last.blob == nil {
      extents[extents.count - 1].byteCount = size - last.start
    } else {
      extents.append(Extent(start: end, byteCount: size - end, blob: nil))
    }
  }

  /// Cuts everything at and past `size`. Returns the blobs that nothing names any more.
  package mutating func cut(to size: UInt64) -> [BlobReference] {
    guard size < end else { return [] }
    let oldEnd = end
    let first = index(at: size)
    var touched = extents[first...].compactMap(\.blob)
    if extents[first].start < size {
      extents[first].byteCount = size - extents[first].start
      extents.removeSubrange((first + 1)...)
    } else {
      extents.removeSubrange(first...)
    }
    removeNamed(from: &touched, sliced: size, oldEnd)
    return touched
  }

  /// Puts `extent` in place of what covered its bytes; all of them must lie below `end`. Returns the blobs that nothing names any more.
  package mutating func replace(with extent: Extent) -> [BlobReference] {
    precondition(extent.end <= end && extent.byteCount > 0)
    let first = index(at: extent.start)
    let last = index(at: extent.end - 1)
    var touched = extents[first...last].compactMap(\.blob)
    var fresh: [Extent] = []
    if extents[first].start < extent.start {
      var left = extents[first]
      left.byteCount = extent.start - left.start
      fresh.append(left)
    }
    fresh.append(extent)
    if extents[last].end > extent.end {
      var right = extents[last]
      let skipped = extent.end - right.start
      right.start = extent.end
      right.byteCount -= skipped
      if right.blob != nil { right.blobStart += skipped }
      fresh.append(right)
    }
    extents.replaceSubrange(first...last, with: fresh)
    joinHoles(around: first, through: first + fresh.count - 1)
    removeNamed(from: &touched, sliced: extent.start, extent.end)
    return touched
  }

  /// Has every extent that names `blob` name `copy`, the same bytes at another place. Returns whether there was one.
  mutating func move(_ blob: BlobReference, to copy: BlobReference) -> Bool {
    var isNamed = false
    for index in extents.indices where extents[index].blob == blob {
      extents[index].blob = copy
      isNamed = true
    }
    return isNamed
  }

  /// Joins neighbouring holes within and beside the given indexes.
  private mutating func joinHoles(around first: Int, through last: Int) {
    var index = min(last + 1, extents.count - 1)
    while index > max(0, first - 1) {
      if index > 0, extents[index].blob == nil, extents[index - 1].blob == nil {
        extents[index - 1].byteCount += extents[index].byteCount
        extents.remove(at: index)
      }
      index -= 1
    }
  }

  /// Drops from `blobs`, of which slices lay between the offsets `start` and `end`, those that an extent still names, and repetitions.
  /// A blob's slices lie within one blob length of each other, since extents never move within a document. Offsets, not indexes, say
  /// where to look: holes of any length lie between slices, and joining them moves indexes.
  private func removeNamed(from blobs: inout [BlobReference], sliced start: UInt64, _ end: UInt64) {
    guard !blobs.isEmpty else { return }
    var named: Set<BlobID> = []
    let reach = UInt64(BlobGeometry.byteCountMax)
    for extent in extents[index(at: start > reach ? start - reach : 0)...] {
      if extent.start >= end + reach { break }
      if let id = extent.blob?.id { named.insert(id) }
    }
    var seen: Set<BlobID> = []
    blobs.removeAll { named.contains($0.id) || !seen.insert($0.id).inserted }
  }

  /// All blobs named, each once.
  package var blobs: [BlobReference] {
    var seen: Set<BlobID> = []
    return extents.compactMap(\.blob).filter { seen.insert($0.id).inserted }
  }
}
