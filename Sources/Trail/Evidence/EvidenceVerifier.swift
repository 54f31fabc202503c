import Sodium
package import VaultFormat

/// What checking an evidence pack came to.
package struct EvidenceReport: Sendable {
  package enum Verdict: Sendable, Equatable {
    /// Origin, signer and every byte agree.
    case whole
    /// Nothing contradicts, but this was not established.
    case consistent([Finding])
    /// The first thing that is wrong.
    case broken(String)
  }

  package enum Finding: Sendable, Equatable {
    /// No genesis key and no anchor was given: the chain could be another trail's.
    case originNotEstablished
    /// No signer was given: the reviewer who vouches for the pack could be somebody else.
    case signerNotEstablished
    /// Segments that are not sealed to the identity given.
    case sealedToOthers([UInt64])
  }

  /// What says that the readable records are those of the frames.
  package enum Content: Sendable, Equatable {
    /// The reviewer's signature alone.
    case attested
    /// The segments' keys in the pack.
    case keysInPack
    /// The identity given.
    case identity
  }

  package var verdict = Verdict.whole
  package var manifest: EvidenceManifest?
  package var content = Content.attested
  package var records: [EvidenceRecord] = []
  package var segmentCount: UInt64 = 0
  package var frameCount: UInt64 = 0
  package var checkpointCount: UInt64 = 0
  /// The key of the first checkpoint.
  package var firstPublicKey: [UInt8]?
  /// The last checkpoint's sequence and wall time.
  package var lastCheckpoint: (sequence: UInt64, wall: Int64)?
  /// Anchors that were met.
  package var anchorCount: UInt64 = 0
}

/// Checks an evidence pack by itself, offline.
package struct EvidenceVerifier {
  package var genesis: [UInt8]?
  /// The reviewer's key for evidence, as it was told outside the pack.
  package var signer: [UInt8]?
  package var anchorPath: String?
  /// Another reviewer of the same segments: opens the frames anew.
  package var identity: ReviewerIdentity?

  private let path: String
  package init(_ path: String) { self.path = path }

  /// - Parameter text: the text that the pack must hold, as `EvidenceMaker.make` was given it.
  /// - Throws: `unreadable`, `newerVersion`, `memoryNotLocked`.
  package func verify(text: (EvidenceManifest, [EvidenceRecord]) -> String) throws(TrailError) -> EvidenceReport {
    var run = EvidenceRun(self)
    do throws(TrailError) { try run.go(path, text: text) } catch {
      switch error {
      case .damaged(let what): run.report.verdict = .broken(what)
      default: throw error
      }
    }
    return run.report
  }
}

/// One run: what it carries from one file of the pack to the next.
struct EvidenceRun {
  var report = EvidenceReport()
  private let options: EvidenceVerifier
  private var findings: [EvidenceReport.Finding] = []
  private var sealedToOthers: [UInt64] = []
  /// Hashes of the checkpoints that stand in the pieces, by epoch.
  private var met: [UInt64: ChainHead] = [:]
  private var keys: [UInt64: SharedSecret] = [:]
  private var anchors: AnchorReader?

  init(_ options: EvidenceVerifier) { self.options = options }

  mutating func go(_ path: String, text: (EvidenceManifest, [EvidenceRecord]) -> String) throws(TrailError) {
    if let path = options.anchorPath { anchors = try AnchorReader(path) }
    let archive = try EvidenceArchiveReader(path)
    let manifest = try readManifest(archive)
    report.manifest = manifest
    try readKeys(archive, manifest)
    try readRecords(archive)
    for (place, number) in pieces(archive) { try check(place, number, archive, manifest) }
    guard !isOpen, next == report.records.count else { throw .damaged("records that no segment of the pack holds") }
    try checkCheckpoints(archive, manifest)
    try checkText(archive, manifest, text)
    conclude(manifest)
  }

  private mutating func conclude(_ manifest: EvidenceManifest) {
    if options.genesis == nil, report.anchorCount == 0 { findings.append(.originNotEstablished) }
    if options.signer == nil { findings.append(.signerNotEstablished) }
    if !sealedToOthers.isEmpty { findings.append(.sealedToOthers(sealedToOthers)) }
    report.content =
      options.identity != nil && sealedToOthers.isEmpty ? .identity : manifest.isOpened ? .keysInPack : .attested
    report.verdict = findings.isEmpty ? .whole : .consistent(findings)
  }

  // MARK: Manifest and signature

  /// The files in their order, their hashes, and the signature over these.
  private func readManifest(_ archive: EvidenceArchiveReader) throws(TrailError) -> EvidenceManifest {
    let places = archive.places
    guard places.count >= 5, places[places.count - 2].name == EvidenceFiles.manifest,
      places[places.count - 1].name == EvidenceFiles.signature
    else { throw .damaged("not an evidence pack") }
    let bytes = try archive.bytes(of: places[places.count - 2], limit: EvidenceManifest.byteCountMax)
    guard let words = String(validating: bytes, as: UTF8.self) else { throw .damaged("manifest: not text") }
    let manifest: EvidenceManifest
    do throws(FormatError) { manifest = try EvidenceManifest(parsing: words) } catch { throw TrailError(error, "evidence pack") }
    if let signer = options.signer, signer != manifest.signer { throw .damaged("signed with another key than the one expected") }
    let signature = try archive.bytes(of: places[places.count - 1], limit: Signature.byteCount)
    guard Signature.verify(signature, of: Domain.evidence.bytes + bytes, publicKey: manifest.signer) else {
      throw .damaged("signature: wrong")
    }
    let files = places.dropLast(2)
    guard files.map(\.name) == manifest.members.map(\.name), isInOrder(files.map(\.name), manifest) else {
      throw .damaged("other files than the manifest names")
    }
    for (place, member) in zip(files, manifest.members) {
      guard UInt64(place.byteCount) == member.byteCount, try archive.hash(of: place) == member.hash else {
        throw .damaged("\(place.name): not what was signed")
      }
    }
    return manifest
  }

  private func isInOrder(_ names: [String], _ manifest: EvidenceManifest) -> Bool {
    let tail = (manifest.isOpened ? [EvidenceFiles.keys] : []) + [EvidenceFiles.records, EvidenceFiles.text]
    guard names.first == EvidenceFiles.checkpoints, names.count > tail.count + 1, Array(names.suffix(tail.count)) == tail else {
      return false
    }
    let segments = names.dropFirst().dropLast(tail.count)
    let numbers = segments.compactMap(Self.segmentNumber)
    return numbers.count == segments.count && zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
  }

  private static func segmentNumber(_ name: String) -> UInt64? {
    guard name.hasPrefix(EvidenceFiles.segmentFolder) else { return nil }
    let file = name.dropFirst(EvidenceFiles.segmentFolder.count)
    guard let digits = file.split(separator: ".").first, let number = UInt64(digits), TrailFolder.segmentName(number) == file
    else {
      return nil
    }
    return number
  }

  private func pieces(_ archive: EvidenceArchiveReader) -> [(EvidenceArchiveReader.Place, UInt64)] {
    archive.places.compactMap { place in Self.segmentNumber(place.name).map { (place, $0) } }
  }

  private func place(_ name: String, _ archive: EvidenceArchiveReader) throws(TrailError) -> EvidenceArchiveReader.Place {
    guard let place = archive.places.first(where: { $0.name == name }) else { throw .damaged("\(name) is missing") }
    return place
  }

  private mutating func readKeys(_ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest) throws(TrailError) {
    guard manifest.isOpened else { return }
    let bytes = try archive.bytes(of: try place(EvidenceFiles.keys, archive), limit: EvidenceFiles.recordsByteCountMax)
    var reader = ByteReader(bytes)
    do {
      while !reader.isAtEnd {
        let number = try reader.u64()
        let key = Array(try reader.raw(32))
        keys[number] = SharedSecret(try SecretBytes(count: 32) { $0.copyBytes(from: key) })
      }
    } catch is FormatError { throw .damaged("keys") } catch { throw .memoryNotLocked }
  }

  private mutating func readRecords(_ archive: EvidenceArchiveReader) throws(TrailError) {
    let bytes = try archive.bytes(of: try place(EvidenceFiles.records, archive), limit: EvidenceFiles.recordsByteCountMax)
    do throws(FormatError) { report.records = try EvidenceRecord.parse(bytes) } catch { throw TrailError(error, "evidence pack") }
    guard let manifest = report.manifest, UInt64(report.records.filter { !$0.isContext }.count) == manifest.chosenCount,
      UInt64(report.records.filter(\.isContext).count) == manifest.contextCount
    else { throw .damaged("records: another number than the manifest says") }
  }

  // MARK: Pieces of the chain

  /// The next record to be met.
  private var next = 0
  /// Whether the last piece ended without a checkpoint, so that the next one must go on from it.
  private var isOpen = false
  private var previous = (number: UInt64(0), byteCount: UInt64(0), point: ChainPoint(sequence: 0, head: .zero))

  private mutating func check(
    _ place: EvidenceArchiveReader.Place, _ number: UInt64, _ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest
  ) throws(TrailError) {
    let scanner = try SegmentScanner(
      archive.file, at: place.offset, byteCount: place.byteCount, number: number, vault: manifest.vault)
    let header = scanner.header
    if isOpen {
      guard number == previous.number + 1, header.previousHead == previous.point.head,
        header.firstSequence == previous.point.sequence + 1, header.previousByteCount == previous.byteCount
      else { throw .damaged("segment \(number) does not continue the one before") }
    }
    let opener = try opener(header, manifest)
    walk: while true {
      switch try scanner.next() {
      case .frame(let kind, let body):
        report.frameCount += 1
        try take(kind, body, scanner, opener)
      case .end: break walk
      case .torn, .bad: throw .damaged("segment \(number): byte \(scanner.offset): not a whole frame")
      }
    }
    report.segmentCount += 1
    previous = (number, UInt64(scanner.offset), scanner.point)
  }

  private mutating func opener(_ header: SegmentHeader, _ manifest: EvidenceManifest) throws(TrailError) -> RecordOpener? {
    guard report.records.contains(where: { $0.segment == header.number }) else { return nil }
    if let identity = options.identity {
      if let opener = try RecordOpener(header, identity: identity) { return opener }
      sealedToOthers.append(header.number)
    }
    guard manifest.isOpened else { return nil }
    guard let key = keys[header.number] else { throw .damaged("segment \(header.number): its key is missing") }
    return try RecordOpener(header, key: key.bytes)
  }

  private mutating func take(
    _ kind: Frame.Kind, _ body: UnsafeRawBufferPointer, _ scanner: SegmentScanner, _ opener: RecordOpener?
  ) throws(TrailError) {
    isOpen = kind != .checkpoint
    switch kind {
    case .mark: return
    case .checkpoint:
      guard body.count == Checkpoint.byteCount else { throw .damaged("not a checkpoint") }
      let checkpoint: Checkpoint
      do throws(FormatError) { checkpoint = try Checkpoint(parsing: [UInt8](body)) } catch {
        throw TrailError(error, "checkpoint #\(scanner.sequence)")
      }
      guard checkpoint.segment == scanner.header.number, checkpoint.sequence == scanner.sequence,
        checkpoint.head == scanner.previousHead, met.updateValue(checkpoint.hash, forKey: checkpoint.epoch) == nil
      else { throw .damaged("checkpoint #\(scanner.sequence): stood elsewhere") }
    case .record:
      let opened = try opener?.open(body, sequence: scanner.sequence)
      guard next < report.records.count, report.records[next].sequence == scanner.sequence else { return }
      let wanted = report.records[next]
      guard wanted.segment == scanner.header.number, wanted.plaintext.count + StreamSealer.overheadByteCount == body.count,
        opened.map({ $0.elementsEqual(wanted.plaintext) }) ?? true
      else { throw .damaged("record #\(scanner.sequence): not what its frame holds") }
      do throws(FormatError) {
        report.records[next].record = try Record(parsing: wanted.plaintext, base: scanner.header.base)
      } catch { throw TrailError(error, "record #\(scanner.sequence)") }
      next += 1
    }
  }

  // MARK: Checkpoints

  /// All of them, from the genesis key on, each signed with the key that the one before named.
  private mutating func checkCheckpoints(_ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest) throws(TrailError) {
    let place = try place(EvidenceFiles.checkpoints, archive)
    guard place.byteCount % Checkpoint.byteCount == 0, UInt64(place.byteCount / Checkpoint.byteCount) == manifest.checkpointCount,
      manifest.checkpointCount > 0
    else { throw .damaged("checkpoints: another number than the manifest says") }
    var last: Checkpoint?
    var lastHash = ChainHead.zero
    for epoch in 0..<manifest.checkpointCount {
      let bytes = try archive.read(at: place.offset + Int(epoch) * Checkpoint.byteCount, count: Checkpoint.byteCount)
      let checkpoint: Checkpoint
      do throws(FormatError) { checkpoint = try Checkpoint(parsing: bytes) } catch { throw TrailError(error, "epoch \(epoch)") }
      let key = last?.nextPublicKey ?? options.genesis ?? checkpoint.publicKey
      guard checkpoint.vault == manifest.vault, checkpoint.epoch == epoch, checkpoint.previous == lastHash else {
        throw .damaged("epoch \(epoch): not the next checkpoint")
      }
      guard checkpoint.publicKey == key, Signature.verify(checkpoint.signature, of: checkpoint.signedBytes, publicKey: key) else {
        throw .damaged("epoch \(epoch): a wrong signature or another genesis key")
      }
      if last == nil { report.firstPublicKey = checkpoint.publicKey }
      if let hash = met.removeValue(forKey: epoch), hash != checkpoint.hash {
        throw .damaged("epoch \(epoch): another checkpoint than in the segment")
      }
      try checkAnchor(checkpoint, bytes)
      lastHash = checkpoint.hash
      last = checkpoint
    }
    guard met.isEmpty else { throw .damaged("a segment holds a checkpoint that the chain of keys has not") }
    report.checkpointCount = manifest.checkpointCount
    report.lastCheckpoint = last.map { ($0.sequence, $0.wall) }
  }

  /// A checkpoint says the head before its frame, and so the head after it.
  private mutating func checkAnchor(_ checkpoint: Checkpoint, _ bytes: [UInt8]) throws(TrailError) {
    guard let anchors, let line = anchors.line, line.epoch == checkpoint.epoch else { return }
    var writer = ByteWriter()
    writer.raw(checkpoint.head.bytes)
    writer.u64(checkpoint.sequence)
    writer.u16(UInt16(bytes.count))
    writer.u8(Frame.Kind.checkpoint.rawValue)
    writer.raw(bytes)
    let point = ChainPoint(sequence: checkpoint.sequence, head: ChainHead(Hash.plain(writer.bytes))!)
    guard line.vault == checkpoint.vault, line.segment == checkpoint.segment, line.point == point else {
      throw .damaged("epoch \(line.epoch): not the checkpoint that an anchor was told")
    }
    report.anchorCount += 1
    try anchors.advance()
  }

  private func checkText(
    _ archive: EvidenceArchiveReader, _ manifest: EvidenceManifest, _ text: (EvidenceManifest, [EvidenceRecord]) -> String
  ) throws(TrailError) {
    var bare = manifest
    bare.members = []
    let wanted = Array(text(bare, report.records).utf8)
    let place = try place(EvidenceFiles.text, archive)
    guard place.byteCount == wanted.count, try archive.read(at: place.offset, count: place.byteCount) == wanted else {
      throw .damaged("\(EvidenceFiles.text): does not say what the records say")
    }
  }
}
