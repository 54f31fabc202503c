import VaultFormat

/// The frames of one segment, and what is in them.
extension VerifierRun {
  mutating func walk(_ scanner: SegmentScanner, limit: Int, isLast: Bool, _ opener: RecordOpener?) throws(Stop) {
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
    checkClock(next)
  }

  /// Within one boot both clocks run alike, so the wall clock is compared with the furthest that it was ahead of the other: small steps back
  /// add up. Over a restart only the wall clock goes on.
  private mutating func checkClock(_ next: Checkpoint) {
    let lead = next.wall - next.boot
    let furthest = clock?.bootID == next.bootID ? clock!.lead : checkpoint.map { $0.wall - next.boot } ?? lead
    let step = (lead - furthest) / 1_000_000_000
    if step < -60 { findings.append(.clockSetBack(sequence: next.sequence, seconds: -step)) }
    // What was told is not told again with each checkpoint.
    clock = (next.bootID, step < -60 ? lead : max(lead, furthest))
  }
}
