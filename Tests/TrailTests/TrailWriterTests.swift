import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

extension TrailTests {
  @Suite struct WriterTests {
    @Test func whatWasAppendedIsReadInOrderAndVerified() throws {
      let fixture = try Fixture()
      let (writer, opening) = try fixture.openBoth()
      #expect(opening.end == nil && opening.wasClosedCleanly && opening.marks.isEmpty)
      try writer.append(openRecord(5))
      for index in 0..<100 {
        try writer.appendRead(handle: HandleID(5), offset: UInt64(index) * 4096, asked: 4096, returned: index == 99 ? 17 : 4096)
      }
      writer.appendAlways(plain(.unmount, "end"))
      try writer.close()

      let records = try fixture.records()
      #expect(records.map(\.action) == [.open] + Array(repeating: .read, count: 100) + [.unmount])
      #expect(records[0].object == openRecord(5).object && records[0].actor == openRecord(5).actor)
      #expect(records[100].range == Record.Range(offset: 99 * 4096, asked: 4096, returned: 17))
      #expect(zip(records, records.dropFirst()).allSatisfy { $0.boot <= $1.boot })

      let end = writer.status.syncedPoint
      for secrets in [Fixture.Secrets.none, .keys, .identity, .all] {
        let report = try fixture.verify(secrets, end: end)
        #expect(report.verdict == .whole)
        #expect(report.recordCount == 102 && report.checkpointCount == 2 && report.end == end)
        #expect(report.openedCount == (secrets == .identity || secrets == .all ? 102 : 0))
      }
      #expect(try fixture.verify(end: end).firstPublicKey == fixture.genesis)
      #expect(try fixture.verify(genesis: false, end: end).findings == [.originNotEstablished])
      #expect(try fixture.verify().findings == [.endNotEstablished])
    }

    @Test func aClockThatWasSetAwayEndsASegment() throws {
      let fixture = try Fixture()
      var settings = Fixture.quick
      // No two readings of two clocks agree to the nanosecond.
      settings.clockSetNanosecondsMax = 0
      let writer = try fixture.open(settings)
      for segment in 1...2 as ClosedRange<UInt64> {
        try writer.append(openRecord(5))
        for _ in 0..<5_000 where writer.status.segment <= segment { usleep(1_000) }
      }
      try writer.close()
      #expect(writer.status.segment >= 3)
      #expect(try fixture.verify(end: writer.status.syncedPoint).verdict == .whole)
      #expect(try fixture.records().count == 2)
    }

    @Test func aTrailIsMadeOnceAndMustBeThereToBeOpened() throws {
      let fixture = try Fixture()
      #expect(throws: TrailError.alreadyExists) {
        try TrailWriter.create(in: fixture.path, vault: fixture.vault, keys: fixture.keys)
      }
      #expect(throws: TrailError.missing) { try fixture.open(path: fixture.root + "/none") }
      #expect(throws: TrailError.badReviewer) { try fixture.open(reviewers: []) }
    }

    @Test func theFilesHoldNothingInClear() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      try writer.append(openRecord(5))
      try writer.close()
      let bytes = try Fixture.read(fixture.segmentPath(1))
      let word = Array("contract".utf8)
      #expect(!bytes.indices.contains { bytes[$0...].starts(with: word) })
    }

    @Test func eachStartContinuesTheChain() throws {
      let fixture = try Fixture()
      for run in 0..<3 {
        let (writer, opening) = try fixture.openBoth()
        #expect(opening.wasClosedCleanly)
        try writer.append(plain(.mount, "\(run)"))
        try writer.close()
      }
      #expect(try fixture.records().compactMap(\.details.first?.value) == ["0", "1", "2"])
      let report = try fixture.verify(.all)
      #expect(report.findings == [.endNotEstablished])
      #expect(report.segmentCount == 3 && report.checkpointCount == 6)
    }

    @Test func fullSegmentsRotateAndRestateOpenHandles() throws {
      let fixture = try Fixture()
      var settings = Fixture.quick
      settings.segmentFrameCountMax = 50
      let writer = try fixture.open(settings, openHandles: { [openRecord(9)] })
      for index in 0..<300 { try writer.appendRead(handle: HandleID(9), offset: UInt64(index), asked: 1, returned: 1) }
      try writer.close()
      let report = try fixture.verify(.all, end: writer.status.syncedPoint)
      #expect(report.verdict == .whole)
      #expect(report.segmentCount >= 6)
      let records = try fixture.records()
      #expect(records.filter { $0.action == .read }.map(\.range!.offset) == (0..<300).map { UInt64($0) })
      let restated = records.filter { $0.details.contains(Record.Detail("restated", "true")) }
      #expect(restated.count == Int(report.segmentCount) - 1)
    }

    @Test func anOldSegmentRotatesByItself() throws {
      let fixture = try Fixture()
      var settings = Fixture.quick
      settings.segmentAgeNanosecondsMax = 20_000_000
      let writer = try fixture.open(settings)
      eventually("no rotation") { writer.status.segment >= 3 }
      try writer.close()
      #expect(try fixture.verify().findings == [.endNotEstablished])
    }

    @Test func anEndTakenAtAnyTimeIsFoundAgain() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      var ends = [writer.status.syncedPoint]
      for _ in 0..<3 {
        try writer.append(plain(.list, "x"))
        try writer.sync()
        ends.append(writer.status.syncedPoint)
        // A new segment without a frame.
        try writer.setReviewers([fixture.reviewer.publicKey])
        ends.append(writer.status.syncedPoint)
      }
      try writer.close()
      for end in ends {
        let report = try fixture.verify(end: end)
        #expect(report.verdict == .whole && report.establishedThrough == end.sequence)
        #expect(try fixture.verify(end: ChainPoint(sequence: end.sequence, head: .zero)).isBroken)
        #expect(try fixture.verify(end: ChainPoint(sequence: end.sequence + 1, head: end.head)).isBroken)
      }
      #expect(ChainPoint("\(ends[2])") == ends[2] && ChainPoint("01:\(ends[2].head)") == nil && ChainPoint("1") == nil)
    }

    @Test func checkpointsComeByThemselvesAndWithFreshKeys() throws {
      let fixture = try Fixture()
      var settings = Fixture.quick
      settings.activeCheckpointNanoseconds = 10_000_000
      settings.idleCheckpointNanoseconds = 40_000_000
      let writer = try fixture.open(settings)
      try writer.append(plain(.mount, "x"))
      eventually("no checkpoints") { (writer.status.checkpointEpoch ?? 0) >= 4 }
      try writer.close()
      let report = try fixture.verify(.all, end: writer.status.syncedPoint)
      #expect(report.verdict == .whole && report.checkpointCount >= 6)
    }

    @Test func marksAreFoundAgain() throws {
      let fixture = try Fixture()
      let digest = [UInt8](repeating: 9, count: 32)
      var writer = try fixture.open()
      _ = try writer.writeMark(commit: 1, predecessor: 0, digest: digest, generation: 1)
      _ = try writer.writeMark(commit: 2, predecessor: 1, digest: digest, generation: 1)
      try writer.close()

      var opening: TrailOpening
      (writer, opening) = try fixture.openBoth()
      #expect(opening.marks.map(\.commit) == [2])
      #expect(opening.lastMark?.digest == RowDigest(digest))
      // Two tries of the same commit, the second after a restart and a few segments without any.
      let sequence = try writer.writeMark(commit: 3, predecessor: 2, digest: digest, generation: 1, catalogFileDigest: digest)
      #expect(sequence == writer.status.syncedPoint.sequence)
      try writer.close()
      for _ in 0..<3 { try fixture.open().close() }
      writer = try fixture.open()
      _ = try writer.writeMark(commit: 4, predecessor: 2, digest: digest, generation: 1)
      try writer.close()
      (writer, opening) = try fixture.openBoth()
      #expect(opening.marks.map(\.commit) == [4, 3])
      #expect(opening.marks[1].catalogFileDigest == RowDigest(digest))
      try writer.close()
      #expect(try fixture.verify(.all).findings == [.endNotEstablished])
    }

    @Test func strictAppendsAreOnDiskOnReturn() throws {
      let fixture = try Fixture()
      var settings = Fixture.quick
      settings.strict = true
      let writer = try fixture.open(settings)
      for _ in 0..<5 {
        try writer.append(plain(.list, "x"))
        #expect(writer.status.sequence == writer.status.syncedPoint.sequence)
      }
      try writer.close()
    }

    @Test func manyThreadsAppendAtOnce() throws {
      let fixture = try Fixture()
      var settings = Fixture.quick
      settings.segmentFrameCountMax = 1_500
      settings.activeCheckpointNanoseconds = 3_000_000
      let writer = try fixture.open(settings)
      let threads = (0..<4).map { thread in
        Thread(name: "append") {
          for index in 0..<2_000 {
            if index % 10 == 0 { try? writer.append(openRecord(UInt64(thread))) }
            try? writer.appendRead(handle: HandleID(UInt64(thread)), offset: UInt64(index), asked: 1, returned: 1)
          }
        }
      }
      for thread in threads { thread.join() }
      try writer.close()
      #expect(try fixture.verify(.all, end: writer.status.syncedPoint).verdict == .whole)
      let reads = try fixture.records().filter { $0.action == .read }
      for thread in 0..<4 {
        #expect(reads.filter { $0.handle == HandleID(UInt64(thread)) }.map(\.range!.offset) == (0..<2_000).map { UInt64($0) })
      }
    }

    @Test func newReviewersReadFromTheNextSegmentOn() throws {
      let fixture = try Fixture()
      let second = try ReviewerIdentity.make(label: "second")
      let writer = try fixture.open()
      try writer.append(plain(.list, "before"))
      #expect(throws: TrailError.badReviewer) { try writer.setReviewers([]) }
      #expect(throws: TrailError.badReviewer) { try writer.setReviewers([[UInt8](repeating: 0, count: 32)]) }
      try writer.setReviewers([fixture.reviewer.publicKey, second.publicKey])
      try writer.append(plain(.list, "after"))
      try writer.close()
      #expect(try fixture.records().map(\.details[0].value) == ["before", "after"])
      #expect(try fixture.records(as: second).map(\.details[0].value) == ["after"])
      var verifier = TrailVerifier(fixture.path)
      verifier.genesis = fixture.genesis
      verifier.identity = second
      verifier.end = writer.status.syncedPoint
      #expect(try verifier.verify().findings == [.sealedToOthers([1])])
    }

    @Test func aRetiredReviewerReadsNothingFromTheNextSegmentOn() throws {
      let fixture = try Fixture()
      let second = try ReviewerIdentity.make(label: "second")
      let writer = try fixture.open(reviewers: [fixture.reviewer, second])
      try writer.append(plain(.list, "before"))
      try writer.setReviewers([fixture.reviewer.publicKey])
      try writer.append(plain(.list, "after"))
      try writer.close()
      // Nor from what later runs write.
      let next = try fixture.open()
      try next.append(plain(.list, "later"))
      try next.close()
      #expect(try fixture.records(as: second).map(\.details[0].value) == ["before"])
      #expect(try fixture.records().map(\.details[0].value) == ["before", "after", "later"])
      for number in [UInt64(2), 3] {
        let header = try SegmentScanner(TrailFolder(path: fixture.path), number: number, vault: nil).header
        #expect(header.reviewers.map(\.fingerprint) == [Chain.fingerprint(of: fixture.reviewer.publicKey)])
      }
    }

    @Test func losingOneReviewersKeyLosesNothingWhileAnotherExists() throws {
      let fixture = try Fixture()
      let escrow = try ReviewerIdentity.make(label: "escrow")
      let writer = try fixture.open(reviewers: [fixture.reviewer, escrow])
      for number in 0..<50 { try writer.append(plain(.list, "\(number)")) }
      try writer.setReviewers([fixture.reviewer.publicKey, escrow.publicKey])
      for number in 50..<100 { try writer.append(plain(.list, "\(number)")) }
      try writer.close()
      // `fixture.reviewer` is lost: the escrow key opens every record of every segment by itself.
      #expect(try fixture.records(as: escrow).map(\.details[0].value) == (0..<100).map { "\($0)" })
      var verifier = TrailVerifier(fixture.path)
      verifier.genesis = fixture.genesis
      verifier.identity = escrow
      verifier.end = writer.status.syncedPoint
      let report = try verifier.verify()
      #expect(report.verdict == .whole && report.openedCount == 100)
    }

    @Test func anchorsAreToldEveryCheckpoint() throws {
      let fixture = try Fixture()
      let anchor = fixture.root + "/anchor"
      var settings = Fixture.quick
      settings.anchors = [FileAnchor(path: anchor)]
      for _ in 0..<2 { try fixture.open(settings).close() }
      #expect(try String(decoding: Fixture.read(anchor), as: UTF8.self).split(separator: "\n").count == 4)
      let report = try fixture.verify(anchor: anchor)
      #expect(report.verdict == .whole && report.establishedThrough == report.end?.sequence)
      settings.anchors = [FileAnchor(path: fixture.root + "/no/folder")]
      let writer = try fixture.open(settings)
      try writer.close()
      #expect(writer.status.anchorMissCount == 2)
    }

    @Test func recordsOfATimeAreFoundWithoutReadingAll() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      try writer.append(plain(.list, "one"))
      usleep(2_000)
      let between = Clock.wall()
      try writer.append(plain(.list, "two"))
      try writer.close()
      #expect(try fixture.records(to: between).map(\.details[0].value) == ["one"])
      #expect(try fixture.records(from: between).map(\.details[0].value) == ["two"])
      #expect(try fixture.records(from: between + 10_000_000_000_000).isEmpty)
    }

    @Test func oversizedRecordsAreClippedAndSaySo() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      var record = openRecord(3, path: "/" + String(repeating: "长", count: 20_000))
      record.details = (0..<100).map { Record.Detail("key\($0)", String(repeating: "v", count: 2_000)) }
      try writer.append(record)
      try writer.close()
      let read = try fixture.records()[0]
      #expect(read.object?.node == NodeID(3) && read.object?.path.count == 8 << 10)
      #expect(read.details.last == Record.Detail("clipped", "true"))
    }

    @Test func aUserWithTooManyRecordsWaitsAlone() {
      let rate = RecordRate(perSecond: 1_000, burst: 10)
      let now = Clock.boot()
      for _ in 0..<10 { #expect(rate.take(1000, now: now) == 0) }
      #expect(rate.take(1000, now: now) == 1_000_000)
      #expect(rate.take(1000, now: now) == 2_000_000)
      #expect(rate.take(1001, now: now) == 0)
      #expect(rate.take(1000, now: now + 1_000_000_000) == 0)
    }
  }
}
