package import Platform
package import VaultFormat

/// The content of one document in memory: its extents, and the bytes written since, which nobody but this program sees in the clear.
///
/// Readers share `lock`; a writer has it alone. All functions want it held; those named `…Locked` are for others. Sealing happens under it too: other
/// documents are not delayed, and lookups use another lock.
package final class DocumentContent: @unchecked Sendable {
  package let lock = ReadWriteLock()
  package internal(set) var list: ExtentList
  var dirty: [DirtySegment] = []
  /// How many of them are being sealed.
  var taskCount = 0
  /// Blobs that no extent names since this was last taken.
  var obsolete: [BlobReference] = []
  /// Somebody has taken all blobs of this document, which is gone.
  var isTaken = false
  let store: ContentStore
  let pressure: DirtyPressure

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

  /// Where in `dirty` the first segment stands that ends after `offset`.
  func firstDirty(endingAfter offset: UInt64) -> Int {
    var low = 0
    var high = dirty.count
    while low < high {
      let middle = (low + high) / 2
      if dirty[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  // MARK: Blobs out of use

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
}
