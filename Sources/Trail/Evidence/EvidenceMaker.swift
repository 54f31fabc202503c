import Glibc
import Platform
import Sodium
package import VaultFormat

/// Makes an evidence pack (docs/format/evidence.md): chosen records with the pieces of the chain that hold them, all checkpoints, a text for
/// people, and the reviewer's signature over the hashes of it all.
package struct EvidenceMaker {
  private let folder: TrailFolder
  private let identity: ReviewerIdentity

  package init(_ path: String, identity: ReviewerIdentity) {
    folder = TrailFolder(path: path)
    self.identity = identity
  }

  /// A record that is to be in the pack.
  package struct Choice: Sendable {
    package var segment: UInt64
    package var sequence: UInt64
    package var isContext: Bool

    package init(segment: UInt64, sequence: UInt64, isContext: Bool) {
      self.segment = segment
      self.sequence = sequence
      self.isContext = isContext
    }
  }

  /// What the pack says of itself.
  package struct Order: Sendable {
    package var matter: String
    package var made: Int64
    package var filters: [EvidenceManifest.Filter]
    /// Whether the keys of the segments go into it: whoever has it then reads all that these segments hold.
    package var isOpened: Bool

    package init(matter: String, made: Int64, filters: [EvidenceManifest.Filter], isOpened: Bool) {
      self.matter = matter
      self.made = made
      self.filters = filters
      self.isOpened = isOpened
    }
  }

  /// Writes the pack; on disk on return. A pack that could not be finished is removed.
  ///
  /// - Parameters:
  ///   - choices: ascending, each with a checkpoint of the trail after it.
  ///   - text: the text for people, of a manifest without files and the records.
  /// - Throws: `alreadyExists`; `damaged` where the trail is; `cannotWrite`.
  package func make(
    _ output: String, _ choices: [Choice], _ order: Order, text: (EvidenceManifest, [EvidenceRecord]) -> String
  ) throws(TrailError) -> EvidenceManifest {
    let archive: EvidenceArchiveWriter
    do throws(SystemError) { archive = try EvidenceArchiveWriter(output) } catch {
      throw error.code == EEXIST ? .alreadyExists : .cannotWrite("\(error)")
    }
    do throws(TrailError) { return try fill(archive, choices, order, text: text) } catch {
      try? Files.unlink(output)
      throw error
    }
  }

  private func fill(
    _ archive: EvidenceArchiveWriter, _ choices: [Choice], _ order: Order, text: (EvidenceManifest, [EvidenceRecord]) -> String
  ) throws(TrailError) -> EvidenceManifest {
    let survey = try survey(archive, choices)
    var records: [EvidenceRecord] = []
    var keys: [UInt8] = []
    let bySegment = Dictionary(grouping: choices, by: \.segment)
    for piece in survey.pieces {
      try copy(piece, to: archive)
      let wanted = bySegment[piece.number] ?? []
      if !wanted.isEmpty { records += try open(piece, wanted, keys: &keys) }
    }
    guard let signer = identity.evidenceKey else { throw .memoryNotLocked }
    var manifest = EvidenceManifest(
      vault: survey.vault, matter: order.matter, made: order.made, reviewer: identity.key, signer: signer,
      chosenCount: UInt64(records.filter { !$0.isContext }.count), contextCount: UInt64(records.filter(\.isContext).count),
      checkpointCount: survey.checkpointCount, isOpened: order.isOpened, filters: order.filters, members: [])
    let words = text(manifest, records)
    do throws(SystemError) {
      if order.isOpened { try archive.add(EvidenceFiles.keys, keys) }
      try archive.add(EvidenceFiles.records, records.flatMap { $0.encode() })
      try archive.add(EvidenceFiles.text, Array(words.utf8))
    } catch { throw .cannotWrite("\(error)") }
    manifest.members = archive.members
    let bytes = try Self.encoded(manifest)
    do throws(SystemError) {
      try archive.add(EvidenceFiles.manifest, bytes)
      guard let signature = identity.signEvidence(Domain.evidence.bytes + bytes) else { throw SystemError("mlock", ENOMEM) }
      try archive.add(EvidenceFiles.signature, signature)
      try archive.finish()
    } catch { throw .cannotWrite("\(error)") }
    return manifest
  }

  /// Nothing is signed that would not be read again.
  private static func encoded(_ manifest: EvidenceManifest) throws(TrailError) -> [UInt8] {
    let text = manifest.encode()
    guard text.utf8.count <= EvidenceManifest.byteCountMax else { throw .cannotWrite("the manifest would be too long") }
    do throws(FormatError) { _ = try EvidenceManifest(parsing: text) } catch {
      throw .cannotWrite("the manifest would not be read again: \(error)")
    }
    return Array(text.utf8)
  }

  // MARK: The chain

  /// The beginning of a segment that goes into the pack.
  private struct Piece {
    var number: UInt64
    var byteCount: Int
  }

  private struct Survey {
    var vault: VaultID
    var pieces: [Piece] = []
    var checkpointCount: UInt64 = 0
  }

  /// Walks the whole trail: writes every checkpoint into the archive, and finds how much of each segment a pack needs: up to the first checkpoint
  /// after its last chosen record, which may stand in a later segment.
  private func survey(_ archive: EvidenceArchiveWriter, _ choices: [Choice]) throws(TrailError) -> Survey {
    let numbers = try folder.list().segments
    guard let first = numbers.first, let last = numbers.last else { throw .missing }
    var lastChosen: [UInt64: UInt64] = [:]
    for choice in choices { lastChosen[choice.segment] = choice.sequence }
    var scanner = try SegmentScanner(folder, number: first, vault: nil)
    var survey = Survey(vault: scanner.header.vault)
    var isOpen = false
    archive.begin(EvidenceFiles.checkpoints)
    for number in first...last {
      let next = number < last ? try SegmentScanner(folder, number: number + 1, vault: survey.vault) : nil
      if let chosen = lastChosen[number] {
        isOpen = true
        lastChosen[number] = chosen
      }
      var end: Int?
      walk: while true {
        switch try scanner.next(limit: next.map { Int($0.header.previousByteCount) }) {
        case .frame(.checkpoint, let body):
          do throws(SystemError) { try archive.write(body) } catch { throw .cannotWrite("\(error)") }
          survey.checkpointCount += 1
          if isOpen, end == nil, scanner.sequence > lastChosen[number] ?? 0 { end = scanner.offset }
        case .frame: continue
        case .end: break walk
        case .torn, .bad:
          guard next == nil else { throw .damaged("segment \(number): byte \(scanner.offset)") }
          break walk
        }
      }
      if isOpen {
        survey.pieces.append(Piece(number: number, byteCount: end ?? scanner.offset))
        isOpen = end == nil
      }
      if let next { scanner = next }
    }
    do throws(SystemError) { try archive.end() } catch { throw .cannotWrite("\(error)") }
    guard !isOpen else { throw .damaged("no checkpoint covers the last chosen record") }
    return survey
  }

  private func copy(_ piece: Piece, to archive: EvidenceArchiveWriter) throws(TrailError) {
    do throws(SystemError) {
      let file = try File(folder.segmentPath(piece.number), O_RDONLY | O_NOFOLLOW)
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4_096)
      defer { buffer.deallocate() }
      archive.begin(EvidenceFiles.segmentFolder + TrailFolder.segmentName(piece.number))
      var done = 0
      while done < piece.byteCount {
        let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, piece.byteCount - done)])
        let count = try file.read(at: done, into: part)
        guard count > 0 else { throw SystemError("pread", EIO) }
        try archive.write(UnsafeRawBufferPointer(rebasing: part[..<count]))
        done += count
      }
      try archive.end()
    } catch { throw .cannotWrite("\(error)") }
  }

  /// Opens the chosen records of one segment, and adds its number and key to `keys`.
  private func open(_ piece: Piece, _ wanted: [Choice], keys: inout [UInt8]) throws(TrailError) -> [EvidenceRecord] {
    let scanner = try SegmentScanner(folder, number: piece.number, vault: nil)
    guard let key = try RecordOpener.key(of: scanner.header, identity: identity) else {
      throw .damaged("segment \(piece.number) is not sealed to this reviewer")
    }
    var writer = ByteWriter(capacity: EvidenceFiles.keyByteCount)
    writer.u64(piece.number)
    key.withUnsafeBytes { writer.raw($0) }
    keys += writer.bytes
    let opener = try RecordOpener(scanner.header, key: key)
    var records: [EvidenceRecord] = []
    var rest = wanted[...]
    while let choice = rest.first {
      guard case .frame(let kind, let body) = try scanner.next(limit: piece.byteCount) else {
        throw .damaged("record #\(choice.sequence) is missing")
      }
      guard kind == .record else { continue }
      let plaintext = try opener.open(body, sequence: scanner.sequence)
      guard scanner.sequence == choice.sequence else { continue }
      rest.removeFirst()
      let record: Record
      do throws(FormatError) { record = try Record(parsing: plaintext, base: scanner.header.base) } catch {
        throw TrailError(error, "record #\(choice.sequence)")
      }
      records.append(
        EvidenceRecord(
          isContext: choice.isContext, segment: piece.number, sequence: choice.sequence, plaintext: Array(plaintext),
          record: record))
    }
    return records
  }
}

extension ReviewerIdentity {
  /// The seed of the key that signs evidence: made from the reviewer's secret, so that no other file is needed to sign.
  func evidenceSeed() throws(SodiumError) -> SecretBytes {
    var hash = Hash(key: secret.bytes)
    hash.update(Domain.evidenceSigner.bytes)
    return try hash.finish(secretByteCount: 32)
  }

  /// Nil where memory cannot be locked.
  func signEvidence(_ message: [UInt8]) -> [UInt8]? { try? Signature.sign(message, seed: evidenceSeed()) }

  /// The Ed25519 public key by which packs of this reviewer are known; nil where memory cannot be locked.
  package var evidenceKey: [UInt8]? { try? Signature.publicKey(ofSeed: evidenceSeed()) }
}
