import CSystem
import Glibc
import Platform
import Sodium
import VaultFormat

/// One segment being written: the stream's state, the chain's head, and the end of the file. Used under the writer's lock, but for
/// `sync`, which needs none.
///
/// The file appears under its name only when its header, and what is carried over into it, are on disk. The key is forgotten as soon as it is sealed to the reviewers.
final class SegmentWriter: @unchecked Sendable {
  let number: UInt64
  let firstSequence: UInt64
  let base: Record.TimeBase
  let path: String
  let file: File
  private let sealer: StreamSealer

  /// Head (32) ‖ sequence (8) ‖ frame: what the chain's hash takes lies together, and the head is replaced in place.
  private let work: UnsafeMutableRawBufferPointer
  /// Vault (16) ‖ segment (8) ‖ sequence (8).
  private let associated: UnsafeMutableRawBufferPointer

  /// The end of the last whole frame.
  private(set) var byteCount: Int
  /// The last frame's number.
  private(set) var sequence: UInt64
  private var reservedByteCount: Int
  private let settings: TrailSettings
  /// A failed write has moved the stream past what is in the file: nothing more can be added.
  private(set) var isBroken = false

  var head: ChainHead { ChainHead(loading: work.baseAddress!) }
  var frameCount: UInt64 { sequence + 1 - firstSequence }
  var end: SegmentEnd { SegmentEnd(byteCount: byteCount, point: ChainPoint(sequence: sequence, head: head)) }

  /// What a new segment says of the one before it.
  struct Predecessor {
    var number: UInt64
    var end: SegmentEnd
    var droppedByteCount: UInt64 = 0
    var lastMarkSegment: UInt64
  }

  /// A fresh key of a segment as it leaves this place: what seals with it, what commits to it, and itself sealed to each reviewer.
  private struct SealedKey {
    let sealer: StreamSealer
    let commitment: [UInt8]
    let reviewers: [SegmentHeader.Reviewer]

    init(to publicKeys: [[UInt8]]) throws(TrailError) {
      do throws(SodiumError) {
        let key = try SecretBytes.random(count: 32)
        sealer = try StreamSealer(key: key)
        commitment = Chain.commitment(to: key)
        var made: [SegmentHeader.Reviewer] = []
        for reviewer in publicKeys {
          let sealed = try SealedBox.seal(key, to: reviewer)
          made.append(SegmentHeader.Reviewer(fingerprint: Chain.fingerprint(of: reviewer), sealedKey: sealed))
        }
        reviewers = made
      } catch {
        throw error == .badParameter ? .badReviewer : .memoryNotLocked
      }
    }
  }

  /// Makes the file with its header, under a name that does not count until `publish`.
  ///
  /// - Parameter base: the clocks; nil for what they are now.
  init(
    in folder: TrailFolder, vault: VaultID, kind: SegmentHeader.Kind, after previous: Predecessor, reviewers: [[UInt8]],
    settings: TrailSettings, base: Record.TimeBase? = nil
  ) throws(TrailError) {
    number = previous.number + 1
    firstSequence = previous.end.point.sequence + 1
    self.base = base ?? Record.TimeBase(wall: Clock.wall(), boot: Clock.boot())
    path = folder.segmentPath(number)
    self.settings = settings

    let key = try SealedKey(to: reviewers)
    sealer = key.sealer
    let header = SegmentHeader(
      kind: kind, vault: vault, number: number, firstSequence: firstSequence, bootID: Boot.id, base: self.base,
      previousByteCount: UInt64(previous.end.byteCount), previousHead: previous.end.point.head,
      droppedByteCount: previous.droppedByteCount, lastMarkSegment: previous.lastMarkSegment, streamHeader: sealer.header,
      keyCommitment: key.commitment, reviewers: key.reviewers)
    var bytes = header.encode()
    let start = Chain.start(header: bytes)
    bytes += start.bytes.prefix(SegmentHeader.checkByteCount)

    work = .allocate(
      byteCount: Frame.chainPrefixByteCount + Frame.overheadByteCount + Frame.bodyByteCountMax, alignment: 64)
    associated = .allocate(byteCount: Frame.associatedByteCount, alignment: 16)
    vault.write(to: associated)
    associated.storeBytes(of: number.littleEndian, toByteOffset: 16, as: UInt64.self)
    start.store(to: work.baseAddress!)
    byteCount = bytes.count
    sequence = firstSequence - 1
    reservedByteCount = 0
    do throws(SystemError) {
      file = try Self.make(path, header: bytes)
    } catch {
      work.deallocate()
      associated.deallocate()
      throw .cannotWrite("\(error)")
    }
    // A segment that begins without its reserve would have to refuse at once: the caller learns by the first append.
    try? reserve(through: byteCount + settings.reservationByteCount)
  }

  deinit {
    // What was sealed last lies here as ciphertext; the head is public.
    work.deallocate()
    associated.deallocate()
  }

  private static func make(_ path: String, header: [UInt8]) throws(SystemError) -> File {
    guard !Files.exists(path) else { throw SystemError("open", EEXIST) }
    let file = try File(
      path + TrailFolder.unfinishedSuffix, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, mode: 0o640)
    try append(header, to: file)
    return file
  }

  private static func append(_ bytes: [UInt8], to file: File) throws(SystemError) {
    var failure: SystemError?
    bytes.withUnsafeBytes { buffer in
      do throws(SystemError) {
        if try file.append(buffer) != buffer.count { failure = SystemError("write", ENOSPC) }
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Makes sure that a frame with a body of `bodyByteCount` fits into reserved space, and leaves the part kept for records that must
  /// not be refused, unless this is one of them.
  @inline(__always)
  func makeRoom(bodyByteCount: Int, isAlways: Bool) throws(SystemError) {
    let needed = byteCount + Frame.overheadByteCount + bodyByteCount + (isAlways ? 0 : settings.alwaysByteCount)
    if needed > reservedByteCount { try reserve(through: needed + settings.reservationByteCount) }
  }

  private func reserve(through end: Int) throws(SystemError) {
    do throws(SystemError) {
      try file.allocate(
        mode: Int32(csystem_falloc_keep_size), at: reservedByteCount, count: end - reservedByteCount)
      reservedByteCount = end
    } catch {
      // No reservations on this file system: a full disk then shows in the write itself.
      guard error.code == EOPNOTSUPP else { throw error }
      reservedByteCount = Int.max
    }
  }

  /// Seals a padded record and adds it to the file by one write(2). After a throw the segment is broken.
  @inline(__always)
  func append(record plaintext: UnsafeRawBufferPointer) throws(SystemError) {
    let bodyByteCount = plaintext.count + StreamSealer.overheadByteCount
    let next = sequence + 1
    associated.storeBytes(of: next.littleEndian, toByteOffset: 24, as: UInt64.self)
    let body = UnsafeMutableRawBufferPointer(
      start: work.baseAddress! + Frame.chainPrefixByteCount + Frame.prefixByteCount, count: bodyByteCount)
    sealer.seal(plaintext, associated: UnsafeRawBufferPointer(associated), into: body)
    try write(.record, bodyByteCount: bodyByteCount)
  }

  /// Adds a mark or a checkpoint.
  func append(_ kind: Frame.Kind, _ body: [UInt8]) throws(SystemError) {
    precondition(body.count <= Frame.bodyByteCountMax)
    body.withUnsafeBytes {
      (work.baseAddress! + Frame.chainPrefixByteCount + Frame.prefixByteCount).copyMemory(
        from: $0.baseAddress!, byteCount: $0.count)
    }
    try write(kind, bodyByteCount: body.count)
  }

  /// Completes the frame whose body lies in `work` and writes it.
  @inline(__always)
  private func write(_ kind: Frame.Kind, bodyByteCount: Int) throws(SystemError) {
    let start = work.baseAddress!
    let next = sequence + 1
    let headBefore = head
    start.storeBytes(of: next.littleEndian, toByteOffset: ChainHead.byteCount, as: UInt64.self)
    let frame = start + Frame.chainPrefixByteCount
    frame.storeBytes(of: UInt16(bodyByteCount).littleEndian, as: UInt16.self)
    frame.storeBytes(of: kind.rawValue, toByteOffset: 2, as: UInt8.self)

    let hashed = Frame.chainPrefixByteCount + Frame.prefixByteCount + bodyByteCount
    Hash.unkeyed(
      UnsafeRawBufferPointer(start: start, count: hashed),
      into: UnsafeMutableRawBufferPointer(start: start, count: ChainHead.byteCount))
    (start + hashed).copyMemory(from: start, byteCount: Frame.checkByteCount)

    let frameByteCount = bodyByteCount + Frame.overheadByteCount
    do throws(SystemError) {
      let written = try file.append(UnsafeRawBufferPointer(start: frame, count: frameByteCount))
      guard written == frameByteCount else { throw SystemError("write", ENOSPC) }
    } catch {
      isBroken = true
      headBefore.store(to: start)
      throw error
    }
    byteCount += frameByteCount
    sequence = next
  }
}

/// Where a segment ends: the bytes that count, and the chain there.
struct SegmentEnd: Sendable, Equatable {
  var byteCount: Int
  var point: ChainPoint
}
