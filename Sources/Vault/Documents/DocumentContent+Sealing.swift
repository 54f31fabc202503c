import VaultFormat

/// From bytes in memory to blobs and extents.
extension DocumentContent {
  /// Seals all that is in memory. On a throw, what was not sealed stays in memory.
  package func sealAllLocked() throws(ContentError) {
    guard !dirty.isEmpty else { return }
    if list.end <= UInt64(BlobGeometry.packedByteCountMax) {
      try sealWhole()
    } else {
      try sealSegments()
      try compactLocked()
    }
  }

  /// Each with its small neighbours.
  private func sealSegments() throws(ContentError) {
    while let last = dirty.indices.last {
      widen(last)
      try seal(at: last)
    }
  }

  /// Seals one segment and names it in the extents; waits where another thread is sealing it. On a throw the segment stays.
  func seal(at index: Int) throws(ContentError) {
    if let task = dirty[index].task {
      if task.begin() { _ = task.end(store.sealed(dirty[index].bytes)) }
      forgetTask(of: index)
      // What failed there is tried once more here: the failure is this caller's to tell.
      if case .success(let blob) = task.outcome() { return name(blob, for: index) }
    }
    name(try store.seal(dirty[index].bytes), for: index)
  }

  /// A sealed segment becomes an extent.
  func name(_ blob: BlobReference, for index: Int) {
    let segment = dirty.remove(at: index)
    pressure.remove(segment.count)
    obsolete += list.replace(with: Extent(start: segment.start, byteCount: UInt64(segment.count), blob: blob))
  }

  /// A document of at most 128 KiB is one blob. Where the rest of it cannot be read, what was written is sealed beside that: damage of one document
  /// must not keep it, and every commit with it, from the disk.
  private func sealWhole() throws(ContentError) {
    let size = Int(list.end)
    if dirty.count != 1 || dirty[0].start != 0 || dirty[0].count != size {
      let whole = DirtySegment(start: 0, count: size, buffer: buffer(size))
      guard (try? readLocked(at: 0, into: whole.bytes)) != nil else { return try sealSegments() }
      clearDirty(from: 0, to: UInt64.max)
      pressure.add(size)
      dirty = [whole]
    }
    try seal(at: 0)
  }

  /// Takes small neighbours into a small segment, so that a log that grows by lines does not become thousands of blobs. One that cannot be read
  /// stays as it is, and so does what lies beyond it.
  private func widen(_ index: Int) {
    // One that is being sealed is on its way as it is.
    guard dirty[index].task == nil else { return }
    if !takeNeighbours(of: index, where: { _ in true }) { _ = takeNeighbours(of: index, where: isReadable) }
  }

  /// False where they cannot be read: the segment is as it was then.
  private func takeNeighbours(of index: Int, where isTaken: (Extent) -> Bool) -> Bool {
    let limit = UInt64(BlobGeometry.packedByteCountMax)
    var start = dirty[index].start
    var end = dirty[index].end
    while start > 0, let left = smallExtent(at: start - 1), end - left.start <= limit,
      firstDirty(endingAfter: left.start) == index, isTaken(left)
    {
      start = left.start
    }
    while end < list.end, let right = smallExtent(at: end), right.end - start <= limit,
      index + 1 == dirty.count || dirty[index + 1].start >= right.end, isTaken(right)
    {
      end = right.end
    }
    guard start < dirty[index].start || end > dirty[index].end else { return true }
    let wide = DirtySegment(start: start, count: Int(end - start), buffer: buffer(Int(end - start)))
    guard (try? readLocked(at: start, into: wide.bytes)) != nil else { return false }
    pressure.add(wide.count - dirty[index].count)
    dirty[index] = wide
    return true
  }

  private func isReadable(_ extent: Extent) -> Bool {
    let read = DirtySegment(start: extent.start, count: Int(extent.byteCount), buffer: buffer(Int(extent.byteCount)))
    return withExtendedLifetime(read) { (try? readLocked(at: read.start, into: read.bytes)) != nil }
  }

  private func smallExtent(at offset: UInt64) -> Extent? {
    let extent = list.extents[list.index(at: offset)]
    guard let blob = extent.blob, blob.byteCount <= UInt64(BlobGeometry.packedByteCountMax) else { return nil }
    return extent
  }

  /// Rewrites windows of one blob length that have fallen into many pieces. Nothing may be dirty.
  private func compactLocked() throws(ContentError) {
    let window = UInt64(BlobGeometry.byteCountMax)
    guard list.extents.count > 64 + 2 * Int(list.end / window) else { return }
    var start: UInt64 = 0
    while start < list.end {
      let end = min(start + window, list.end)
      let pieces = list.index(at: end - 1) - list.index(at: start) + 1
      if pieces > 48 {
        let whole = DirtySegment(start: start, count: Int(end - start), buffer: buffer(Int(end - start)))
        // One that cannot be read stays in its pieces.
        if (try? readLocked(at: start, into: whole.bytes)) != nil {
          pressure.add(whole.count)
          dirty = [whole]
          try seal(at: 0)
        }
      }
      start = end
    }
  }
}
