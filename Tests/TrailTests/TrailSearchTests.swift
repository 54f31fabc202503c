import Sodium
import Testing
import TrailMaking
import VaultFormat

@testable import Trail

extension TrailTests {
  /// Questions about a time, where it is not in order.
  @Suite struct SearchTests {
    /// 2026-11-26 08:00 UTC.
    private static let start: Int64 = 1_795_680_000_000_000_000
    private static let minute: Int64 = 60_000_000_000
    private static let hour = 60 * minute

    private static func maker(_ fixture: Fixture) throws -> TrailMaker {
      try TrailMaker(
        in: fixture.path, vault: fixture.vault, reviewers: [fixture.reviewer.publicKey], wall: start, openHandles: { [] })
    }

    /// A record every ten minutes.
    private static func work(_ maker: TrailMaker, minutes: Int64) throws {
      for _ in 0..<minutes / 10 {
        try maker.append(plain(.list, "\(maker.wall)"))
        try maker.advance(to: maker.wall + 10 * minute)
      }
    }

    private struct Answer {
      let walls: [Int64]
      let summary: TrailReader.Summary
    }

    private static func ask(_ fixture: Fixture, _ from: Int64, _ to: Int64) throws -> Answer {
      var walls: [Int64] = []
      var summary = TrailReader.Summary()
      try TrailReader(fixture.path, identity: fixture.reviewer).forEach(from: from, to: to, into: &summary) {
        (entry) throws(TrailError) in
        walls.append(entry.record.wall)
        return true
      }
      return Answer(walls: walls, summary: summary)
    }

    /// Asks about every hour and a half, and compares with what is there.
    private static func expectNothingMissed(_ fixture: Fixture) throws {
      let all = try ask(fixture, .min, .max).walls
      #expect(!all.isEmpty)
      for part in Int64(-13)...13 {
        let (from, to) = (start + part * 90 * minute, start + (part + 1) * 90 * minute - 1)
        #expect(try ask(fixture, from, to).walls == all.filter { $0 >= from && $0 <= to }, "\(part)")
        guard part % 4 == 0 else { continue }
        #expect(try ask(fixture, from, .max).walls == all.filter { $0 >= from }, "from \(part)")
        #expect(try ask(fixture, .min, to).walls == all.filter { $0 <= to }, "through \(part)")
      }
    }

    @Test func aQuestionAboutAnHourReadsEachHeaderOnceAndTheSegmentsAroundIt() throws {
      let fixture = try Fixture(create: false)
      let maker = try Self.maker(fixture)
      try Self.work(maker, minutes: 12 * 60)
      _ = try maker.close()
      let count = maker.figures.segments
      #expect(count == 13)
      let answer = try Self.ask(fixture, Self.start + 5 * Self.hour, Self.start + 6 * Self.hour - 1)
      #expect(answer.walls.count == 6)
      // One hour, and one before and after it for clocks that were set.
      #expect(answer.summary.headerCount == count && answer.summary.openedCount == 4)
      let late = try Self.ask(fixture, Self.start + 100 * Self.hour, .max)
      #expect(late.walls.isEmpty && late.summary.headerCount == count && late.summary.openedCount == 1)
      let whole = try Self.ask(fixture, .min, .max)
      #expect(whole.summary.openedCount == count && whole.summary.begin == 1)
      #expect(whole.summary.headerCount == count - 1)
      try Self.expectNothingMissed(fixture)
    }

    enum Writer: CaseIterable, Sendable { case present, earlier }

    @Test(arguments: Writer.allCases) func whatWasMadeWhileAClockWasWrongIsFoundAtItsTime(_ writer: Writer) throws {
      for away in [-15 * Self.hour, -2 * Self.hour, 3 * Self.hour] {
        let fixture = try Fixture(create: false)
        let maker = try Self.maker(fixture)
        let rotates = writer == .present
        try Self.work(maker, minutes: 200)
        try maker.set(wall: maker.wall + away, rotates: rotates)
        // Of a writer before, nothing tells of less than an hour that began and ended in one segment.
        try Self.work(maker, minutes: rotates ? 20 : 80)
        try maker.set(wall: maker.wall - away, rotates: rotates)
        try Self.work(maker, minutes: 200)
        _ = try maker.close()
        try Self.expectNothingMissed(fixture)
      }
    }

    @Test func aClockThatIsWrongInTheLastSegmentIsToldByItsCheckpoints() throws {
      let fixture = try Fixture(create: false)
      let maker = try Self.maker(fixture)
      try Self.work(maker, minutes: 200)
      try maker.set(wall: Self.start - 10 * Self.hour, rotates: false)
      try Self.work(maker, minutes: 20)
      _ = try maker.close()
      try Self.expectNothingMissed(fixture)
    }

    /// What the summary says was checked was, from its beginning to its end.
    @Test func allBetweenTheFirstAndTheLastSegmentThatIsReadIsRead() throws {
      let fixture = try Fixture(create: false)
      let maker = try Self.maker(fixture)
      try Self.work(maker, minutes: 8 * 60)
      try maker.set(wall: Self.start)
      try Self.work(maker, minutes: 20)
      try maker.set(wall: Self.start + 9 * Self.hour)
      try Self.work(maker, minutes: 8 * 60)
      _ = try maker.close()
      let answer = try Self.ask(fixture, Self.start, Self.start + Self.hour)
      #expect(answer.walls.count == 7 + 2)
      let opened = answer.summary.openedCount
      #expect(opened >= 10 && opened < maker.figures.segments)
      // A byte of a segment between them is noticed.
      var bytes = try Fixture.read(fixture.segmentPath(5))
      bytes[bytes.count - 20] ^= 1
      try Fixture.write(bytes, to: fixture.segmentPath(5))
      #expect(throws: TrailError.self) { try Self.ask(fixture, Self.start, Self.start + Self.hour) }
    }

    @Test func aSegmentThatIsMissingIsSaidWhereverItIsBefore() throws {
      let fixture = try Fixture(create: false)
      let maker = try Self.maker(fixture)
      try Self.work(maker, minutes: 6 * 60)
      _ = try maker.close()
      Fixture.remove(fixture.segmentPath(2))
      #expect(throws: TrailError.damaged("segment 2 is missing")) {
        try Self.ask(fixture, Self.start + 5 * Self.hour, .max)
      }
    }
  }
}
