import Platform
import Sodium
package import Trail
package import VaultFormat

/// Writes a trail in the real format as fast as it can, with clocks that its caller moves: for measuring what a year costs, and for tests. No part of the
/// program, and does not write through its writer: what the program's verifier says of such a trail, it says of the format as it is documented.
///
/// Segments, restated handles and checkpoints come when `TrailWriter` would make them. Nothing is synced, the keys that sign are kept in memory, and
/// there is no signer file: nobody can go on with such a trail. One thread.
package final class TrailMaker {
  /// What was made so far.
  package struct Figures: Sendable {
    package var records: UInt64 = 0
    package var checkpoints: UInt64 = 0
    package var segments: UInt64 = 0
    package var bytes: UInt64 = 0
  }

  /// The key against which `log verify --genesis` checks.
  package let genesis: [UInt8]
  package private(set) var figures = Figures()
  /// The clocks now, in nanoseconds. They run alike.
  package private(set) var wall: Int64
  private var boot: Int64 = 1_000_000_000

  private let folder: String
  private let vault: VaultID
  private let reviewers: [[UInt8]]
  private let settings = TrailSettings()
  private let openHandles: () -> [Record]
  private var segment: SegmentMaker
  private let bootID: ID128

  private var seed: SharedSecret
  private var publicKey: [UInt8]
  private var epoch: UInt64 = 0
  private var previous = ChainHead.zero
  private var heartbeat: Int64 = 0
  /// The last checkpoint's frame.
  private var signed: UInt64 = 0
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Record.byteCountMax, alignment: 64)

  /// Makes the folder with its first segment and checkpoint.
  ///
  /// - Parameter openHandles: an OPEN record for each open handle, for the start of each segment.
  /// - Throws: `alreadyExists` where there is such a folder; `cannotWrite`.
  package init(
    in path: String, vault: VaultID, reviewers: [[UInt8]], wall: Int64, openHandles: @escaping () -> [Record]
  ) throws(TrailError) {
    guard !Files.exists(path) else { throw .alreadyExists }
    do throws(SystemError) { try Files.makeFolder(path, mode: 0o750) } catch { throw .cannotWrite("\(error)") }
    folder = path
    bootID = ID128(high: 0x1234, low: 0x5678)
    self.vault = vault
    self.reviewers = reviewers
    self.openHandles = openHandles
    self.wall = wall
    (seed, publicKey) = try Self.makeKey()
    genesis = publicKey
    segment = try SegmentMaker(
      in: folder, vault: vault, kind: .start,
      after: SegmentMaker.Beginning(head: Chain.genesis(vault: vault, publicKey: publicKey)), reviewers: reviewers, boot: bootID,
      base: Record.TimeBase(wall: wall, boot: boot))
    figures.segments = 1
    try makeCheckpoint(.opening)
  }

  deinit { scratch.deallocate() }

  /// Moves the clocks on, and makes the segments and checkpoints that fall due meanwhile. A time that has passed changes nothing.
  package func advance(to wall: Int64) throws(TrailError) {
    while wall > self.wall {
      let isActive = segment.sequence != signed
      let checkpointDue = heartbeat + (isActive ? settings.activeCheckpointNanoseconds : settings.idleCheckpointNanoseconds)
      let rotationDue = segment.base.boot + settings.segmentAgeNanosecondsMax
      let due = min(checkpointDue, rotationDue)
      let step = min(wall - self.wall, max(0, due - boot))
      self.wall += step
      boot += step
      guard boot >= due else { continue }
      if rotationDue <= checkpointDue { try rotate() } else { try makeCheckpoint(.regular) }
    }
  }

  /// Sets the wall clock, as somebody does who may; the boot clock goes on. Begins a segment where `TrailWriter` would.
  ///
  /// - Parameter rotates: whether it is the present writer; those before it wrote on.
  package func set(wall: Int64, rotates: Bool = true) throws(TrailError) {
    self.wall = wall
    let set = (wall &- segment.base.wall) &- (boot - segment.base.boot)
    if rotates, set.magnitude > settings.clockSetNanosecondsMax.magnitude { try rotate() }
  }

  /// Appends a record at the present time.
  package func append(_ record: Record) throws(TrailError) {
    try makeRoom()
    try put(record)
  }

  /// Appends a READ or PAGES through an open handle.
  package func appendRead(
    _ action: Record.Action = .read, handle: HandleID, offset: UInt64, asked: UInt64, returned: UInt64
  ) throws(TrailError) {
    try makeRoom()
    var writer = RawWriter(scratch)
    Record.encodeRead(
      action, handle: handle, offset: offset, asked: asked, returned: returned, wall: wall, boot: boot, to: &writer,
      base: segment.base)
    try seal(writer.count)
  }

  /// Ends the trail with a closing checkpoint. Returns the end, for `log verify --end`.
  package func close() throws(TrailError) -> ChainPoint {
    try makeCheckpoint(.closing)
    try segment.flush()
    figures.bytes += UInt64(segment.byteCount)
    return ChainPoint(sequence: segment.sequence, head: segment.head)
  }

  // MARK: Frames

  private func put(_ record: Record) throws(TrailError) {
    var record = record
    record.wall = wall
    record.boot = boot
    var writer = RawWriter(scratch)
    record.encode(to: &writer, base: segment.base)
    precondition(!writer.overflowed)
    try seal(writer.count)
  }

  private func seal(_ byteCount: Int) throws(TrailError) {
    try segment.append(record: UnsafeRawBufferPointer(rebasing: scratch[..<byteCount]))
    figures.records += 1
  }

  private func makeRoom() throws(TrailError) {
    if segment.frameCount + 1_024 >= settings.segmentFrameCountMax { try rotate() }
  }

  private func rotate() throws(TrailError) {
    let old = segment
    try old.flush()
    segment = try SegmentMaker(
      in: folder, vault: vault, kind: .rotation,
      after: SegmentMaker.Beginning(number: old.number + 1, byteCount: old.byteCount, sequence: old.sequence, head: old.head),
      reviewers: reviewers, boot: bootID, base: Record.TimeBase(wall: wall, boot: boot))
    figures.segments += 1
    figures.bytes += UInt64(old.byteCount)
    for handle in openHandles() {
      var record = handle
      record.details.append(Record.Detail("restated", "true"))
      try put(record)
    }
  }

  // MARK: Checkpoints

  private static func makeKey() throws(TrailError) -> (SharedSecret, [UInt8]) {
    do throws(SodiumError) {
      let seed = SharedSecret(try SecretBytes.random(count: 32))
      return (seed, try Signature.publicKey(ofSeed: seed.bytes))
    } catch { throw .memoryNotLocked }
  }

  private func makeCheckpoint(_ kind: Checkpoint.Kind) throws(TrailError) {
    let (nextSeed, nextKey) = try Self.makeKey()
    var checkpoint = Checkpoint(
      kind: kind, epoch: epoch, vault: vault, segment: segment.number, sequence: segment.sequence + 1, head: segment.head,
      recordCount: figures.records, markCount: 0, lastMarkSequence: 0, lastMarkCommit: 0, bootID: bootID, wall: wall, boot: boot,
      previous: previous, publicKey: publicKey, nextPublicKey: nextKey)
    do throws(SodiumError) {
      checkpoint.signature = try Signature.sign(checkpoint.signedBytes, seed: seed.bytes)
    } catch { throw .memoryNotLocked }
    try segment.append(.checkpoint, checkpoint.encode())
    (seed, publicKey) = (nextSeed, nextKey)
    previous = ChainHead(Hash.plain(checkpoint.encode()))!
    epoch += 1
    heartbeat = boot
    signed = segment.sequence
    figures.checkpoints += 1
  }
}
