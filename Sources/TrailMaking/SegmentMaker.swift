import Glibc
import Platform
import Sodium
import Trail
import VaultFormat

/// One segment of a trail that is made to be measured: written from docs/format/trail.md, in large pieces, and never synced. One thread.
final class SegmentMaker {
  let number: UInt64
  let base: Record.TimeBase
  /// The last frame's number.
  private(set) var sequence: UInt64
  /// The end of the last frame.
  private(set) var byteCount: Int
  private let firstSequence: UInt64
  private let file: File
  private let sealer: StreamSealer
  /// Head ‖ sequence ‖ frame, as the chain's hash takes them.
  private let work = UnsafeMutableRawBufferPointer.allocate(
    byteCount: Frame.chainPrefixByteCount + Frame.overheadByteCount + Frame.bodyByteCountMax, alignment: 64)
  /// Vault ‖ segment ‖ sequence.
  private let associated = UnsafeMutableRawBufferPointer.allocate(byteCount: Frame.associatedByteCount, alignment: 16)
  private let waiting = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
  private var waitingByteCount = 0

  var head: ChainHead { ChainHead(loading: work.baseAddress!) }
  var frameCount: UInt64 { sequence + 1 - firstSequence }

  /// Where a segment begins: behind so many bytes of another, or at the genesis key.
  struct Beginning {
    var number: UInt64 = 1
    var byteCount = 0
    var sequence: UInt64 = 0
    var head: ChainHead
  }

  init(
    in folder: String, vault: VaultID, kind: SegmentHeader.Kind, after before: Beginning, reviewers: [[UInt8]], boot: ID128,
    base: Record.TimeBase
  ) throws(TrailError) {
    number = before.number
    self.base = base
    firstSequence = before.sequence + 1
    sequence = before.sequence
    let commitment: [UInt8]
    var entries: [SegmentHeader.Reviewer] = []
    do throws(SodiumError) {
      let key = try SecretBytes.random(count: 32)
      sealer = try StreamSealer(key: key)
      commitment = Chain.commitment(to: key)
      for reviewer in reviewers {
        entries.append(
          SegmentHeader.Reviewer(fingerprint: Chain.fingerprint(of: reviewer), sealedKey: try SealedBox.seal(key, to: reviewer)))
      }
    } catch { throw error == .badParameter ? .badReviewer : .memoryNotLocked }
    var bytes = SegmentHeader(
      kind: kind, vault: vault, number: number, firstSequence: firstSequence, bootID: boot, base: base,
      previousByteCount: UInt64(before.byteCount), previousHead: before.head, droppedByteCount: 0, lastMarkSegment: 0,
      streamHeader: sealer.header, keyCommitment: commitment, reviewers: entries
    ).encode()
    let start = Chain.start(header: bytes)
    bytes += start.bytes.prefix(SegmentHeader.checkByteCount)
    let digits = String(number)
    let path = folder + "/" + String(repeating: "0", count: max(0, 10 - digits.count)) + digits + ".segment"
    byteCount = bytes.count
    do throws(SystemError) {
      file = try File(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o640)
      try file.write(bytes, at: 0)
    } catch { throw .cannotWrite("\(error)") }
    start.store(to: work.baseAddress!)
    vault.write(to: associated)
    associated.storeBytes(of: number.littleEndian, toByteOffset: 16, as: UInt64.self)
  }

  deinit {
    work.deallocate()
    associated.deallocate()
    waiting.deallocate()
  }

  /// Seals an encoded record.
  func append(record: UnsafeRawBufferPointer) throws(TrailError) {
    associated.storeBytes(of: (sequence + 1).littleEndian, toByteOffset: 24, as: UInt64.self)
    let count = record.count + StreamSealer.overheadByteCount
    sealer.seal(record, associated: UnsafeRawBufferPointer(associated), into: body(count))
    try append(.record, bodyByteCount: count)
  }

  func append(_ kind: Frame.Kind, _ bytes: [UInt8]) throws(TrailError) {
    body(bytes.count).copyBytes(from: bytes)
    try append(kind, bodyByteCount: bytes.count)
  }

  /// Writes what waits. Nothing may follow but more frames.
  func flush() throws(TrailError) {
    do throws(SystemError) {
      try file.write(UnsafeRawBufferPointer(rebasing: waiting[..<waitingByteCount]), at: byteCount - waitingByteCount)
    } catch { throw .cannotWrite("\(error)") }
    waitingByteCount = 0
  }

  private func body(_ count: Int) -> UnsafeMutableRawBufferPointer {
    let begin = Frame.chainPrefixByteCount + Frame.prefixByteCount
    return UnsafeMutableRawBufferPointer(rebasing: work[begin..<begin + count])
  }

  private func append(_ kind: Frame.Kind, bodyByteCount: Int) throws(TrailError) {
    let frame = Frame.chainPrefixByteCount
    let hashed = frame + Frame.prefixByteCount + bodyByteCount
    work.storeBytes(of: (sequence + 1).littleEndian, toByteOffset: ChainHead.byteCount, as: UInt64.self)
    work.storeBytes(of: UInt16(bodyByteCount).littleEndian, toByteOffset: frame, as: UInt16.self)
    work.storeBytes(of: kind.rawValue, toByteOffset: frame + 2, as: UInt8.self)
    Hash.unkeyed(
      UnsafeRawBufferPointer(rebasing: work[..<hashed]),
      into: UnsafeMutableRawBufferPointer(rebasing: work[..<ChainHead.byteCount]))
    (work.baseAddress! + hashed).copyMemory(from: work.baseAddress!, byteCount: Frame.checkByteCount)
    let count = bodyByteCount + Frame.overheadByteCount
    if waiting.count - waitingByteCount < count { try flush() }
    (waiting.baseAddress! + waitingByteCount).copyMemory(from: work.baseAddress! + frame, byteCount: count)
    waitingByteCount += count
    byteCount += count
    sequence += 1
  }
}
