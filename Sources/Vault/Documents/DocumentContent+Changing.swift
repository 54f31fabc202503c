import VaultFormat

/// Writing, cutting and punching: what is in memory, and which extents go.
extension DocumentContent {
  /// Takes all bytes in; a segment that is full is given to the sealing threads, or sealed at once where they have enough to do. One that
  /// cannot be sealed stays in memory: a later write over the limit meets the failure before it takes anything, or the commit does.
  package func writeLocked(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
    guard bytes.count > 0 else { return }
    if taskCount > 0 { takeSealedLocked() }
    let end = offset + UInt64(bytes.count)
    list.extend(to: end)
    var position = offset
    while position < end {
      let index = segment(for: position, firstWrite: Int(end - position))
      thaw(index)
      let room = UInt64(BlobGeometry.byteCountMax) - (position - dirty[index].start)
      var until = min(end, position + room)
      if index + 1 < dirty.count { until = min(until, dirty[index + 1].start) }
      let within = Int(position - dirty[index].start)
      let count = Int(until - position)
      let grown = max(dirty[index].count, within + count)
      dirty[index].buffer.grow(to: grown, used: dirty[index].count, limit: BlobGeometry.byteCountMax)
      (dirty[index].buffer.base + within).copyMemory(
        from: bytes.baseAddress! + Int(position - offset), byteCount: count)
      pressure.add(grown - dirty[index].count)
      dirty[index].count = grown
      position = until
      if grown == BlobGeometry.byteCountMax { sealFull(index) }
    }
  }

  package func truncateLocked(to size: UInt64) {
    guard size < list.end else {
      list.extend(to: size)
      return
    }
    clearDirty(from: size, to: UInt64.max)
    obsolete += list.cut(to: size)
  }

  /// Makes `range` (cut to the size) read as zeros and take no room.
  package func punchLocked(from start: UInt64, to end: UInt64) {
    let end = min(end, list.end)
    guard start < end else { return }
    clearDirty(from: start, to: end)
    obsolete += list.replace(with: Extent(start: start, byteCount: end - start, blob: nil))
  }

  package func extendLocked(to size: UInt64) { list.extend(to: size) }

  /// Somebody who writes so much at once, deep inside a document, writes on.
  private static let largeWriteByteCount = 64 << 10

  /// The segment that takes a byte at `position`: one that holds it or ends there and has room, or a new one.
  private func segment(for position: UInt64, firstWrite: Int) -> Int {
    let next = firstDirty(endingAfter: position)
    if next < dirty.count, dirty[next].start <= position { return next }
    if next > 0, dirty[next - 1].end == position, dirty[next - 1].count < BlobGeometry.byteCountMax { return next - 1 }
    let buffer = PlainBuffer(
      capacity: min(firstWrite, BlobGeometry.byteCountMax), pool: store.sealing.buffers,
      fillsUp: position >= UInt64(BlobGeometry.byteCountMax) && firstWrite >= Self.largeWriteByteCount)
    dirty.insert(DirtySegment(start: position, count: 0, buffer: buffer), at: next)
    return next
  }

  /// Forgets what is in memory of these bytes.
  func clearDirty(from start: UInt64, to end: UInt64) {
    for index in dirty.indices where dirty[index].end > start && dirty[index].start < end {
      if dirty[index].start < start || dirty[index].end > end { thaw(index) } else { abandonTask(of: index) }
    }
    var kept: [DirtySegment] = []
    for segment in dirty {
      guard segment.end > start, segment.start < end else {
        kept.append(segment)
        continue
      }
      pressure.remove(segment.count)
      if segment.end > end {
        // The right part gets a buffer of its own: segments begin where their buffer does.
        let skipped = Int(end - segment.start)
        let right = DirtySegment(start: end, count: segment.count - skipped, buffer: buffer(segment.count - skipped))
        right.buffer.base.copyMemory(from: segment.buffer.base + skipped, byteCount: right.count)
        pressure.add(right.count)
        if segment.start < start { kept.append(left(of: segment, before: start)) }
        kept.append(right)
      } else if segment.start < start {
        kept.append(left(of: segment, before: start))
      }
    }
    dirty = kept
  }

  private func left(of segment: DirtySegment, before end: UInt64) -> DirtySegment {
    var left = segment
    left.count = Int(end - segment.start)
    pressure.add(left.count)
    return left
  }
}
