import BlobStore
import Keys
import Platform
import VaultFormat

/// Taking sealed blobs in, and beginning and ending the packs that they go to.
extension PackSet {
  /// Takes a sealed blob in. It can be read on return; it is on disk after the next sync.
  func append(_ sealed: UnsafeRawBufferPointer) throws(ContentError) -> BlobReference.Place {
    if lock.withLock({ waiting.count >= Self.waitingCountMax }) { try flush() }
    while true {
      let pack = try packWithRoom(for: sealed.count)
      try reserve(pack, sealed.count)
      let placed = lock.withLock { () -> (offset: Int, isFull: Bool)? in
        guard current === pack, pack.end + sealed.count <= BlobGeometry.packByteCountMax else { return nil }
        let offset = pack.end
        let before = waiting.count
        fill(pack, sealed)
        pack.liveByteCount += sealed.count
        changed.insert(pack.number)
        return (offset, waiting.count > before)
      }
      guard let placed else { continue }
      // A failure here is met again, and told, by the next append or sync; the bytes are in memory until then.
      if placed.isFull { try? flush() }
      return .pack(pack.number, offset: UInt64(placed.offset))
    }
  }

  private func packWithRoom(for byteCount: Int) throws(ContentError) -> Pack {
    func present() -> Pack? {
      lock.withLock { () -> Pack? in
        guard let current, current.end + byteCount <= BlobGeometry.packByteCountMax else { return nil }
        return current
      }
    }
    if let pack = present() { return pack }
    return try writing.withLock { () throws(ContentError) -> Pack in
      if let pack = present() { return pack }
      let number = if let spare { spare } else { try nextNumber() }
      // Kept where the disk refuses the file: numbers come with commits, which may need this very pack.
      spare = number
      do throws(BlobStoreError) {
        try store.beginPack(number)
      } catch {
        // What lies there under this number is nobody's, and would be met again for ever.
        if error == .exists { spare = nil }
        throw ContentError(error)
      }
      spare = nil
      let pack = Pack(new: number, hash: keys.packHash())
      let ended = lock.withLock { () -> Pack? in
        endGroup()
        let old = current
        old?.isGrowing = false
        current = pack
        table[number] = pack
        return old?.written == old?.end ? old : nil
      }
      if let ended { end(ended) }
      return pack
    }
  }

  /// Has the store set space aside in large steps, so that a full disk shows before anything is promised.
  private func reserve(_ pack: Pack, _ byteCount: Int) throws(ContentError) {
    let slack = Self.chunkByteCount
    func isShort() -> Bool {
      lock.withLock { min(pack.end + byteCount + slack, BlobGeometry.packByteCountMax) > pack.reservedByteCount }
    }
    guard isShort() else { return }
    try writing.withLock { () throws(ContentError) -> Void in
      guard isShort(), lock.withLock({ pack.isGrowing }) else { return }
      let need = lock.withLock { min(BlobGeometry.packByteCountMax, (pack.end + byteCount + 4095) & ~4095) }
      let wish = min(BlobGeometry.packByteCountMax, pack.reservedByteCount + Self.reserveByteCount)
      guard wish > pack.reservedByteCount else { return }
      do throws(BlobStoreError) {
        try store.reserve(pack.number, byteCount: wish)
        lock.withLock { pack.reservedByteCount = wish }
      } catch {
        guard error == .outOfSpace else { throw ContentError(error, .pack(pack.number)) }
        guard need > pack.reservedByteCount else { return }
        do throws(BlobStoreError) {
          try store.reserve(pack.number, byteCount: need)
        } catch { throw ContentError(error, .pack(pack.number)) }
        lock.withLock { pack.reservedByteCount = need }
      }
    }
  }

  /// Copies bytes to the pack's end in memory. Under `lock`.
  func fill(_ pack: Pack, _ bytes: UnsafeRawBufferPointer) {
    var done = 0
    while done < bytes.count {
      let chunk = filling ?? PackChunk(pack: pack, start: pack.end, memory: chunks.take())
      filling = chunk
      let count = min(Self.chunkByteCount - chunk.byteCount, bytes.count - done)
      (chunk.memory + chunk.byteCount).copyMemory(from: bytes.baseAddress! + done, byteCount: count)
      chunk.byteCount += count
      pack.end += count
      done += count
      if chunk.byteCount == Self.chunkByteCount {
        waiting.append(chunk)
        filling = nil
      }
    }
  }

  /// Pads the group and lets its last chunk be written. Under `writing` and `lock`.
  func endGroup() {
    guard let pack = current else { return }
    let padding = -pack.end & (BlobGeometry.packGroupAlignment - 1)
    if padding > 0 {
      withUnsafeTemporaryAllocation(byteCount: padding, alignment: 16) { zeros in
        zeros.initializeMemory(as: UInt8.self, repeating: 0)
        fill(pack, UnsafeRawBufferPointer(zeros))
      }
    }
    if let chunk = filling {
      waiting.append(chunk)
      filling = nil
    }
    if let last = waiting.last(where: { $0.pack === pack }) {
      last.endsGroup = true
    } else if pack.groupEnd != pack.written, let digest = pack.digestOfWritten {
      // The group ended with a full chunk that was written at once.
      pack.digest = digest
      pack.groupEnd = pack.written
    }
  }

  /// The pack grows no more. Where this fails, space set aside beyond its end comes back late: at the next mount.
  func end(_ pack: Pack) { try? store.endPack(pack.number, byteCount: pack.written) }
}
