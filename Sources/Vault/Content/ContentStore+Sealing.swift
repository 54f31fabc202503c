import BlobStore
import Keys
package import VaultFormat

/// Content in: sealed once, written once.
extension ContentStore {
  /// Seals bytes as a new blob: of at most 128 KiB into a pack, longer ones into a file of their own, whose writing starts at once.
  ///
  /// The blob can be read on return; it is on disk after the next `sync`.
  /// - Parameter bytes: 1 byte … 4 MiB; page-aligned ones are fastest. They stay the caller's, to wipe.
  /// - Throws: `outOfSpace`, `io`: nothing of the blob is left, and the same bytes can be sealed again.
  package func seal(_ bytes: UnsafeMutableRawBufferPointer) throws(ContentError) -> BlobReference {
    precondition((1...BlobGeometry.byteCountMax).contains(bytes.count))
    let sealer: BlobSealer
    do throws(KeysError) { sealer = try keys.makeBlob() } catch {
      throw error == .memoryNotLocked ? .memoryNotLocked : .io("\(error)")
    }
    let (id, wrappingKey, wrappedKey) = (sealer.id, sealer.wrappingKey, sealer.wrappedKey)
    let isPacked = bytes.count <= BlobGeometry.packedByteCountMax
    let sealedByteCount = BlobGeometry.sealedByteCount(bytes.count)
    let pool = isPacked ? scratch : output
    let buffer = pool.take()
    defer { pool.give(buffer) }
    sealer.seal(UnsafeRawBufferPointer(bytes), into: UnsafeMutableRawBufferPointer(start: buffer, count: sealedByteCount))
    let sealed = UnsafeRawBufferPointer(start: buffer, count: sealedByteCount)
    func reference(_ place: BlobReference.Place) -> BlobReference {
      BlobReference(id: id, byteCount: UInt64(bytes.count), place: place, wrappingKey: wrappingKey, wrappedKey: wrappedKey)
    }
    if isPacked { return reference(try packs.append(sealed)) }
    // Known before it is there, so that garbage collection never takes it for garbage.
    removal.noteMade(id)
    let made = reference(.file)
    // Likewise, so that a sync that fails meanwhile never takes it for one that nobody wants.
    fresh.begin(made)
    do throws(BlobStoreError) { try store.put(id, sealed) } catch {
      fresh.end(id, isPut: false)
      throw ContentError(error)
    }
    fresh.end(id, isPut: true)
    return made
  }

  /// `seal` with what it threw as a value.
  func sealed(_ bytes: UnsafeMutableRawBufferPointer) -> SealingTask.Outcome {
    do throws(ContentError) { return .success(try seal(bytes)) } catch { return .failure(error) }
  }
}
