import Platform
import VaultFormat

/// What a commit says of packs: `cut`, then `flush`, `states`, the sync that makes it true, and `committed` once the catalog holds it.
extension PackSet {
  /// Ends the group: what was appended before is what the next `states` report, without the blobs of `obsolete`.
  func cut(obsolete: [BlobReference]) {
    writing.withLock {
      lock.withLock {
        endGroup()
        var dropped: [PackNumber: Int] = [:]
        for blob in obsolete {
          guard case .pack(let number, _) = blob.place, table[number] != nil else { continue }
          dropped[number, default: 0] += blob.sealedByteCount
        }
        for number in changed.union(offered.keys).union(dropped.keys) {
          guard let pack = table[number] else { continue }
          let live = max(0, pack.liveByteCount - dropped[number, default: 0])
          // Byte count and digest are known once the chunks are written.
          pack.offeredLiveByteCount = !pack.isGrowing && live == 0 ? nil : live
          offered[number] = .some(nil)
        }
        changed = []
      }
    }
  }

  /// What the catalog has to say of every pack that it does not yet describe so. After `cut` and `flush`, and before the sync that
  /// makes it true: what is written later must not be promised.
  func states() -> [PackState] {
    lock.withLock {
      for number in offered.keys {
        guard let pack = table[number] else { continue }
        offered[number] = .some(
          pack.offeredLiveByteCount.map {
            PackRecord(byteCount: UInt64(pack.groupEnd), liveByteCount: UInt64($0), digest: pack.digest)
          })
      }
      return offered.map { PackState(number: $0.key, record: $0.value) }.sorted { $0.number < $1.number }
    }
  }

  /// The catalog holds the states last reported. Returns the packs that it no longer names.
  func committed() -> [PackNumber] {
    lock.withLock {
      let gone = offered.filter { $0.value == nil }.map(\.key)
      for number in gone { table[number] = nil }
      offered = [:]
      return gone
    }
  }
}
