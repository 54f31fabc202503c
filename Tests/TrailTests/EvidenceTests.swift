import Glibc
import Platform
import Sodium
import Testing
import TrailMaking
import VaultFormat

@testable import Trail

extension TrailTests {
  /// Evidence packs prove what they show, and nothing in one can be changed.
  @Suite struct EvidenceTests {
    /// What people would read: enough of each record to notice a change.
    private static func text(_ manifest: EvidenceManifest, _ records: [EvidenceRecord]) -> String {
      "\(manifest.matter) \(manifest.chosenCount)\n" + records.map { "\($0.sequence) \($0.record)\n" }.joined()
    }

    /// A trail of several segments, and the places of its records.
    private final class Source {
      let fixture: Fixture
      let second: ReviewerIdentity
      var places: [TrailReader.Entry] = []

      init(reviewers: Bool = false) throws {
        fixture = try Fixture()
        second = try ReviewerIdentity.make(label: "second")
        var settings = Fixture.quick
        settings.anchors = [FileAnchor(path: fixture.root + "/anchor")]
        for run in 0..<3 {
          let writer = try fixture.open(settings, reviewers: [fixture.reviewer] + (reviewers ? [second] : []))
          try writer.append(openRecord(UInt64(run) + 1))
          for number in 0..<4 {
            try writer.appendRead(handle: HandleID(UInt64(run) + 1), offset: UInt64(number) * 10, asked: 10, returned: 10)
          }
          try writer.append(plain(.list, "run \(run)"))
          // The second run ends without a closing checkpoint, so its records are covered by the next segment's.
          if run == 1 { writer.abandon() } else { try writer.close() }
        }
        try TrailReader(fixture.path, identity: fixture.reviewer).forEach { (entry) throws(TrailError) in
          places.append(entry)
          return true
        }
      }

      func choices(_ wanted: (Record) -> Bool) -> [EvidenceMaker.Choice] {
        places.filter { wanted($0.record) }.map {
          EvidenceMaker.Choice(segment: $0.segment, sequence: $0.sequence, isContext: $0.record.action == .open)
        }
      }

      func make(_ name: String, opened: Bool = false, _ wanted: (Record) -> Bool) throws -> (String, EvidenceManifest) {
        let path = fixture.root + "/" + name
        let manifest = try EvidenceMaker(fixture.path, identity: fixture.reviewer).make(
          path, choices(wanted),
          EvidenceMaker.Order(
            matter: "案件 7: who read the contract", made: 1_800_000_000_000_000_000,
            filters: [EvidenceManifest.Filter(name: "action", value: "OPEN,READ")], isOpened: opened), text: text)
        return (path, manifest)
      }

      func verify(_ path: String, _ change: (inout EvidenceVerifier) -> Void = { _ in }) throws -> EvidenceReport {
        var verifier = EvidenceVerifier(path)
        verifier.genesis = fixture.genesis
        verifier.signer = fixture.reviewer.evidenceKey
        change(&verifier)
        return try verifier.verify(text: text)
      }
    }

    @Test func aPackIsWholeByItself() throws {
      let source = try Source()
      let (path, manifest) = try source.make("pack") { $0.action == .open || $0.action == .read }
      // The trail is not needed any more.
      try Files.rename(source.fixture.path, source.fixture.root + "/away")
      let report = try source.verify(path)
      #expect(report.verdict == .whole && report.content == .attested)
      #expect(manifest.chosenCount == 12 && manifest.contextCount == 3 && report.records.count == 15)
      #expect(
        report.records.map(\.record.action)
          == [Record.Action](repeating: .read, count: 15).enumerated().map { $0.0 % 5 == 0 ? .open : .read })
      #expect(report.records[1].record.range == Record.Range(offset: 0, asked: 10, returned: 10))
      #expect(report.checkpointCount == 5 && report.firstPublicKey == source.fixture.genesis)
    }

    @Test func aRecordThatOnlyALaterRunSignsIsProved() throws {
      let source = try Source()
      let (path, _) = try source.make("pack") { $0.details.first?.value == "run 1" }
      let report = try source.verify(path)
      // Its own segment to its end, and the next one to its first checkpoint.
      #expect(report.verdict == .whole && report.segmentCount == 2 && report.records.count == 1)
    }

    @Test func everyChangedByteIsFound() throws {
      let source = try Source()
      for opened in [false, true] {
        let (path, _) = try source.make("pack-\(opened)", opened: opened) { $0.action == .list }
        let bytes = try Fixture.read(path)
        let file = try File(path, O_RDWR)
        // Every byte of one kind; of the other, which differs by a member, every fifth.
        for offset in stride(from: 0, to: bytes.count, by: opened ? 5 : 1) {
          for mask: UInt8 in offset % 512 == 0 ? [1, 2, 4, 8, 16, 32, 64, 128] : [1 << UInt8(offset % 8)] {
            try file.write([bytes[offset] ^ mask], at: offset)
            let report = try? source.verify(path)
            if case .broken = report?.verdict { continue }
            // A version that is not known yet is no pack of ours either.
            #expect(report == nil, "byte \(offset) of \(bytes.count)")
          }
          try file.write([bytes[offset]], at: offset)
        }
        #expect(try source.verify(path).verdict == .whole)
        for count in stride(from: 0, to: bytes.count, by: 97) {
          try Fixture.write(Array(bytes[..<count]), to: path + "-cut")
          #expect(try source.verify(path + "-cut").verdict != .whole)
        }
        try Fixture.write(bytes + [0], to: path + "-long")
        #expect(try source.verify(path + "-long").verdict != .whole)
      }
    }

    @Test func whatIsNotEstablishedIsSaid() throws {
      let source = try Source(reviewers: true)
      let (path, _) = try source.make("pack") { $0.action == .list }
      #expect(try source.verify(path) { $0.genesis = nil }.verdict == .consistent([.originNotEstablished]))
      #expect(try source.verify(path) { $0.signer = nil }.verdict == .consistent([.signerNotEstablished]))
      // An anchor says as much of the origin as the genesis key.
      let anchored = try source.verify(path) {
        $0.genesis = nil
        $0.anchorPath = source.fixture.root + "/anchor"
      }
      #expect(anchored.verdict == .whole && anchored.anchorCount >= 3)
      let other = try Fixture()
      #expect(try source.verify(path) { $0.genesis = other.genesis }.verdict.isBroken)
      #expect(try source.verify(path) { $0.signer = other.genesis }.verdict.isBroken)
      // Another reviewer of the same segments opens the frames anew.
      #expect(try source.verify(path) { $0.identity = source.second }.content == .identity)
      let stranger = try source.verify(path) { $0.identity = other.reviewer }
      #expect(stranger.verdict == .consistent([.sealedToOthers([1, 2, 3])]) && stranger.content == .attested)
    }

    @Test func theKeysOfSegmentsProveTheRecordsWithoutTheReviewersWord() throws {
      let source = try Source()
      let (path, manifest) = try source.make("pack", opened: true) { $0.action == .list }
      #expect(manifest.isOpened)
      let report = try source.verify(path)
      #expect(report.verdict == .whole && report.content == .keysInPack)
    }

    /// A reviewer who signs records that the frames do not hold.
    @Test func aReviewerWhoLiesIsFoundByTheKeysAndByAnotherReviewer() throws {
      let source = try Source(reviewers: true)
      for opened in [false, true] {
        let path = source.fixture.root + "/lie-\(opened)"
        let (honest, manifest) = try source.make("pack-\(opened)", opened: opened) { $0.action == .list }
        try forge(honest, manifest, source, to: path)
        let report = try source.verify(path)
        // Without the keys the lie carries the reviewer's signature.
        #expect(report.verdict.isBroken == opened)
        #expect(try source.verify(path) { $0.identity = source.second }.verdict.isBroken)
      }
    }

    /// Makes the pack anew with one record changed, signed with the reviewer's own key.
    private func forge(_ honest: String, _ old: EvidenceManifest, _ source: Source, to path: String) throws {
      let reader = try EvidenceArchiveReader(honest)
      let archive = try EvidenceArchiveWriter(path)
      var manifest = old
      manifest.members = []
      for place in reader.places.dropLast(2) {
        var bytes = try reader.bytes(of: place, limit: 1 << 20)
        if place.name == EvidenceFiles.records { bytes = try lie(bytes) }
        if place.name == EvidenceFiles.text {
          let report = try source.verify(honest)
          var records = report.records
          for index in records.indices { records[index].record.details = [Record.Detail("text", "run 9")] }
          bytes = Array(Self.text(manifest, records).utf8)
        }
        try archive.add(place.name, bytes)
      }
      manifest.members = archive.members
      let bytes = Array(manifest.encode().utf8)
      try archive.add(EvidenceFiles.manifest, bytes)
      try archive.add(
        EvidenceFiles.signature,
        try #require(source.fixture.reviewer.signEvidence(Domain.evidence.bytes + bytes)))
      try archive.finish()
    }

    private func lie(_ bytes: [UInt8]) throws -> [UInt8] {
      try EvidenceRecord.parse(bytes).flatMap { old in
        var record = old
        let place = try #require(
          record.plaintext.indices.dropLast(4).first { Array(record.plaintext[$0..<$0 + 4]) == Array("run ".utf8) })
        record.plaintext[place + 4] = UInt8(ascii: "9")
        return record.encode()
      }
    }

    @Test func aRecordThatNoCheckpointCoversIsNotPacked() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      try writer.append(plain(.list, "late"))
      try writer.sync()
      let maker = EvidenceMaker(fixture.path, identity: fixture.reviewer)
      let order = EvidenceMaker.Order(matter: "x", made: 0, filters: [], isOpened: false)
      #expect(throws: TrailError.damaged("no checkpoint covers the last chosen record")) {
        _ = try maker.make(
          fixture.root + "/pack", [EvidenceMaker.Choice(segment: 1, sequence: 2, isContext: false)], order, text: Self.text)
      }
      #expect(!Files.exists(fixture.root + "/pack"))
      try writer.close()
    }

    @Test func aManifestThatWouldNotBeReadAgainIsNotSigned() throws {
      let source = try Source()
      let path = source.fixture.root + "/pack"
      let maker = EvidenceMaker(source.fixture.path, identity: source.fixture.reviewer)
      for value in ["", "a\u{200d}b", String(repeating: "x", count: EvidenceManifest.textByteCountMax + 1)] {
        let order = EvidenceMaker.Order(
          matter: "x", made: 0, filters: [EvidenceManifest.Filter(name: "user", value: value)], isOpened: false)
        #expect(throws: TrailError.self) {
          _ = try maker.make(path, source.choices { $0.action == .list }, order, text: Self.text)
        }
        #expect(!Files.exists(path))
      }
    }

    @Test func aTrailThatWasMadeToBeMeasuredIsWhole() throws {
      let fixture = try Fixture(create: false)
      let start: Int64 = 1_700_000_000_000_000_000
      let maker = try TrailMaker(
        in: fixture.path, vault: fixture.vault, reviewers: [fixture.reviewer.publicKey], wall: start,
        openHandles: { [openRecord(9)] })
      for hour in 0..<3 {
        try maker.advance(to: start + Int64(hour) * 3_600_000_000_000 + 5_000_000_000)
        try maker.append(plain(.list, "\(hour)"))
        try maker.appendRead(handle: HandleID(9), offset: 0, asked: 10, returned: 10)
      }
      let end = try maker.close()
      var verifier = TrailVerifier(fixture.path)
      verifier.genesis = maker.genesis
      verifier.end = end
      verifier.identity = fixture.reviewer
      let report = try verifier.verify()
      #expect(report.verdict == .whole && report.segmentCount == 3 && report.recordCount == maker.figures.records)
      // A heartbeat each minute, one after each record, and both ends.
      #expect((120...130).contains(report.checkpointCount))
      #expect(report.byteCount == maker.figures.bytes)
    }
  }
}

extension EvidenceReport.Verdict {
  fileprivate var isBroken: Bool { if case .broken = self { true } else { false } }
}
