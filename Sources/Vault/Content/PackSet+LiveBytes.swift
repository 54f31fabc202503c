import Platform
import VaultFormat

/// How much of each pack is still named.
extension PackSet {
  /// Blobs in packs that nothing names any more.
  func discard(_ blobs: [BlobReference]) {
    lock.withLock {
      for blob in blobs {
        guard case .pack(let number, _) = blob.place, let pack = table[number] else { continue }
        pack.liveByteCount = max(0, pack.liveByteCount - blob.sealedByteCount)
        changed.insert(number)
      }
    }
  }

  /// Sealed packs less than half alive, and their dead bytes.
  var worthCompacting: [(number: PackNumber, deadByteCount: Int)] {
    lock.withLock {
      table.values.filter { !$0.isGrowing && $0.written == $0.end && $0.liveByteCount * 2 < $0.groupEnd && $0.liveByteCount > 0 }
        .map { ($0.number, $0.groupEnd - $0.liveByteCount) }.sorted { $0.0 < $1.0 }
    }
  }

  var liveByteCounts: [PackNumber: Int] { lock.withLock { table.mapValues(\.liveByteCount) } }

  func correctLiveByteCount(by difference: Int, of number: PackNumber) {
    lock.withLock {
      guard let pack = table[number], difference != 0 else { return }
      pack.liveByteCount = max(0, pack.liveByteCount + difference)
      changed.insert(number)
    }
  }
}
