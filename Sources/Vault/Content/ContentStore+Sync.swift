import BlobStore
import Keys
import Platform
package import VaultFormat

/// The first step of a commit, and what follows its last.
extension ContentStore {
  /// Brings everything sealed before the call to disk: one pass over packs, blob files and their folders.
  ///
  /// Until `committed` says that a commit took them in, later calls report the same packs again.
  /// - Parameter obsolete: blobs that nothing names once this commit is through; the packs' live bytes are reported without them.
  ///   They are to be discarded after the commit.
  /// - Returns: What the catalog is to say of the packs that changed.
  /// - Throws: Nothing of the group may be committed then. What failed is tried again by the next call; `damaged` where the disk
  ///   has lost bytes for good: the blobs concerned are named by no commit.
  package func sync(obsolete: [BlobReference] = []) throws(ContentError) -> [PackState] {
    try syncing.withLock { () throws(ContentError) -> [PackState] in
      // First what is unsure, then the references: there is one of everything that somebody wants.
      let unsure = store.unsure
      let taken = fresh.take()
      do throws(ContentError) {
        packs.cut(obsolete: obsolete)
        try packs.flush()
        let states = packs.states()
        for object in unsure { try save(object, taken) }
        do throws(BlobStoreError) { try store.sync() } catch { throw ContentError(error) }
        return states
      } catch {
        fresh.putBack(taken)
        throw error
      }
    }
  }

  /// Says that the catalog holds what the last `sync` returned. Files of packs that it no longer names are removed at leisure.
  package func committed() {
    for number in packs.committed() { removal.add(.pack(number)) }
  }

  /// Writes an object anew of which a sync failed, if what can be read of it is what was sealed.
  private func save(_ object: BlobObject, _ references: [BlobID: BlobReference]) throws(ContentError) {
    switch object {
    case .pack(let number): try packs.rewrite(number)
    case .blob(let id):
      guard let reference = references[id] else {
        // Discarded before any commit could name it.
        do throws(BlobStoreError) { try store.delete(object) } catch { throw ContentError(error, object) }
        return
      }
      let blob = try blobs.blob(reference)
      let isSaved: Bool
      do throws(BlobStoreError) {
        isSaved = try store.rewrite(object, byteCount: reference.sealedByteCount) { bytes, _ in
          reader.damagedPage(blob, bytes) == nil
        }
      } catch { throw ContentError(error, object) }
      guard isSaved else { throw .damaged("\(object.title) lost bytes that the disk had taken") }
    }
  }
}
