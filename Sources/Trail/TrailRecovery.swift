import Glibc
import Platform
import Sodium
import VaultFormat

/// What the trail on disk is, before the writer goes on with it. Reads from the signer's last checkpoint to the end; everything before is the
/// verifier's business.
struct TrailRecovery {
  /// The last segment; 0 for none yet.
  var segment: UInt64 = 0
  var end: SegmentEnd
  var droppedByteCount: UInt64 = 0
  var wasClosedCleanly = true
  var recordCount: UInt64 = 0
  var markCount: UInt64 = 0
  var markSegment: UInt64 = 0
  var markSequence: UInt64 = 0
  var markCommit: UInt64 = 0
  /// The last and those directly before it with the same predecessor; newest first.
  var marks: [Mark] = []
  /// Whether a mark with another predecessor was seen before those.
  private var hasAllMarks = false
  /// A checkpoint that is on disk while the signer does not know it yet: a crash fell between.
  var unknownCheckpoint: TrailSigner.LastCheckpoint?

  private let folder: TrailFolder
  private let vault: VaultID
  private let keys: TrailKeys

  /// Reads the trail and compares it with the signer. Changes nothing.
  /// - Throws: `damaged` where the trail is not one that this signer wrote: cut, older, other frames, a gap.
  init(_ folder: TrailFolder, vault: VaultID, keys: TrailKeys, signer: TrailSigner) throws(TrailError) {
    self.folder = folder
    self.vault = vault
    self.keys = keys
    let genesisHead =
      signer.last == nil ? Chain.genesis(vault: vault, publicKey: try signer.publicKey()) : .zero
    end = SegmentEnd(byteCount: 0, point: ChainPoint(sequence: 0, head: genesisHead))

    let numbers = try folder.list().segments
    let first = signer.last?.segment ?? 1
    guard let greatest = numbers.last else {
      guard signer.last == nil else { throw .damaged("all segments are missing") }
      return
    }
    guard greatest >= first else { throw .damaged("the trail ends before its last checkpoint, in segment \(first)") }
    if let last = signer.last {
      recordCount = last.recordCount
      markCount = last.markCount
      markSegment = last.markSegment
      markSequence = last.markSequence
      markCommit = last.markCommit
      wasClosedCleanly = last.isClosing
    }
    var isPastKnown = signer.last == nil
    for number in first...greatest {
      try scan(number, isLast: number == greatest, isFirst: number == first, signer: signer, isPastKnown: &isPastKnown)
    }
    guard isPastKnown else { throw .damaged("the trail ends before its last checkpoint") }
    try findEarlierMarks(before: first)
  }

  private func open(_ number: UInt64) throws(TrailError) -> SegmentScanner {
    do { return try SegmentScanner(folder, number: number, vault: vault) } catch {
      throw error == .missing ? .damaged("segment \(number) is missing") : error
    }
  }

  private mutating func scan(
    _ number: UInt64, isLast: Bool, isFirst: Bool, signer: TrailSigner, isPastKnown: inout Bool
  ) throws(TrailError) {
    let scanner = try open(number)
    if !isFirst || signer.last == nil {
      guard scanner.header.previousHead == end.point.head, scanner.header.previousByteCount == UInt64(end.byteCount),
        scanner.header.firstSequence == end.point.sequence + 1
      else { throw .damaged("segment \(number) does not continue the one before") }
    }
    let limit = isLast ? scanner.byteCount : Int(try open(number + 1).header.previousByteCount)
    guard limit <= scanner.byteCount else { throw .damaged("segment \(number) is cut") }
    segment = number
    while true {
      switch try scanner.next(limit: limit) {
      case .frame(let kind, let body):
        try take(kind, body, scanner, signer: signer, isPastKnown: &isPastKnown)
      case .end:
        end = SegmentEnd(byteCount: scanner.offset, point: scanner.point)
        return
      case .torn, .bad:
        // The check tells a torn frame from a good one, not from a changed one: what the signer's checkpoint covers must be whole.
        guard isLast, isPastKnown else { throw .damaged("segment \(number): byte \(scanner.offset)") }
        end = SegmentEnd(byteCount: scanner.offset, point: scanner.point)
        droppedByteCount = UInt64(scanner.byteCount - scanner.offset)
        wasClosedCleanly = false
        return
      }
    }
  }

  private mutating func take(
    _ kind: Frame.Kind, _ body: UnsafeRawBufferPointer, _ scanner: SegmentScanner, signer: TrailSigner, isPastKnown: inout Bool
  ) throws(TrailError) {
    let number = scanner.header.number
    if !isPastKnown {
      if kind == .mark { try take(mark: body, scanner) }
      guard scanner.sequence >= signer.last!.point.sequence else { return }
      guard scanner.point == signer.last!.point else { throw .damaged("segment \(number): not the chain that was signed") }
      isPastKnown = true
      return
    }
    wasClosedCleanly = false
    switch kind {
    case .record: recordCount += 1
    case .mark:
      try take(mark: body, scanner)
      markCount += 1
      markSegment = number
      markSequence = scanner.sequence
      markCommit = marks[0].commit
    case .checkpoint:
      let checkpoint: Checkpoint
      do throws(FormatError) { checkpoint = try Checkpoint(parsing: [UInt8](body)) } catch {
        throw TrailError(error, "segment \(number)")
      }
      try take(checkpoint, scanner, signer: signer)
    }
  }

  private mutating func take(mark body: UnsafeRawBufferPointer, _ scanner: SegmentScanner) throws(TrailError) {
    marks.insert(
      try Mark.check(body, vault: vault, segment: scanner.header.number, sequence: scanner.sequence, key: keys.marks), at: 0)
    // Only the last of one predecessor can be asked for.
    if marks.count > 1, marks[1].predecessor != marks[0].predecessor {
      marks.removeLast(marks.count - 1)
      hasAllMarks = true
    }
  }

  /// A checkpoint after the one that the signer knows: it must be the very one that the signer was making.
  private mutating func take(_ checkpoint: Checkpoint, _ scanner: SegmentScanner, signer: TrailSigner) throws(TrailError) {
    guard unknownCheckpoint == nil, checkpoint.epoch == signer.epoch, checkpoint.publicKey == (try signer.publicKey()),
      checkpoint.nextPublicKey == (try signer.nextPublicKey()), checkpoint.isSigned
    else { throw .damaged("the signer is older than the trail") }
    wasClosedCleanly = checkpoint.kind == .closing
    unknownCheckpoint = TrailSigner.LastCheckpoint(
      segment: scanner.header.number, point: scanner.point, byteCount: UInt64(scanner.offset), hash: checkpoint.hash,
      recordCount: recordCount, markCount: markCount, markSegment: markSegment, markSequence: markSequence,
      markCommit: markCommit,
      boot: checkpoint.boot, isClosing: checkpoint.kind == .closing)
  }

  /// Goes back over segments with marks until one with another predecessor than the last is found, or the beginning.
  private mutating func findEarlierMarks(before first: UInt64) throws(TrailError) {
    var number = hasAllMarks ? 0 : try open(first).header.lastMarkSegment
    while number > 0 {
      let scanner = try open(number)
      var found: [Mark] = []
      let next = try open(number + 1).header
      walk: while true {
        switch try scanner.next(limit: Int(next.previousByteCount)) {
        case .frame(.mark, let body):
          found.insert(
            try Mark.check(body, vault: vault, segment: number, sequence: scanner.sequence, key: keys.marks), at: 0)
        case .frame: continue
        case .end: break walk
        case .torn, .bad: throw .damaged("segment \(number): byte \(scanner.offset)")
        }
      }
      guard next.previousHead == scanner.head else { throw .damaged("segment \(number): not the chain that goes on") }
      for mark in found {
        if let latest = marks.first, latest.predecessor != mark.predecessor { return }
        marks.append(mark)
      }
      number = scanner.header.lastMarkSegment
    }
  }
}

extension Mark {
  /// Reads a mark's frame and checks its MAC.
  static func check(
    _ body: UnsafeRawBufferPointer, vault: VaultID, segment: UInt64, sequence: UInt64, key: SharedSecret
  ) throws(TrailError) -> Mark {
    guard body.count == Mark.byteCount else { throw .damaged("segment \(segment): mark #\(sequence)") }
    let content = [UInt8](body.prefix(Mark.byteCount - Mark.macByteCount))
    guard
      Sodium.equal(
        Mark.mac(content, vault: vault, segment: segment, sequence: sequence, key: key),
        [UInt8](body.suffix(Mark.macByteCount)))
    else { throw .damaged("segment \(segment): mark #\(sequence) was not made with this vault's key") }
    do throws(FormatError) { return try Mark(parsing: content) } catch { throw TrailError(error, "segment \(segment)") }
  }

  static func mac(_ content: [UInt8], vault: VaultID, segment: UInt64, sequence: UInt64, key: SharedSecret) -> [UInt8] {
    Hash.keyed(key.bytes, Mark.authenticated(content, vault: vault, segment: segment, sequence: sequence))
  }
}

extension Checkpoint {
  /// Whether the signature is right for the public key that the checkpoint itself names.
  var isSigned: Bool { Signature.verify(signature, of: signedBytes, publicKey: publicKey) }
  /// What the next checkpoint names as the one before.
  var hash: ChainHead { ChainHead(Hash.plain(encode()))! }
}
