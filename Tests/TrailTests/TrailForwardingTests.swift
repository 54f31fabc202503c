import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

/// A sink that keeps what it is given, and is down or hangs on command.
private final class Sink: RecordSink, @unchecked Sendable {
  private let lock = Lock()
  private var entries: [TrailReader.Entry] = []
  private var isDown = false
  private var isHanging = false

  var sequences: [UInt64] { lock.withLock { entries.map(\.sequence) } }
  var records: [Record] { lock.withLock { entries.map(\.record) } }
  func set(isDown: Bool = false, isHanging: Bool = false) {
    lock.withLock {
      self.isDown = isDown
      self.isHanging = isHanging
    }
  }

  func send(_ records: [TrailReader.Entry]) throws(SystemError) {
    while lock.withLock({ isHanging }) { usleep(1_000) }
    if lock.withLock({ isDown }) { throw SystemError("send", ECONNREFUSED) }
    lock.withLock { entries += records }
  }
}

extension TrailTests {
  @Suite struct ForwardingTests {
    private func settings(_ sink: Sink, queueByteCount: Int = 1 << 20) -> TrailSettings {
      var settings = Fixture.quick
      settings.sinks = [sink]
      settings.sinkQueueByteCount = queueByteCount
      return settings
    }

    /// What the trail holds, without what it restates.
    private func entries(_ fixture: Fixture) throws -> [TrailReader.Entry] {
      var entries: [TrailReader.Entry] = []
      try TrailReader(fixture.path, identity: fixture.reviewer).forEach { (entry) throws(TrailError) in
        if !entry.record.details.contains(Record.Detail("restated", "true")) { entries.append(entry) }
        return true
      }
      return entries
    }

    private func alerts(_ fixture: Fixture) throws -> [String: UInt64] {
      var found: [String: UInt64] = [:]
      for record in try fixture.records() where record.action == .alert {
        found[record.details.first { $0.key == "kind" }!.value, default: 0] += record.count ?? 1
      }
      return found
    }

    @Test func aSinkIsGivenEveryRecordOnceAndInOrder() throws {
      let fixture = try Fixture()
      let sink = Sink()
      var settings = settings(sink, queueByteCount: 64 << 10)
      settings.segmentFrameCountMax = 50
      let writer = try fixture.open(settings, openHandles: { [openRecord(9)] })
      for index in 0..<600 {
        try writer.append(openRecord(UInt64(index)))
        try writer.appendRead(handle: HandleID(UInt64(index)), offset: 1 << 20, asked: 1 << 17, returned: 9)
        if index % 50 == 0 { try writer.sync() }
        // A ring that goes round many times and is never full here.
        while index % 20 == 0, sink.sequences.count < index { usleep(500) }
      }
      try writer.close()
      let expected = try entries(fixture)
      #expect(sink.sequences == expected.map(\.sequence))
      #expect(sink.records == expected.map(\.record))
      #expect(writer.status.unforwardedCount == 0)
      #expect(try fixture.verify(.all, end: writer.status.syncedPoint).verdict == .whole)
    }

    @Test func aSinkThatHangsIsInNobodysWayAndItsGapIsOnRecord() throws {
      let fixture = try Fixture()
      let sink = Sink()
      let writer = try fixture.open(settings(sink, queueByteCount: 16 << 10))
      sink.set(isHanging: true)
      for index in 0..<1_000 { try writer.append(openRecord(UInt64(index))) }
      try writer.sync()
      #expect(sink.sequences.isEmpty)
      sink.set()
      eventually("not resumed") {
        (try? writer.append(plain(.list, "more"))) != nil && writer.status.unforwardedCount > 0
          && (try? alerts(fixture))?["forwarding-resumed"] != nil
      }
      try writer.close()
      let all = try entries(fixture).map(\.sequence)
      let got = sink.sequences
      #expect(got == got.sorted() && Set(got).count == got.count && Set(got).isSubset(of: all))
      // What is missing there is what the trail says is missing.
      let missing = UInt64(all.count - got.count)
      #expect(missing > 500 && missing == writer.status.unforwardedCount)
      #expect(try alerts(fixture)["forwarding-resumed"] == missing)
      #expect(try fixture.verify(.all).findings == [.endNotEstablished])
    }

    @Test func aSinkThatIsDownIsTriedAgainAndLosesNothingThatFits() throws {
      let fixture = try Fixture()
      let sink = Sink()
      sink.set(isDown: true)
      let writer = try fixture.open(settings(sink))
      for index in 0..<100 { try writer.append(openRecord(UInt64(index))) }
      eventually("not on record") { (try? alerts(fixture))?["forwarding-failed"] == 1 }
      sink.set()
      eventually("not given") { sink.sequences.count >= 101 }
      try writer.close()
      #expect(try sink.sequences == entries(fixture).map(\.sequence))
      #expect(try alerts(fixture) == ["forwarding-failed": 1, "forwarding-resumed": 0])
    }

    @Test func memoryThatWentBadEndsNothingAndCountsAsLost() throws {
      let queue = try RecordQueue(byteCount: 4 << 10)
      let base = Record.TimeBase(wall: 1, boot: 1)
      let good = plain(.list, "a").encode(base: base)!
      var bad = good
      bad[0] = 0xff
      // Again and again, so that the ring goes round.
      for round in 0..<50 as Range<UInt64> {
        for (place, bytes) in [good, bad, good].enumerated() {
          bytes.withUnsafeBytes { queue.add($0, segment: 1, sequence: 3 * round + UInt64(place), base: base) }
        }
        let batch = try #require(queue.next(64))
        #expect(batch.entries.map(\.sequence) == [3 * round, 3 * round + 2] && batch.unreadableCount == 1)
        // Until the sink took the others, nothing is lost.
        #expect(queue.takeLost() == 0)
        queue.remove(batch)
        #expect(queue.takeLost() == 1 && queue.waitingCount == 0)
      }
    }

    @Test func whatIsLeftAtTheEndIsOnRecordBeforeTheLastCheckpoint() throws {
      let fixture = try Fixture()
      let sink = Sink()
      sink.set(isDown: true)
      var settings = settings(sink)
      settings.patienceNanoseconds = 500_000_000
      var writer: TrailWriter?
      for _ in 0..<20 where writer == nil { writer = try? fixture.open(settings) }
      for index in 0..<10 { try writer!.append(openRecord(UInt64(index))) }
      try writer!.close()
      #expect(try alerts(fixture)["records-not-forwarded"] ?? 0 >= 10)
      #expect(try fixture.verify(.all).findings.filter { $0 != .endNotEstablished }.isEmpty)
    }

    #if DEBUG
      @Test func whatIsNotOnDiskIsNotToldAndIsToldWhereItStands() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        let sink = Sink()
        try faults.run {
          let writer = try fixture.open(settings(sink))
          try writer.append(plain(.list, "a"))
          try writer.sync()
          faults.fail("fdatasync", EIO, on: "0000000001.segment")
          for text in ["b", "c"] { try? writer.append(plain(.list, text)) }
          eventually("no new segment") { writer.status.resumedCount == 1 && writer.status.refusal == nil }
          try writer.append(plain(.list, "d"))
          try writer.close()
        }
        let expected = try entries(fixture)
        #expect(sink.sequences == expected.map(\.sequence))
        #expect(sink.records == expected.map(\.record))
      }
    #endif
  }
}
