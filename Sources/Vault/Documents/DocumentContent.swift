import Glibc
package import Platform
package import VaultFormat

/// The content of one document in memory: its extents, and the bytes written since, which nobody but this program sees in the clear.
///
/// Readers share `lock`; a writer has it alone. Functions named `…Locked` want it held. Sealing happens under it too: other
/// documents are not delayed, and lookups use another lock.
package final class DocumentContent: @unchecked Sendable {
  package let lock = ReadWriteLock()
  package private(set) var list: ExtentList
  private var dirty: [DirtySegment] = []
  /// How many of them are being sealed.
  private var taskCount = 0
  /// Blobs that no extent names since this was last taken.
  private var obsolete: [BlobReference] = []
  /// Somebody has taken all blobs of this document, which is gone.
  private var isTaken = false
  private let store: ContentStore
  private let pressure: DirtyPressure

  init(list: ExtentList, store: ContentStore, pressure: DirtyPressure) {
    self.list = list
    self.store = store
    self.pressure = pressure
  }

  deinit {
    for index in dirty.indices { abandonTask(of: index) }
    pressure.remove(dirty.reduce(0) { $0 + $1.count })
  }

  package var sizeLocked: UInt64 { list.end }
  package var isCleanLocked: Bool { dirty.isEmpty }

  // MARK: Reading

  /// Copies bytes from `offset` into `buffer`, up to the end of the document. Returns how many.
  package func readLocked(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(ContentError) -> Int {
    guard offset < list.end else { return 0 }
    let count = Int(min(UInt64(buffer.count), list.end - offset))
    guard count > 0 else { return 0 }
    let end = offset + UInt64(count)
    let first = firstDirty(endingAfter: offset)
    // Bytes that lie wholly in memory need no blob.
    if first < dirty.count, dirty[first].start <= offset, dirty[first].end >= end {
      buffer.baseAddress!.copyMemory(from: dirty[first].buffer.base + Int(offset - dirty[first].start), byteCount: count)
      return count
    }
    try store.read(list.extents, at: offset, count: count, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    var index = first
    while index < dirty.count, dirty[index].start < end {
      let segment = dirty[index]
      let from = max(segment.start, offset)
      let to = min(segment.end, end)
      (buffer.baseAddress! + Int(from - offset)).copyMemory(
        from: segment.buffer.base + Int(from - segment.start), byteCount: Int(to - from))
      index += 1
    }
    return count
  }

  /// The next offset at or after `offset` that holds data (or a hole); nil past the last. The end counts as a hole.
  package func seekLocked(_ offset: UInt64, toData: Bool) -> UInt64? {
    guard offset < list.end else { return nil }
    var position = offset
    while position < list.end {
      let segment = dirty.first { $0.start <= position && position < $0.end }
      let extent = list.extents[list.index(at: position)]
      let isData = segment != nil || extent.blob != nil
      if isData == toData { return position }
      let nextDirty = dirty.first { $0.start > position }?.start ?? UInt64.max
      position = min(segment.map { max($0.end, position + 1) } ?? extent.end, segment == nil ? nextDirty : UInt64.max)
    }
    return toData ? nil : list.end
  }

  /// Bytes that take room: what is neither hole nor past the end.
  package var allocatedByteCountLocked: UInt64 {
    var total: UInt64 = 0
    for extent in list.extents where extent.blob != nil { total += extent.byteCount }
    for segment in dirty { total += UInt64(segment.count) }
    return min(total, list.end)
  }

  // MARK: Changing

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

  /// Seals all that is in memory. On a throw, what was not sealed stays in memory.
  package func sealAllLocked() throws(ContentError) {
    guard !dirty.isEmpty else { return }
    if list.end <= UInt64(BlobGeometry.packedByteCountMax) {
      try sealWhole()
    } else {
      while let last = dirty.indices.last { try seal(at: try widen(last)) }
      try compactLocked()
    }
  }

  /// Has a document that lies in memory as one small blob's worth sealed by another thread; its bytes stand still from now on, as those of a
  /// segment that filled up. False where it is not such a document, or that thread has enough to do: the caller seals.
  func sealElsewhereLocked() -> Bool {
    guard dirty.count == 1, dirty[0].start == 0, UInt64(dirty[0].count) == list.end,
      dirty[0].count <= BlobGeometry.packedByteCountMax
    else { return false }
    if dirty[0].task == nil {
      guard let task = store.closed.submit(self, dirty[0].buffer, byteCount: dirty[0].count) else { return false }
      dirty[0].task = task
      taskCount += 1
    }
    return true
  }

  /// Names what other threads have sealed meanwhile. What failed stays in memory, for a later `seal` to meet.
  func takeSealedLocked() {
    for index in dirty.indices.reversed() {
      guard let task = dirty[index].task, task.hasEnded else { continue }
      forgetTask(of: index)
      if case .success(let blob) = task.outcome() { name(blob, for: index) }
    }
  }

  /// Names a copy of a blob in its place, in every extent that names it; the old place goes out of use. False where none does.
  func moveLocked(_ blob: BlobReference, to copy: BlobReference) -> Bool {
    guard list.move(blob, to: copy) else { return false }
    obsolete.append(blob)
    return true
  }

  /// Blobs that went out of use since the last call. Under the lock, or the vault's gate alone.
  package func takeObsoleteLocked() -> [BlobReference] {
    defer { obsolete = [] }
    return obsolete
  }

  /// Forgets the content of a document that is gone and closed. Returns all its blobs, the first time. Under the lock, or the vault's
  /// gate alone.
  package func takeAllLocked() -> [BlobReference] {
    guard !isTaken else { return [] }
    isTaken = true
    clearDirty(from: 0, to: UInt64.max)
    return list.blobs + takeObsoleteLocked()
  }

  // MARK: Helpers

  /// Somebody who writes so much at once, deep inside a document, writes on.
  private static let largeWriteByteCount = 64 << 10

  private func buffer(_ byteCount: Int) -> PlainBuffer { PlainBuffer(capacity: byteCount, pool: store.sealing.buffers) }

  private func firstDirty(endingAfter offset: UInt64) -> Int {
    var low = 0
    var high = dirty.count
    while low < high {
      let middle = (low + high) / 2
      if dirty[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

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

  private func clearDirty(from start: UInt64, to end: UInt64) {
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

  /// Seals one segment and names it in the extents; waits where another thread is sealing it. On a throw the segment stays.
  private func seal(at index: Int) throws(ContentError) {
    if let task = dirty[index].task {
      if task.begin() { _ = task.end(store.sealed(dirty[index].bytes)) }
      forgetTask(of: index)
      // What failed there is tried once more here: the failure is this caller's to tell.
      if case .success(let blob) = task.outcome() { return name(blob, for: index) }
    }
    name(try store.seal(dirty[index].bytes), for: index)
  }

  /// A sealed segment becomes an extent.
  private func name(_ blob: BlobReference, for index: Int) {
    let segment = dirty.remove(at: index)
    pressure.remove(segment.count)
    obsolete += list.replace(with: Extent(start: segment.start, byteCount: UInt64(segment.count), blob: blob))
  }

  // MARK: Segments that other threads have

  /// Gives a full segment to the sealing threads, or seals it here where they have enough to do.
  private func sealFull(_ index: Int) {
    if let task = store.sealing.submit(dirty[index].buffer, byteCount: dirty[index].count) {
      dirty[index].task = task
      taskCount += 1
    } else {
      try? seal(at: index)
    }
  }

  /// Makes a segment's bytes changeable: one that is being sealed goes on as a copy, and the blob that comes of it is dropped.
  private func thaw(_ index: Int) {
    guard dirty[index].task != nil else { return }
    let copy = buffer(dirty[index].count)
    copy.base.copyMemory(from: dirty[index].buffer.base, byteCount: dirty[index].count)
    abandonTask(of: index)
    dirty[index] = DirtySegment(start: dirty[index].start, count: dirty[index].count, buffer: copy)
  }

  private func abandonTask(of index: Int) {
    guard let task = dirty[index].task else { return }
    forgetTask(of: index)
    // No commit has named it, nor will one.
    if let blob = task.abandon() { store.discard([blob]) }
  }

  private func forgetTask(of index: Int) {
    dirty[index].task = nil
    taskCount -= 1
  }

  /// A document of at most 128 KiB is one blob.
  private func sealWhole() throws(ContentError) {
    let size = Int(list.end)
    if dirty.count != 1 || dirty[0].start != 0 || dirty[0].count != size {
      let whole = DirtySegment(start: 0, count: size, buffer: buffer(size))
      _ = try readLocked(at: 0, into: whole.bytes)
      clearDirty(from: 0, to: UInt64.max)
      pressure.add(size)
      dirty = [whole]
    }
    try seal(at: 0)
  }

  /// Takes small neighbours into a small segment, so that a log that grows by lines does not become thousands of blobs.
  private func widen(_ index: Int) throws(ContentError) -> Int {
    let limit = UInt64(BlobGeometry.packedByteCountMax)
    var start = dirty[index].start
    var end = dirty[index].end
    while start > 0, let left = smallExtent(at: start - 1), end - left.start <= limit,
      firstDirty(endingAfter: left.start) == index
    {
      start = left.start
    }
    while end < list.end, let right = smallExtent(at: end), right.end - start <= limit,
      index + 1 == dirty.count || dirty[index + 1].start >= right.end
    {
      end = right.end
    }
    guard start < dirty[index].start || end > dirty[index].end else { return index }
    let wide = DirtySegment(start: start, count: Int(end - start), buffer: buffer(Int(end - start)))
    _ = try readLocked(at: start, into: wide.bytes)
    pressure.add(wide.count - dirty[index].count)
    dirty[index] = wide
    return index
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
        _ = try readLocked(at: start, into: whole.bytes)
        pressure.add(whole.count)
        dirty = [whole]
        try seal(at: 0)
      }
      start = end
    }
  }
}
