import BlobStore
import Keys
import Platform
import Sodium
import VaultFormat

/// From memory into the files, and what a failed sync makes of them.
extension PackSet {
  /// Writes all full and cut chunks to their files. On a throw, what is left stays in memory and readable.
  func flush() throws(ContentError) {
    try writing.withLock { () throws(ContentError) -> Void in
      while let chunk = lock.withLock({ waiting.first }) {
        let pack = chunk.pack
        let bytes = UnsafeRawBufferPointer(start: chunk.memory, count: chunk.byteCount)
        do throws(BlobStoreError) {
          try store.append(bytes, to: pack.number, at: chunk.start)
        } catch { throw ContentError(error, .pack(pack.number)) }
        pack.hash?.update(bytes)
        let digest = chunk.endsGroup ? pack.digestOfWritten : nil
        let isEnded = lock.withLock { () -> Bool in
          waiting.removeFirst()
          pack.written = chunk.start + chunk.byteCount
          if let digest {
            pack.digest = digest
            pack.groupEnd = pack.written
          }
          return !pack.isGrowing && pack.written == pack.end
        }
        chunks.give(chunk.memory)
        if isEnded { end(pack) }
      }
    }
  }

  /// Saves a pack of which a sync failed: its bytes as the file gives them back must have the digest of what was written.
  func rewrite(_ number: PackNumber) throws(ContentError) {
    try writing.withLock { () throws(ContentError) -> Void in
      let pack = lock.withLock { table[number] }
      guard let pack, let expected = pack.digestOfWritten else {
        // The catalog does not name it, and nobody will.
        try? store.delete(.pack(number))
        return
      }
      var hash = keys.packHash()
      let isSaved: Bool
      do throws(BlobStoreError) {
        isSaved = try store.rewrite(.pack(number), byteCount: lock.withLock { pack.written }) { bytes, isLast in
          hash.update(bytes)
          return !isLast || hash.current() == expected
        }
      } catch { throw ContentError(error, .pack(number)) }
      guard isSaved else { throw .damaged("pack \(number.value) lost bytes that the disk had taken") }
    }
  }
}
