import Glibc
import Platform
import Sodium
package import VaultFormat

/// From the first segment of a run to its closing checkpoint.
extension TrailWriter {
  /// Makes the folder (0750) with a signer and no segment; on disk on return.
  ///
  /// Returns the genesis public key (32 bytes), against which `log verify --genesis` checks the trail's origin. It is stored
  /// nowhere that a verifier trusts: show it to the people who keep it.
  /// - Throws: `alreadyExists` where there is a trail.
  package static func create(in path: String, vault: VaultID, keys: TrailKeys) throws(TrailError) -> [UInt8] {
    let folder = TrailFolder(path: path)
    do throws(SystemError) {
      if !Files.exists(path) {
        try Files.makeFolder(path, mode: 0o750)
        try Files.syncFolder(Files.folder(of: path))
      }
      guard try Files.list(path).isEmpty else { throw SystemError("mkdir", EEXIST) }
    } catch { throw error.code == EEXIST ? .alreadyExists : .cannotWrite("\(error)") }
    return try TrailSigner.create(in: folder, vault: vault, key: keys.signer).publicKey()
  }

  /// Opens the trail for writing: cuts a torn tail, begins a new segment, records a RECOVERY unless the last run ended in order, and makes a
  /// checkpoint; all on disk on return. The caller must be the only writer (the vault's lock).
  ///
  /// - Parameters:
  ///   - reviewers: X25519 public keys, at least one.
  ///   - isRestored: the vault was put back from a copy: the new segment says so, in clear and for good.
  ///   - openHandles: an OPEN record for each open handle, to be restated at the start of each segment. Called from a thread of the
  ///     writer while appends wait: it must not append, nor take a lock that anyone holds while appending.
  /// - Throws: `damaged` where the trail is not the one that was written (the trail is broken), `missing` where there is none,
  ///   `cannotWrite` where it cannot be written now.
  package static func open(
    in path: String, vault: VaultID, keys: TrailKeys, reviewers: [[UInt8]], settings: TrailSettings = TrailSettings(),
    isRestored: Bool = false, openHandles: @escaping @Sendable () -> [Record] = { [] }
  ) throws(TrailError) -> (writer: TrailWriter, opening: TrailOpening) {
    guard !reviewers.isEmpty, reviewers.count <= SegmentHeader.reviewerCountMax else { throw .badReviewer }
    let folder = TrailFolder(path: path)
    let signer = try TrailSigner.load(from: folder, vault: vault, key: keys.signer)
    let found = try TrailRecovery(folder, vault: vault, keys: keys, signer: signer)
    if found.segment > 0 {
      let signed = signer.last.flatMap { $0.segment == found.segment ? Int($0.byteCount) : nil }
      try settle(folder.segmentPath(found.segment), found, from: signed ?? 0)
    }
    // Only now is it on disk for certain.
    if let checkpoint = found.unknownCheckpoint { try signer.advance(to: checkpoint) }

    let retained: (RetainedRecords, RetainedRecords)
    var forwarders: [RecordForwarder] = []
    do throws(SodiumError) {
      for sink in settings.sinks { forwarders.append(try RecordForwarder(sink, settings)) }
      retained = (try RetainedRecords(byteCount: 1 << 20), try RetainedRecords(byteCount: 1 << 20))
    } catch { throw .memoryNotLocked }
    let segment = try SegmentWriter(
      in: folder, vault: vault, kind: isRestored && found.segment > 0 ? .restored : .start,
      after: SegmentWriter.Predecessor(
        number: found.segment, end: found.end, droppedByteCount: found.droppedByteCount, lastMarkSegment: found.markSegment),
      reviewers: reviewers, settings: settings)
    do throws(SystemError) { try segment.publish() } catch { throw .cannotWrite("\(error)") }
    let writer = TrailWriter(
      folder: folder, vault: vault, keys: keys, settings: settings, reviewers: reviewers, signer: signer, found: found,
      segment: segment, retained: retained, forwarders: forwarders, openHandles: openHandles)
    let opening = TrailOpening(
      marks: found.marks, droppedByteCount: found.droppedByteCount, wasClosedCleanly: found.wasClosedCleanly,
      end: found.segment == 0 ? nil : found.end.point)
    try writer.begin(opening)
    return (writer, opening)
  }

  /// Cuts the torn tail of the last segment; all before it is on disk on return.
  ///
  /// What the signer's checkpoint does not cover was perhaps never synced, or its sync failed in a process that was killed before it could act
  /// on it. The kernel keeps such bytes in memory as if they were on disk, so that a sync alone would succeed without writing them: they are
  /// written again, in their own place.
  private static func settle(_ path: String, _ found: TrailRecovery, from start: Int) throws(TrailError) {
    do throws(SystemError) {
      let file = try File(path, O_RDWR | O_NOFOLLOW)
      try file.truncate(to: found.end.byteCount)
      if !found.wasClosedCleanly || found.unknownCheckpoint != nil {
        try file.copyBytes(from: start, to: found.end.byteCount, into: file)
      }
      try file.sync()
    } catch { throw .cannotWrite("\(error)") }
  }

  private func begin(_ opening: TrailOpening) throws(TrailError) {
    startForwarding()
    _ = Thread(name: "trail-keeper") { self.keep() }
    do throws(TrailError) {
      if !opening.wasClosedCleanly {
        var record = Record(.recovery)
        record.details = [Record.Detail("dropped-bytes", String(opening.droppedByteCount))]
        if let end = opening.end { record.details.append(Record.Detail("recovered-to", String(end.sequence))) }
        try append(record)
      }
      try makeCheckpoint(.opening)
    } catch {
      endKeeper()
      endForwarding()
      throw error
    }
    _ = Thread(name: "trail-signer") { self.makeCheckpoints() }
  }

  /// Ends the trail in order: a closing checkpoint, on disk on return. Append the UNMOUNT before. Nothing can be appended afterwards.
  ///
  /// Returns within the patience of the settings even where the disk hangs.
  /// - Throws: `cannotWrite` where the closing checkpoint could not be made: the next start will say RECOVERY.
  package func close() throws(TrailError) {
    let until = Clock.boot() + settings.closePatienceNanoseconds
    guard lock.lock(within: settings.closePatienceNanoseconds) else { throw .cannotWrite("the disk does not answer") }
    guard !isEnding else { return lock.unlock() }
    isEnding = true
    checkpointerWork.broadcast()
    while !hasCheckpointerEnded, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    // What is being put right now may still be.
    while case .failed = phase, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    let isFree = hasCheckpointerEnded
    drain()
    lock.unlock()

    var failure: TrailError?
    if isFree { settleForwarding() }
    if isFree {
      do throws(TrailError) { try makeCheckpoint(.closing) } catch { failure = error }
    } else {
      failure = .cannotWrite("the disk does not answer")
    }
    endKeeper()
    teller.end(within: settings.patienceNanoseconds)
    endForwarding()
    if let failure { throw failure }
  }

  /// Ends the threads and leaves the trail as a crash would: the next start will say RECOVERY. For a caller that found that what the trail
  /// says last is not so. After `close`, also one that threw, it does nothing.
  package func abandon() {
    let until = Clock.boot() + settings.closePatienceNanoseconds
    guard lock.lock(within: settings.closePatienceNanoseconds) else { return }
    guard !isEnding else { return lock.unlock() }
    isEnding = true
    checkpointerWork.broadcast()
    while !hasCheckpointerEnded, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    lock.unlock()
    endKeeper()
    teller.end(within: settings.patienceNanoseconds)
    endForwarding()
  }

  private func endKeeper() {
    let until = Clock.boot() + settings.closePatienceNanoseconds
    guard lock.lock(within: settings.closePatienceNanoseconds) else { return }
    defer { lock.unlock() }
    phase = .closed
    keeperWork.broadcast()
    changed.broadcast()
    while !hasKeeperEnded, until > Clock.boot() { changed.wait(lock, nanoseconds: Int(until - Clock.boot())) }
    if hasKeeperEnded { segment.cut(at: segment.byteCount) }
  }
}
