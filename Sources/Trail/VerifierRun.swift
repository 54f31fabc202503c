import Glibc
import Platform
import VaultFormat

/// One run of the verifier: what it carries from frame to frame.
struct VerifierRun {
  enum Stop: Error {
    case broken(TrailReport.Break)
    case failed(TrailError)
  }

  var report = TrailReport()
  let options: TrailVerifier
  let folder: TrailFolder
  private let numbers: [UInt64]
  var findings: [TrailReport.Finding] = []
  var anchors: AnchorReader?
  var vault: VaultID?

  var previous = SegmentEnd(byteCount: 0, point: ChainPoint(sequence: 0, head: .zero))
  var checkpoint: Checkpoint?
  var checkpointHash = ChainHead.zero
  var lastMarkSegment: UInt64 = 0
  var lastMark: (sequence: UInt64, commit: UInt64) = (0, 0)
  /// How far the wall clock was ahead of the boot clock at most, within this boot.
  var clock: (bootID: ID128, lead: Int64)?
  /// Since when a heartbeat is owed.
  var heartbeat: (bootID: ID128, boot: Int64)?
  /// What the first segment's header commits to.
  var firstPreviousHead = ChainHead.zero
  /// The signer's last checkpoint when the run began, while a writer may be at work.
  var signerPoint: ChainPoint?
  var hasMetSigner = false
  var hasMetEnd = false
  /// The last place where the trail was put back from a copy.
  var restored: Restored?
  /// Where another head than the expected one was found.
  var otherEnd: TrailReport.Break?
  var sealedToOthers: [UInt64] = []
  var totalByteCount: UInt64 = 0
  let signatures = SignaturePool()
  var place = TrailReport.Break(segment: 0, sequence: 0, byte: 0, what: "")

  /// A place where the trail goes on from a copy.
  struct Restored {
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

  func broken(_ what: String) -> Stop {
    var place = place
    place.what = what
    return .broken(place)
  }

  mutating func go() throws(Stop) {
    guard !numbers.isEmpty else {
      let isExpected = options.end != nil || options.genesis != nil || anchors?.line != nil
      if isExpected || Files.exists(folder.signerPath) { throw broken("there is no segment") }
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

  func stop(_ error: TrailError) -> Stop {
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

  /// At a new start: what the run before left unsigned.
  private mutating func noteUnclosed() {
    let end = previous.point.sequence
    let signed = report.signedPoint?.sequence ?? 0
    if checkpoint?.kind == .closing, signed == end { return }
    if signed < end { findings.append(.unsigned(from: signed + 1, through: end, isLast: false)) }
    findings.append(.endedWithoutClosing(after: end))
  }

  func checkHeartbeat(_ bootID: ID128, _ boot: Int64) throws(Stop) {
    guard let heartbeat else { return }
    guard heartbeat.bootID == bootID else { throw broken("another boot without a start") }
    guard boot >= heartbeat.boot else { throw broken("the boot clock went back") }
    guard boot - heartbeat.boot <= Checkpoint.heartbeatNanosecondsMax else { throw broken("heartbeats are missing") }
  }

}
