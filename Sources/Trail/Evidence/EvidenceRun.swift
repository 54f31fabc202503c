import Sodium
import VaultFormat

/// One run: what it carries from one file of the pack to the next.
struct EvidenceRun {
  var report = EvidenceReport()
  let options: EvidenceVerifier
  private var findings: [EvidenceReport.Finding] = []
  var sealedToOthers: [UInt64] = []
  /// Hashes of the checkpoints that stand in the pieces, by epoch.
  var met: [UInt64: ChainHead] = [:]
  var keys: [UInt64: SharedSecret] = [:]
  var anchors: AnchorReader?

  /// The next record to be met.
  var next = 0
  /// Whether the last piece ended without a checkpoint, so that the next one must go on from it.
  var isOpen = false
  var previous = (number: UInt64(0), byteCount: UInt64(0), point: ChainPoint(sequence: 0, head: .zero))

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

  private func pieces(_ archive: EvidenceArchiveReader) -> [(EvidenceArchiveReader.Place, UInt64)] {
    archive.places.compactMap { place in Self.segmentNumber(place.name).map { (place, $0) } }
  }

  func place(_ name: String, _ archive: EvidenceArchiveReader) throws(TrailError) -> EvidenceArchiveReader.Place {
    guard let place = archive.places.first(where: { $0.name == name }) else { throw .damaged("\(name) is missing") }
    return place
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
