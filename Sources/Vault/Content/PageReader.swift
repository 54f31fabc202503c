import BlobStore
import Keys
import VaultFormat

/// Brings pages of one blob from the store, opened, to where they are wanted.
struct PageReader: Sendable {
  let store: any BlobStore
  let packs: PackSet
  let cache: PageCache
  let scratch: BufferPool

  /// Plaintext bytes of a blob, from the cache or the store.
  /// - Parameter isKept: pages go into the cache and stay there; else whole pages pass by it.
  func read(
    _ blob: BlobReference, from start: Int, byteCount: Int, into target: UnsafeMutableRawPointer, isKept: Bool, _ blobs: OpenBlobs
  ) throws(ContentError) {
    guard start >= 0, start + byteCount <= Int(clamping: blob.byteCount) else { throw .damaged("an extent of blob \(blob.id)") }
    let last = (start + byteCount - 1) / BlobGeometry.pageByteCount
    var page = start / BlobGeometry.pageByteCount
    while page <= last {
      let part = Self.part(of: page, start, byteCount)
      if cache.copy(
        page: page, of: blob.id, from: part.within, byteCount: part.count, into: target + part.targetOffset, isPassing: !isKept)
      {
        page += 1
        continue
      }
      var end = page + 1
      while end <= last, end - page < ContentStore.runPageCountMax, !cache.contains(page: end, of: blob.id) { end += 1 }
      let open = try blobs.blob(blob)
      try withSealed(blob, page..<end) { index, sealed throws(ContentError) in
        try deliver(open, index, sealed, start, byteCount, target, isKept)
      }
      page = end
    }
  }

  /// Opens pages into the cache, for a reader to come. Stops where that makes no sense any more; failures are the reader's to meet.
  func prepare(_ blob: OpenBlob, _ reference: BlobReference, _ pages: Range<Int>) {
    try? withSealed(reference, pages) { index, sealed throws(ContentError) in
      guard !blob.isPassed(index), !cache.contains(page: index, of: reference.id) else { return }
      let claim = cache.claim(page: index, of: reference.id)
      let byteCount = BlobGeometry.pageByteCount(index, of: blob.opener.byteCount)
      do throws(ContentError) {
        try open(blob, index, sealed, into: claim.memory)
      } catch {
        cache.abandon(claim, byteCount: byteCount)
        throw error
      }
      cache.publish(claim, page: index, of: reference.id, byteCount: byteCount, isAhead: true)
    }
  }

  /// The first page of a whole sealed blob that does not open, if any. Nothing in the clear is left.
  func damagedPage(_ blob: OpenBlob, _ sealed: UnsafeRawBufferPointer) -> Int? {
    let claim = cache.claim(page: 0, of: blob.opener.id)
    defer { cache.abandon(claim, byteCount: BlobGeometry.pageByteCount) }
    let byteCount = blob.opener.byteCount
    for index in 0..<BlobGeometry.pageCount(byteCount) {
      let from = BlobGeometry.sealedOffset(ofPage: index)
      let to = from + BlobGeometry.pageByteCount(index, of: byteCount) + BlobGeometry.tagByteCount
      guard to <= sealed.count else { return index }
      do throws(ContentError) {
        try open(blob, index, UnsafeRawBufferPointer(rebasing: sealed[from..<to]), into: claim.memory)
      } catch { return index }
    }
    return nil
  }

  // MARK: Helpers

  /// Which bytes of a page a read of `start ..< start + byteCount` wants, and where in its target they go.
  @inline(__always)
  private static func part(of page: Int, _ start: Int, _ byteCount: Int) -> (within: Int, count: Int, targetOffset: Int) {
    let pageStart = page * BlobGeometry.pageByteCount
    let from = max(start, pageStart)
    let to = min(start + byteCount, pageStart + BlobGeometry.pageByteCount)
    return (from - pageStart, to - from, from - start)
  }

  private func deliver(
    _ blob: OpenBlob, _ index: Int, _ sealed: UnsafeRawBufferPointer, _ start: Int, _ byteCount: Int,
    _ target: UnsafeMutableRawPointer, _ isKept: Bool
  ) throws(ContentError) {
    let part = Self.part(of: index, start, byteCount)
    let pageByteCount = sealed.count - BlobGeometry.tagByteCount
    let isWhole = part.count == pageByteCount
    if isWhole {
      try open(blob, index, sealed, into: target + part.targetOffset)
      guard isKept else { return }
    }
    let claim = cache.claim(page: index, of: blob.opener.id)
    if isWhole {
      claim.memory.copyMemory(from: target + part.targetOffset, byteCount: pageByteCount)
    } else {
      do throws(ContentError) {
        try open(blob, index, sealed, into: claim.memory)
      } catch {
        cache.abandon(claim, byteCount: pageByteCount)
        throw error
      }
      (target + part.targetOffset).copyMemory(from: claim.memory + part.within, byteCount: part.count)
    }
    cache.publish(claim, page: index, of: blob.opener.id, byteCount: pageByteCount, isAhead: false)
  }

  private func open(
    _ blob: OpenBlob, _ index: Int, _ sealed: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer
  ) throws(ContentError) {
    let output = UnsafeMutableRawBufferPointer(start: target, count: sealed.count - BlobGeometry.tagByteCount)
    do throws(KeysError) {
      try blob.opener.open(page: index, sealed: sealed, into: output)
    } catch { throw .damaged("page \(index) of blob \(blob.opener.id)") }
  }

  /// Reads the sealed bytes of neighbouring pages in one go, and hands them over page by page.
  private func withSealed(
    _ blob: BlobReference, _ pages: Range<Int>,
    _ body: (_ page: Int, _ sealed: UnsafeRawBufferPointer) throws(ContentError) -> Void
  ) throws(ContentError) {
    let byteCount = Int(blob.byteCount)
    let first = BlobGeometry.sealedOffset(ofPage: pages.lowerBound)
    let last = pages.upperBound - 1
    let end =
      BlobGeometry.sealedOffset(ofPage: last) + BlobGeometry.pageByteCount(last, of: byteCount) + BlobGeometry.tagByteCount
    let buffer = scratch.take()
    defer { scratch.give(buffer) }
    let offset = blob.objectOffset + first
    // The kernel copies many times faster where source and target agree modulo 4096 (DESIGN §5).
    let sealed = UnsafeMutableRawBufferPointer(start: buffer + (offset & 4095), count: end - first)
    let count = try readSealed(blob, at: offset, into: sealed)
    for page in pages {
      let from = BlobGeometry.sealedOffset(ofPage: page) - first
      let to = from + BlobGeometry.pageByteCount(page, of: byteCount) + BlobGeometry.tagByteCount
      guard to <= count else { throw .damaged("page \(page) of blob \(blob.id): its file ends early") }
      try body(page, UnsafeRawBufferPointer(rebasing: sealed[from..<to]))
    }
  }

  func readSealed(_ blob: BlobReference, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ContentError) -> Int {
    switch blob.place {
    case .pack(let number, _): return try packs.read(number, at: offset, into: buffer)
    case .file:
      do throws(BlobStoreError) { return try store.read(blob.object, at: offset, into: buffer) } catch {
        throw ContentError(error, blob.object)
      }
    }
  }
}
