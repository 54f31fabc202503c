import Glibc
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

  /// Appends what must never be refused (RELEASE, UNMOUNT, RECOVERY …), from reserved space. Never waits for the disk: where the trail
  /// cannot be written now the record waits in memory, and where too many wait it is counted and a later record says so.
  package func appendAlways(_ record: Record) {
    guard lock.tryLock() || acquire(within: min(settings.patienceNanoseconds, Self.alwaysPatienceNanoseconds)) else {
      return stall(record)
    }
    defer { lock.unlock() }
    if phase == .writing, filling.hasRoom(for: Record.byteCountMax), segment.frameCount < settings.segmentFrameCountMax {
      do throws(TrailError) {
        try put(record, isAlways: true)
        return
      } catch {}
    }
    guard phase != .closed else { return lose() }
    guard alwaysQueue.count < settings.alwaysQueueCountMax else { return lose() }
    var record = record
    record.wall = Clock.wall()
    record.boot = Clock.boot()
    alwaysQueue.append(record)
  }

  /// Whoever must not be refused waits so long for a lock that somebody holds in a write(2).
  private static let alwaysPatienceNanoseconds: Int64 = 100_000_000

  /// Keeps a record for the keeper, without the lock.
  private func stall(_ record: Record) {
    var record = record
    record.wall = Clock.wall()
    record.boot = Clock.boot()
    if !stalled.add(record, limit: settings.alwaysQueueCountMax) { stalledLossCount.add(1, ordering: .relaxed) }
    keeperWork.signal()
  }

  private func lose() {
    lostCount += 1
    lostTotal += 1
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

  /// Returns when a record of `byteCount` bytes may be written now; waits for a change of segment or room in memory, at most as long
  /// as a sync may take.
  @inline(__always)
  func admit(_ byteCount: Int) throws(TrailError) {
    let now = Clock.boot()
    if phase == .writing, filling.hasRoom(for: byteCount), segment.frameCount < settings.segmentFrameCountMax,
      syncBegan == 0 || now - syncBegan <= settings.patienceNanoseconds, now - heartbeat <= settings.heartbeatNanosecondsMax,
      now >= noSpaceUntil
    {
      return
    }
    try admitSlowly(byteCount, since: now)
  }

  @inline(never)
  private func admitSlowly(_ byteCount: Int, since: Int64) throws(TrailError) {
    while true {
      let now = Clock.boot()
      if let refusal = refusal(now) {
        // A machine that slept owes a checkpoint, which is made at once.
        let isLate = now - heartbeat > settings.heartbeatNanosecondsMax && phase == .writing
        guard isLate, now - since < settings.patienceNanoseconds else { throw .cannotWrite(refusal) }
        checkpointerWork.signal()
      } else if phase == .writing {
        if segment.frameCount >= settings.segmentFrameCountMax {
          want(.rotation)
        } else if filling.hasRoom(for: byteCount) {
          return
        } else {
          isUrgent = true
          keeperWork.signal()
        }
      }
      let rest = since + settings.patienceNanoseconds - now
      guard rest > 0 else { throw .cannotWrite("the disk does not keep up") }
      changed.wait(lock, nanoseconds: Int(min(rest, 100_000_000)))
    }
  }

  static let noSpace = "no space left on the disk"

  /// Why ordinary records are refused now; nil while they are not.
  func refusal(_ now: Int64) -> String? {
    let reason = reasonToRefuse(now)
    if reason == nil {
      if refusedSince != 0 { refusedSince = 0 }
    } else if refusedSince == 0 {
      refusedSince = now
    }
    return reason
  }

  private func reasonToRefuse(_ now: Int64) -> String? {
    switch phase {
    case .closed: return "the trail is closed"
    case .failed(let reason): return reason
    case .writing, .changing: break
    }
    if syncBegan != 0, now - syncBegan > settings.patienceNanoseconds { return "the disk does not answer" }
    if now - heartbeat > settings.heartbeatNanosecondsMax { return checkpointFailure ?? "no checkpoint can be made" }
    return noSpaceUntil > now ? Self.noSpace : nil
  }

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
