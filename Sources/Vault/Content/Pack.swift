import Sodium
import VaultFormat

/// One pack. `hash` is guarded by the set's `writing`, the rest by its `lock`.
final class Pack {
  let number: PackNumber
  /// Bytes given out, in memory or in the file; and those in the file.
  var end: Int
  var written: Int
  var reservedByteCount = 0
  var isGrowing: Bool
  var liveByteCount: Int
  /// What the last cut makes of `liveByteCount`; nil: the pack goes.
  var offeredLiveByteCount: Int?
  /// Where the last written group ends, and the digest up to there.
  var groupEnd: Int
  var digest: [UInt8]
  /// Over the bytes in the file; nil for packs of earlier mounts.
  var hash: Hash?

  init(new number: PackNumber, hash: consuming Hash) {
    self.number = number
    (end, written, groupEnd, liveByteCount) = (0, 0, 0, 0)
    isGrowing = true
    digest = hash.current()
    self.hash = consume hash
  }

  init(sealed number: PackNumber, _ record: PackRecord) {
    self.number = number
    end = Int(record.byteCount)
    written = end
    groupEnd = end
    liveByteCount = Int(record.liveByteCount)
    isGrowing = false
    digest = record.digest
  }

  var digestOfWritten: [UInt8]? { hash?.current() }
}

/// Bytes of a pack that are not in its file yet: page-aligned in memory and in the pack.
final class PackChunk {
  let pack: Pack
  let start: Int
  let memory: UnsafeMutableRawPointer
  var byteCount = 0
  /// The digest is taken where it ends.
  var endsGroup = false

  init(pack: Pack, start: Int, memory: UnsafeMutableRawPointer) {
    self.pack = pack
    self.start = start
    self.memory = memory
  }
}
