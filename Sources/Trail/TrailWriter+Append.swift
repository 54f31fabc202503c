import Platform
import Sodium
import Synchronization
package import VaultFormat

extension TrailWriter {
  /// Appends a record; wall and boot time are stamped here. In the file on return, where a killed process cannot take it back; its sync
  /// begins within 100 ms (strict: has ended on return). Waits where the record's user makes too many.
  ///
  /// - Parameter uid: the user whose rate counts where the record names no actor, since that is its OPEN's.
  /// - Throws: `cannotWrite`: what was to be recorded must not be done. In strict mode the record may be in the trail all the same.
  package func append(_ record: Record, uid: UInt32? = nil) throws(TrailError) {
    if let uid = record.actor?.uid ?? uid { rate.wait(uid) }
    try acquire()
    defer { lock.unlock() }
    try admit(Record.byteCountMax)
    try put(record, isAlways: false)
    if settings.strict { try waitUntilSynced() }
  }

  /// Appends a READ, a PAGES or a WRITE through an open handle, whose caller and grant are those of its OPEN. As `append`, without allocation.
  ///
  /// - Parameter uid: the user whose rate counts; nil for none.
  package func appendRead(
    _ action: Record.Action = .read, handle: HandleID, offset: UInt64, asked: UInt64, returned: UInt64, uid: UInt32? = nil
  ) throws(TrailError) {
    if let uid { rate.wait(uid) }
    try acquire()
    defer { lock.unlock() }
    try admit(Self.readByteCountMax)
    let boot = Clock.boot()
    var writer = RawWriter(filling.room(for: Self.readByteCountMax))
    Record.encodeRead(
      action, handle: handle, offset: offset, asked: asked, returned: returned, wall: Clock.wall(), boot: boot, to: &writer,
      base: segment.base)
    try put(encoded: writer.count, isAlways: false, now: boot)
    if settings.strict { try waitUntilSynced() }
  }

  /// Writes a mark before a commit; on disk on return. Returns its sequence.
  ///
  /// - Parameters:
  ///   - digest: 32 bytes, the sum of all bucket digests after the commit.
  ///   - catalogFileDigest: 32 bytes; at an orderly end.
  /// - Throws: `cannotWrite`: the commit must not be made. The mark may be in the trail all the same; a later one names the same predecessor.
  package func writeMark(
    commit: UInt64, predecessor: UInt64, digest: [UInt8], generation: UInt64, catalogFileDigest: [UInt8]? = nil
  ) throws(TrailError) -> UInt64 {
    let digest = RowDigest(digest)!
    let fileDigest = catalogFileDigest.map { RowDigest($0)! }
    try acquire()
    defer { lock.unlock() }
    try admit(0)
    let mark = Mark(
      bootID: Boot.id, wall: Clock.wall(), commit: commit, predecessor: predecessor, digest: digest, generation: generation,
      catalogFileDigest: fileDigest, head: segment.head)
    let content = mark.encode()
    let mac = Mark.mac(content, vault: vault, segment: segment.number, sequence: segment.sequence + 1, key: keys.marks)
    try put(.mark, content + mac, isAlways: false)
    counters.marks += 1
    counters.markSegment = segment.number
    counters.markSequence = segment.sequence
    counters.markCommit = commit
    let sequence = segment.sequence
    try waitUntilSynced()
    return sequence
  }

  /// Everything that was appended before the call is on disk on return.
  package func sync() throws(TrailError) {
    try acquire()
    defer { lock.unlock() }
    if case .failed(let reason) = phase { throw .cannotWrite(reason) }
    try waitUntilSynced()
  }

  // MARK: Under the lock

  /// Holds the largest READ: 1 + 1 + 4 × 10 + 2 × 10 bytes, padded.
  static let readByteCountMax = 64

  func put(_ record: Record, isAlways: Bool) throws(TrailError) {
    var record = record
    record.wall = Clock.wall()
    record.boot = Clock.boot()
    try put(stamped: record, isAlways: isAlways)
  }

  /// Appends a record whose times are set.
  func put(stamped record: Record, isAlways: Bool) throws(TrailError) {
    var writer = RawWriter(filling.room(for: Record.byteCountMax))
    record.encode(to: &writer, base: segment.base)
    if writer.overflowed {
      writer = RawWriter(filling.room(for: Record.byteCountMax))
      record.clipped().encode(to: &writer, base: segment.base)
      precondition(!writer.overflowed)
    }
    try put(encoded: writer.count, isAlways: isAlways, now: Clock.boot())
  }

  /// Appends the record that was encoded into the room of `filling`.
  @inline(__always)
  private func put(encoded byteCount: Int, isAlways: Bool, now: Int64) throws(TrailError) {
    pulse.writeBegan.store(now, ordering: .relaxed)
    defer { pulse.writeBegan.store(0, ordering: .relaxed) }
    do throws(SystemError) {
      try segment.makeRoom(bodyByteCount: byteCount + StreamSealer.overheadByteCount, isAlways: isAlways)
      try segment.append(record: UnsafeRawBufferPointer(filling.room(for: byteCount)))
    } catch { throw failedToPut(error) }
    filling.keep(byteCount, sequence: segment.sequence)
    counters.records += 1
    noteUnsynced(now)
  }

  func put(_ kind: Frame.Kind, _ body: [UInt8], isAlways: Bool) throws(TrailError) {
    pulse.writeBegan.store(Clock.boot(), ordering: .relaxed)
    defer { pulse.writeBegan.store(0, ordering: .relaxed) }
    do throws(SystemError) {
      try segment.makeRoom(bodyByteCount: body.count, isAlways: isAlways)
      try segment.append(kind, body)
    } catch { throw failedToPut(error) }
    noteUnsynced(Clock.boot())
  }

  @inline(__always)
  private func noteUnsynced(_ now: Int64) {
    noSpaceUntil = 0
    if unsyncedSince == 0 {
      unsyncedSince = now
      keeperWork.signal()
    } else if filling.isHalfFull, !isUrgent {
      isUrgent = true
      keeperWork.signal()
    }
    if segment.frameCount &+ 1_024 == settings.segmentFrameCountMax { want(.rotation) }
  }

  @inline(never)
  private func failedToPut(_ error: SystemError) -> TrailError {
    if segment.isBroken {
      fail("\(error)", maySyncOld: true)
    } else {
      // Room could not be reserved: the segment is well, and its reserve is still there for what must not be refused.
      noSpaceUntil = Clock.boot() + min(settings.retryNanoseconds, 100_000_000)
    }
    return .cannotWrite("\(error)")
  }

  /// Returns when everything appended so far is known to be on disk.
  func waitUntilSynced() throws(TrailError) {
    let target = segment.sequence
    let failures = failureCount
    let until = Clock.boot() + settings.patienceNanoseconds
    while synced.point.sequence < target {
      guard failureCount == failures else { throw .cannotWrite("a sync failed") }
      isUrgent = true
      keeperWork.signal()
      let rest = until - Clock.boot()
      guard rest > 0 else { throw .cannotWrite("the disk does not answer") }
      changed.wait(lock, nanoseconds: Int(rest))
    }
    guard failureCount == failures else { throw .cannotWrite("a sync failed") }
  }
}
