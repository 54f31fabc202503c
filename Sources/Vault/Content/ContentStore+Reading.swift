import BlobStore
import Keys
import Platform
package import VaultFormat

/// Content out.
extension ContentStore {
  /// Reads exactly `count` bytes of a document from `offset` into `buffer`; holes are zeros.
  ///
  /// Whole pages are opened straight into `buffer`; parts of pages by way of the cache. Fastest where `buffer` is page-aligned.
  /// - Parameter extents: the document's, which cover the range.
  /// - Throws: `damaged`, naming the blob and page: what `buffer` holds then must not be used, and is never unchecked plaintext.
  package func read(
    _ extents: [Extent], at offset: UInt64, count: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(ContentError) {
    precondition(count <= buffer.count)
    guard count > 0 else { return }
    let end = extents.last?.end ?? 0
    guard offset <= end, UInt64(count) <= end - offset else { throw .damaged("extents that end early") }
    // A long document that is read through is not kept: it would only push out what is.
    let isKept = end <= UInt64(cache.byteCount / 4)
    let isLarge = count >= BlobGeometry.pageByteCount
    var isSequential = false
    var index = Self.index(of: offset, in: extents)
    var done = 0
    while done < count {
      let within = Int(offset + UInt64(done) - extents[index].start)
      let byteCount = min(count - done, Int(extents[index].byteCount) - within)
      let target = buffer.baseAddress! + done
      if let blob = extents[index].blob {
        let start = Int(extents[index].blobStart) + within
        if isLarge, ahead != nil { isSequential = try blobs.blob(blob).noteRead(from: start, to: start + byteCount) }
        try reader.read(blob, from: start, byteCount: byteCount, into: target, isKept: isKept, blobs)
      } else {
        target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
      }
      done += byteCount
      index += 1
    }
    if isSequential, offset + UInt64(count) < end { readAhead(extents, after: offset + UInt64(count), count: count) }
  }

  /// The index of the extent that holds `offset`, which one does.
  @inline(__always)
  private static func index(of offset: UInt64, in extents: [Extent]) -> Int {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  var reader: PageReader { PageReader(store: store, packs: packs, cache: cache, scratch: scratch) }

  /// Gives the helper the pages that a sequential reader will come to.
  private func readAhead(_ extents: [Extent], after position: UInt64, count: Int) {
    guard let ahead else { return }
    let window = min(max(settings.readAheadByteCount, 4 * count), cache.byteCount / 4)
    let limit = min(position + UInt64(window), extents.last!.end)
    var index = Self.index(of: position, in: extents)
    var position = position
    while position < limit {
      let extent = extents[index]
      let end = min(limit, extent.end)
      if let blob = extent.blob, let open = try? blobs.blob(blob) {
        let start = Int(extent.blobStart) + Int(position - extent.start)
        if position == extent.start { open.noteArrival(at: start) }
        let first = start / BlobGeometry.pageByteCount
        // Not a few pages at each read, which wakes the helper each time: half of the window, or up to the extent's end.
        let least = end < extent.end ? window / 2 / BlobGeometry.pageByteCount : 1
        if let pages = open.ask(for: first..<BlobGeometry.pageCount(start + Int(end - position)), atLeast: least) {
          let next = index + 1 < extents.count ? extents[index + 1].blob : nil
          ahead.ask(ReadAhead.Task(blob: open, reference: blob, pages: pages, next: next))
        }
      }
      position = end
      index += 1
    }
  }
}
