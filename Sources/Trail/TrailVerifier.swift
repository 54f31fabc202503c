import Glibc
import Platform
import Sodium
package import VaultFormat

/// Checks a whole trail, streaming and in constant memory.
///
/// Without any secret: the chain over every byte, each checkpoint's signature and key, gaps, heartbeats and both ends. With a reviewer's
/// identity also that every record opens and is well formed; with the vault's trail keys also the marks' MACs and the signer file.
package struct TrailVerifier {
  /// The public key that `create` returned.
  package var genesis: [UInt8]?
  /// A frame that was seen before and must still be there.
  package var end: ChainPoint?
  /// A file of anchor lines.
  package var anchorPath: String?
  package var vault: VaultID?
  package var keys: TrailKeys?
  package var identity: ReviewerIdentity?
  /// Called now and then with the bytes done and the bytes there are.
  package var progress: ((UInt64, UInt64) -> Void)?

  private let folder: TrailFolder

  package init(_ path: String) { folder = TrailFolder(path: path) }

  /// Checks everything.
  /// - Throws: `missing` where there is no trail; `unreadable` where a file cannot be read; `newerVersion`, `memoryNotLocked`.
  package func verify() throws(TrailError) -> TrailReport {
    var run = try VerifierRun(self, folder)
    var stop: VerifierRun.Stop?
    do throws(VerifierRun.Stop) { try run.go() } catch { stop = error }
    // A signature that is wrong came before whatever ended the walk.
    if let failed = run.endSignatures() { return failed }
    switch stop {
    case .broken(let place): run.report.verdict = .broken(place)
    case .failed(let error): throw error
    case nil: break
    }
    return run.report
  }
}

/// One run of the verifier: what it carries from frame to frame.
struct VerifierRun {
  enum Stop: Error {
    case broken(TrailReport.Break)
    case failed(TrailError)
  }

  var report = TrailReport()
  private let options: TrailVerifier
  private let folder: TrailFolder
  private let numbers: [UInt64]
  private var findings: [TrailReport.Finding] = []
  private var anchors: AnchorReader?
  private var vault: VaultID?

  private var previous = SegmentEnd(byteCount: 0, point: ChainPoint(sequence: 0, head: .zero))
  private var checkpoint: Checkpoint?
  private var checkpointHash = ChainHead.zero
  private var lastMarkSegment: UInt64 = 0
  private var lastMark: (sequence: UInt64, commit: UInt64) = (0, 0)
  /// Since when a heartbeat is owed.
  private var heartbeat: (bootID: ID128, boot: Int64)?
  /// What the first segment's header commits to.
  private var firstPreviousHead = ChainHead.zero
  /// The signer's last checkpoint when the run began, while a writer may be at work.
  private var signerPoint: ChainPoint?
  private var hasMetSigner = false
  private var hasMetEnd = false
  /// The last place where the trail was put back from a copy.
  private var restored: Restored?
  /// Where another head than the expected one was found.
  private var otherEnd: TrailReport.Break?
  private var sealedToOthers: [UInt64] = []
  private var totalByteCount: UInt64 = 0
  private let signatures = SignaturePool()
  private var place = TrailReport.Break(segment: 0, sequence: 0, byte: 0, what: "")

  /// A place where the trail goes on from a copy.
  private struct Restored {
    var after: UInt64
    /// The finding that tells it.
    var index: Int
    /// Whether anchors may still name what was left behind: until one is met that the trail told since.
    var isOpen: Bool
  }

  init(_ options: TrailVerifier, _ folder: TrailFolder) throws(TrailError) {
    self.options = options
    self.folder = folder
    vault = options.vault
    // First what the trail is compared with: a writer at work only makes the trail longer.
    if let path = options.anchorPath { anchors = try AnchorReader(path) }
    let (segments, foreign) = try folder.list()
    numbers = segments
    for name in foreign { findings.append(.foreignFile(name)) }
  }

  /// Waits for the signatures. Returns the report as it stood before the first wrong one; nil where all are right.
  func endSignatures() -> TrailReport? {
    guard let moment = signatures.finish() else { return nil }
    var failed = moment.report
    var place = moment.place
    place.what = "a checkpoint with a wrong signature"
    failed.verdict = .broken(place)
    return failed
  }

  private func broken(_ what: String) -> Stop {
    var place = place
    place.what = what
    return .broken(place)
  }

  mutating func go() throws(Stop) {
    guard !numbers.isEmpty else {
      if Files.exists(folder.signerPath) || options.end != nil || options.genesis != nil { throw broken("there is no segment") }
      throw .failed(.missing)
    }
    if numbers[0] != 1 { throw broken("segment 1 is missing") }
    for (index, number) in numbers.enumerated() where number != UInt64(index) + 1 {
      throw broken("segment \(index + 1) is missing")
    }
    for number in numbers { totalByteCount += UInt64(max(0, fileSize(number))) }
    var scanner = try open(1)
    vault = vault ?? scanner.header.vault
    if let keys = options.keys, let vault {
      do throws(TrailError) { signerPoint = try TrailSigner.load(from: folder, vault: vault, key: keys.signer).last?.point } catch
      {
        throw error == .missing ? broken("the signer is missing") : stop(error)
      }
    }
    for number in numbers {
      let next = number < UInt64(numbers.count) ? try open(number + 1) : nil
      try check(scanner, next: next?.header)
      if let next { scanner = next }
    }
    try conclude()
  }

  private func fileSize(_ number: UInt64) -> Int {
    var value = stat()
    return lstat(folder.segmentPath(number), &value) == 0 ? Int(value.st_size) : 0
  }

  private mutating func open(_ number: UInt64) throws(Stop) -> SegmentScanner {
    place = TrailReport.Break(segment: number, sequence: place.sequence, byte: 0, what: "")
    do throws(TrailError) { return try SegmentScanner(folder, number: number, vault: nil) } catch { throw stop(error) }
  }

  private func stop(_ error: TrailError) -> Stop {
    switch error {
    case .damaged(let what): broken(what)
    case .missing: broken("the file is missing")
    case .cannotWrite, .unreadable, .newerVersion, .alreadyExists, .memoryNotLocked, .badReviewer: .failed(error)
    }
  }

  // MARK: Segments

  private mutating func check(_ scanner: SegmentScanner, next: SegmentHeader?) throws(Stop) {
    let header = scanner.header
    let number = header.number
    place = TrailReport.Break(segment: number, sequence: header.firstSequence, byte: 0, what: "")
    try checkHeader(header)
    report.segmentCount += 1
    var opener: RecordOpener?
    if let identity = options.identity {
      do throws(TrailError) { opener = try RecordOpener(header, identity: identity) } catch { throw stop(error) }
      if opener == nil { sealedToOthers.append(number) }
    }

    var limit = scanner.byteCount
    if let next {
      guard next.previousByteCount <= UInt64(scanner.byteCount) else {
        throw broken("the file is shorter than the next one says")
      }
      limit = Int(next.previousByteCount)
      if limit < scanner.byteCount {
        guard next.kind == .resumed else { throw broken("the file is longer than the next one says") }
        findings.append(.unsure(segment: number, byteCount: UInt64(scanner.byteCount - limit)))
      }
    }
    try walk(scanner, limit: limit, isLast: next == nil, opener)
    previous = SegmentEnd(byteCount: scanner.offset, point: scanner.point)
    report.byteCount += UInt64(scanner.offset)
    report.end = scanner.point
    if scanner.sequence + 1 - header.firstSequence > Frame.countMax { throw broken("too many frames") }
  }

  private mutating func checkHeader(_ header: SegmentHeader) throws(Stop) {
    if let vault, header.vault != vault { throw broken("another vault's segment") }
    vault = header.vault
    guard header.firstSequence == previous.point.sequence + 1 else { throw broken("a gap in the sequence") }
    if header.number == 1 {
      guard header.kind == .start, header.previousByteCount == 0 else { throw broken("not a first segment") }
      if let genesis = options.genesis {
        guard header.previousHead == Chain.genesis(vault: header.vault, publicKey: genesis) else {
          throw broken("does not begin with the genesis key")
        }
      }
      firstPreviousHead = header.previousHead
      report.begin = header.base.wall
    } else {
      guard header.previousHead == previous.point.head, header.previousByteCount == UInt64(previous.byteCount) else {
        throw broken("does not continue the segment before")
      }
    }
    guard header.lastMarkSegment == lastMarkSegment else { throw broken("names another segment's mark") }
    if header.droppedByteCount > 0 {
      guard header.kind.isStart else { throw broken("cannot have dropped anything") }
      findings.append(.dropped(segment: header.number - 1, byteCount: header.droppedByteCount))
    }
    try checkKind(header)
  }

  private mutating func checkKind(_ header: SegmentHeader) throws(Stop) {
    switch header.kind {
    case .start:
      if header.number > 1 { noteUnclosed() }
      heartbeat = (header.bootID, header.base.boot)
    case .restored:
      noteUnclosed()
      try noteRestored(header)
      heartbeat = (header.bootID, header.base.boot)
    case .rotation:
      guard checkpoint?.kind != .closing else { throw broken("goes on after a closing checkpoint") }
      try checkHeartbeat(header.bootID, header.base.boot)
    case .resumed:
      guard checkpoint?.kind != .closing else { throw broken("goes on after a closing checkpoint") }
      findings.append(.resumed(segment: header.number))
      heartbeat = (header.bootID, header.base.boot)
    }
  }

  /// What anchors were told by what came after the copy was made is not to be met; what they are told from here on is.
  private mutating func noteRestored(_ header: SegmentHeader) throws(Stop) {
    var leftBehind: UInt64 = 0
    if let anchors {
      do throws(TrailError) { leftBehind = try anchors.skipRun(to: report.epoch.map { $0 + 1 } ?? 0) } catch { throw stop(error) }
    }
    let after = previous.point.sequence
    restored = Restored(after: after, index: findings.count, isOpen: true)
    findings.append(.restored(segment: header.number, after: after, leftBehind: leftBehind, operator: nil, reason: nil))
  }

  /// Fills in what is known of the last restoration later.
  private mutating func tellRestored(leftBehind more: UInt64 = 0, record: Record? = nil) {
    guard let restored, case .restored(let segment, let after, let count, var by, var reason) = findings[restored.index] else {
      return
    }
    if let record {
      by = by ?? record.actor.map { $0.name.isEmpty ? "uid \($0.uid)" : $0.name }
      reason = reason ?? record.details.first { $0.key == "reason" }?.value
    }
    findings[restored.index] = .restored(segment: segment, after: after, leftBehind: count + more, operator: by, reason: reason)
  }

  /// At a new start: what the run before left unsigned.
  private mutating func noteUnclosed() {
    let end = previous.point.sequence
    let signed = report.signedPoint?.sequence ?? 0
    if checkpoint?.kind == .closing, signed == end { return }
    if signed < end { findings.append(.unsigned(from: signed + 1, through: end, isLast: false)) }
    findings.append(.endedWithoutClosing(after: end))
  }

  private func checkHeartbeat(_ bootID: ID128, _ boot: Int64) throws(Stop) {
    guard let heartbeat else { return }
    guard heartbeat.bootID == bootID else { throw broken("another boot without a start") }
    guard boot >= heartbeat.boot else { throw broken("the boot clock went back") }
    guard boot - heartbeat.boot <= Checkpoint.heartbeatNanosecondsMax else { throw broken("heartbeats are missing") }
  }

  // MARK: Frames

  private mutating func walk(_ scanner: SegmentScanner, limit: Int, isLast: Bool, _ opener: RecordOpener?) throws(Stop) {
    meet(scanner.point)
    var told = 0
    while true {
      let offset = scanner.offset
      if offset - told > 4 << 20 {
        told = offset
        options.progress?(report.byteCount + UInt64(offset), totalByteCount)
      }
      place.byte = UInt64(offset)
      place.sequence = scanner.sequence + 1
      let step: SegmentScanner.Step
      do throws(TrailError) { step = try scanner.next(limit: limit) } catch { throw stop(error) }
      switch step {
      case .frame(let kind, let body):
        if heartbeat == nil { throw broken("a frame after the closing checkpoint") }
        try take(kind, body, scanner, opener)
        meet(scanner.point)
        if let signerPoint, signerPoint.sequence == scanner.sequence {
          guard signerPoint == scanner.point else { throw broken("not the checkpoint that the signer made") }
          hasMetSigner = true
        }
      case .end:
        options.progress?(report.byteCount + UInt64(scanner.offset), totalByteCount)
        return
      case .torn:
        guard isLast, heartbeat != nil else { throw broken("not a whole frame") }
        findings.append(.torn(segment: scanner.header.number, byteCount: UInt64(scanner.byteCount - scanner.offset)))
        return
      case .bad(let what): throw broken("a changed frame (\(what))")
      }
    }
  }

  /// Compares with the expected end: taken while a new segment had no frame yet, it names the chain after that segment's header.
  private mutating func meet(_ point: ChainPoint) {
    guard let end = options.end, end.sequence == point.sequence else { return }
    if end == point { hasMetEnd = true } else if !hasMetEnd { otherEnd = place }
  }

  private mutating func take(
    _ kind: Frame.Kind, _ body: UnsafeRawBufferPointer, _ scanner: SegmentScanner, _ opener: RecordOpener?
  ) throws(Stop) {
    switch kind {
    case .record:
      report.recordCount += 1
      guard let opener else { return }
      do throws(TrailError) {
        let record = try opener.record(body, sequence: scanner.sequence)
        if record.action == .restore { tellRestored(record: Record(record)) }
      } catch { throw stop(error) }
      report.openedCount += 1
    case .mark: try take(mark: body, scanner)
    case .checkpoint:
      guard body.count == Checkpoint.byteCount else { throw broken("not a checkpoint") }
      let next: Checkpoint
      do throws(FormatError) { next = try Checkpoint(parsing: [UInt8](body)) } catch {
        throw stop(TrailError(error, "checkpoint"))
      }
      try take(next, scanner)
    }
  }

  private mutating func take(mark body: UnsafeRawBufferPointer, _ scanner: SegmentScanner) throws(Stop) {
    guard body.count == Mark.byteCount else { throw broken("not a mark") }
    let mark: Mark
    do throws(FormatError) { mark = try Mark(parsing: [UInt8](body.prefix(Mark.byteCount - Mark.macByteCount))) } catch {
      throw stop(TrailError(error, "mark"))
    }
    guard mark.head == scanner.previousHead else { throw broken("a mark that stood elsewhere") }
    if let keys = options.keys {
      do throws(TrailError) {
        _ = try Mark.check(
          body, vault: scanner.header.vault, segment: scanner.header.number, sequence: scanner.sequence, key: keys.marks)
      } catch { throw stop(error) }
    }
    report.markCount += 1
    lastMarkSegment = scanner.header.number
    lastMark = (scanner.sequence, mark.commit)
  }

  private mutating func take(_ next: Checkpoint, _ scanner: SegmentScanner) throws(Stop) {
    guard next.vault == scanner.header.vault, next.segment == scanner.header.number, next.sequence == scanner.sequence,
      next.head == scanner.previousHead
    else { throw broken("a checkpoint that stood elsewhere") }
    let key: [UInt8]
    if let checkpoint {
      guard next.epoch == checkpoint.epoch + 1, next.previous == checkpointHash else { throw broken("a checkpoint is missing") }
      key = checkpoint.nextPublicKey
    } else {
      guard next.epoch == 0, next.previous == .zero else { throw broken("the first checkpoint is missing") }
      // Without an expected genesis the trail speaks for itself: the first segment's header commits to the key.
      key = options.genesis ?? next.publicKey
      guard firstPreviousHead == Chain.genesis(vault: next.vault, publicKey: key) else {
        throw broken("does not begin with the genesis key")
      }
      report.firstPublicKey = key
    }
    guard next.publicKey == key else { throw broken("a checkpoint with a wrong signature") }
    guard signatures.check(next, SignaturePool.Moment(place: place, report: report)) else {
      throw broken("a checkpoint with a wrong signature")
    }
    try checkContent(next, scanner)
    checkpointHash = next.hash
    checkpoint = next
    report.checkpointCount += 1
    report.epoch = next.epoch
    report.signedPoint = scanner.point
    report.lastCheckpointWall = next.wall
    heartbeat = next.kind == .closing ? nil : (next.bootID, next.boot)
    try checkAnchors(next, scanner.point)
  }

  private mutating func checkContent(_ next: Checkpoint, _ scanner: SegmentScanner) throws(Stop) {
    guard next.recordCount == report.recordCount, next.markCount == report.markCount, next.lastMarkSequence == lastMark.sequence,
      next.lastMarkCommit == lastMark.commit
    else { throw broken("a checkpoint that counts other frames") }
    try checkHeartbeat(next.bootID, next.boot)
    if let before = checkpoint {
      // Within one boot both clocks run alike; over a restart only the wall clock goes on.
      let elapsed = next.bootID == before.bootID ? next.boot - before.boot : 0
      let step = (next.wall - before.wall - elapsed) / 1_000_000_000
      if step < -60 { findings.append(.clockSetBack(sequence: next.sequence, seconds: -step)) }
    }
  }

  /// Every anchor names a checkpoint that is there, in order.
  private mutating func checkAnchors(_ next: Checkpoint, _ point: ChainPoint) throws(Stop) {
    guard let anchors else { return }
    while let line = anchors.line, line.epoch <= next.epoch {
      if line.vault == next.vault, line.epoch == next.epoch, line.point == point {
        report.establishedThrough = point.sequence
        restored?.isOpen = false
      } else {
        guard let restored, restored.isOpen, line.vault == next.vault else {
          throw broken("not the checkpoint that an anchor was told")
        }
        var count: UInt64 = 0
        do throws(TrailError) { count = try anchors.skipRun() } catch { throw stop(error) }
        tellRestored(leftBehind: max(count, 1))
        if count > 0 { continue }
      }
      do throws(TrailError) { try anchors.advance() } catch { throw stop(error) }
    }
  }

  // MARK: The end

  private mutating func conclude() throws(Stop) {
    let end = previous.point.sequence
    place.sequence = end
    if let expected = options.end, !hasMetEnd, restored.map({ $0.after >= expected.sequence }) ?? true {
      guard let otherEnd else { throw broken("the trail ends before the expected end") }
      place = otherEnd
      throw broken("not the frame that was expected here")
    }
    try concludeAnchors()
    if let expected = options.end, hasMetEnd {
      report.establishedThrough = max(report.establishedThrough ?? 0, expected.sequence)
    }
    try checkSigner()

    let signed = report.signedPoint?.sequence ?? 0
    if signed < end, (report.establishedThrough ?? 0) < end {
      findings.append(.unsigned(from: signed + 1, through: end, isLast: true))
    }
    if !sealedToOthers.isEmpty { findings.append(.sealedToOthers(sealedToOthers)) }
    if options.genesis == nil { findings.append(.originNotEstablished) }
    if report.establishedThrough == nil { findings.append(.endNotEstablished) }
    report.verdict = findings.isEmpty ? .whole : .consistent(findings)
  }

  /// No anchor is left, but for those of what a restored copy left behind.
  private mutating func concludeAnchors() throws(Stop) {
    guard let anchors else { return }
    while let line = anchors.line {
      guard let restored, restored.isOpen else {
        throw broken("the trail ends before the anchor of frame #\(line.point.sequence)")
      }
      tellRestored(leftBehind: 1)
      do throws(TrailError) { try anchors.advance() } catch { throw stop(error) }
    }
    if let line = anchors.nextRun { throw broken("anchors name another trail, which went on from epoch \(line.epoch)") }
  }

  /// The signer is the one that made the last checkpoint: neither older than the trail nor newer.
  private func checkSigner() throws(Stop) {
    guard let keys = options.keys, let vault else { return }
    if let expected = signerPoint, !hasMetSigner {
      throw broken("the trail ends before the signer's last checkpoint, #\(expected.sequence)")
    }
    do throws(TrailError) {
      let signer = try TrailSigner.load(from: folder, vault: vault, key: keys.signer)
      let next = checkpoint.map { $0.epoch + 1 } ?? 0
      guard signer.epoch + 1 >= next else { throw .damaged("the signer is older than the trail") }
      if signer.epoch == next, let checkpoint, try signer.publicKey() != checkpoint.nextPublicKey {
        throw .damaged("the signer holds another key")
      }
    } catch { throw error == .missing ? broken("the signer is missing") : stop(error) }
  }
}
