import BlobStore
import Keys
import Sodium
package import VaultFormat

/// What goes out of use.
extension ContentStore {
  /// Blobs that no extent names any more. Their files are unlinked at leisure; in packs, fewer bytes count as live, as the next `sync`
  /// reports. After the commit that stopped naming them.
  package func discard(_ blobs: [BlobReference]) {
    guard !blobs.isEmpty else { return }
    packs.discard(blobs)
    for blob in blobs {
      self.blobs.remove(blob.id)
      if case .file = blob.place {
        removal.add(.blob(blob.id), pageCount: BlobGeometry.pageCount(Int(blob.byteCount)))
      } else {
        cache.remove(blob.id, pageCount: BlobGeometry.pageCount(Int(blob.byteCount)))
      }
    }
  }

  /// Waits until what was discarded is removed.
  package func finishRemovals() { removal.drain() }

  /// Removes what a crash left: blob files and packs that the catalog does not name, copies that were to save one after a failed sync, and the
  /// tails of packs beyond what it promised.
  /// Once per mount, on the calling thread, at any time after it; later calls find nothing.
  /// - Parameter isNamed: whether an extent names the blob file, as of this mount's start or later.
  /// - Returns: How many blobs and packs went.
  /// - Throws: `io` where the store cannot be listed, or something cannot be removed.
  package func removeGarbage(isNamed: (BlobID) -> Bool) throws(ContentError) -> (blobs: Int, packs: Int) {
    var count = (blobs: 0, packs: 0)
    do throws(BlobStoreError) {
      for id in try store.blobs() where !isNamed(id) && !removal.wasMade(id) {
        try store.delete(.blob(id))
        count.blobs += 1
      }
      removal.forgetMade()
      for number in try store.packs() {
        switch packs.standing(of: number) {
        case .growing: continue
        case .sealed(let byteCount): try store.endPack(number, byteCount: byteCount)
        case .unknown:
          try store.delete(.pack(number))
          count.packs += 1
        }
      }
      try store.removeRemains()
    } catch { throw ContentError(error) }
    return count
  }

  /// Sealed packs of which less than half is still named, and their bytes that nothing names: worth copying what lives.
  package var packsWorthCompacting: [(number: PackNumber, deadByteCount: Int)] { packs.worthCompacting }

  /// Copies a packed blob, still sealed, into the pack that grows. The old place is to be discarded once a commit names the new one.
  /// - Returns: The same blob at its new place.
  /// - Throws: `damaged` where it does not open: damage is not carried on.
  package func copy(_ reference: BlobReference) throws(ContentError) -> BlobReference {
    guard case .pack = reference.place else { return reference }
    let buffer = output.take()
    defer { output.give(buffer) }
    let sealed = try checked(reference, buffer)
    return BlobReference(
      id: reference.id, byteCount: reference.byteCount, place: try packs.append(sealed), wrappingKey: reference.wrappingKey,
      wrappedKey: reference.wrappedKey)
  }

  /// The bytes that each pack counts as live now.
  package var liveByteCounts: [PackNumber: Int] { packs.liveByteCounts }

  /// Sets a pack's live bytes right by what a walk over all extents found them to be off. A crash can leave them too high: blobs that no
  /// commit named. The next `sync` reports it.
  package func correctLiveByteCount(by difference: Int, of number: PackNumber) {
    packs.correctLiveByteCount(by: difference, of: number)
  }

  // MARK: Checking

  /// Opens every page of a blob, bypassing the cache.
  /// - Throws: `damaged`, naming the first page that does not open.
  package func check(_ reference: BlobReference) throws(ContentError) {
    let buffer = output.take()
    defer { output.give(buffer) }
    _ = try checked(reference, buffer)
  }

  private func checked(_ reference: BlobReference, _ buffer: UnsafeMutableRawPointer) throws(ContentError)
    -> UnsafeRawBufferPointer
  {
    let blob = try blobs.blob(reference)
    let sealed = UnsafeMutableRawBufferPointer(start: buffer, count: reference.sealedByteCount)
    let count = try reader.readSealed(reference, at: reference.objectOffset, into: sealed)
    let found = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(sealed)[..<count])
    if let page = reader.damagedPage(blob, found) { throw .damaged("page \(page) of blob \(reference.id)") }
    return found
  }

  /// Compares a pack's bytes with a digest.
  /// - Parameter record: as the catalog has it.
  /// - Throws: `damaged`, naming the pack.
  package func check(_ number: PackNumber, _ record: PackRecord) throws(ContentError) {
    let buffer = output.take()
    defer { output.give(buffer) }
    var hash = keys.packHash()
    var done = 0
    while done < Int(record.byteCount) {
      let part = UnsafeMutableRawBufferPointer(start: buffer, count: min(output.byteCount, Int(record.byteCount) - done))
      let count = try packs.read(number, at: done, into: part)
      guard count == part.count else { throw .damaged("pack \(number.value): its file ends early") }
      hash.update(UnsafeRawBufferPointer(part))
      done += count
    }
    guard hash.finish() == record.digest else { throw .damaged("pack \(number.value) is not what was committed") }
  }
}
