import Platform
import Sodium
import Testing
import TrailMaking
import VaultFormat

@testable import Trail

extension TrailTests {
  @Suite struct MidnightTests {
    /// 2026-11-26 00:00 UTC.
    private static let midnight: Int64 = 1_795_651_200_000_000_000
    private static let day: Int64 = 86_400_000_000_000

    /// The trail knows no days; a segment that changes at midnight, the last and the first nanosecond, and questions by day must agree all the same.
    @Test(arguments: [-3_600_000_000_000, -3_599_999_999_999, -1_800_000_000_000, -1] as [Int64])
    func recordsAroundMidnightStandOnceAndInTheirDay(_ start: Int64) throws {
      let fixture = try Fixture(create: false)
      let maker = try TrailMaker(
        in: fixture.path, vault: fixture.vault, reviewers: [fixture.reviewer.publicKey], wall: Self.midnight + start,
        openHandles: { [openRecord(5)] })
      let offsets: [Int64] = [-60_000_000_000, -1_000_000_000, -1, 0, 1, 1_000_000_000, 60_000_000_000].filter { $0 > start }
      for offset in offsets {
        try maker.advance(to: Self.midnight + offset)
        try maker.append(plain(.list, "\(offset)"))
      }
      try maker.advance(to: Self.midnight + 2 * 3_600_000_000_000)
      try maker.append(plain(.list, "\(2 * 3_600_000_000_000)"))
      let end = try maker.close()

      func texts(_ from: Int64, _ to: Int64) throws -> [Int64] {
        try fixture.records(from: from, to: to).compactMap { $0.details.first { $0.key == "text" }.flatMap { Int64($0.value) } }
      }
      let all = offsets + [2 * 3_600_000_000_000]
      #expect(try texts(.min, .max) == all)
      #expect(try texts(Self.midnight - Self.day, Self.midnight - 1) == all.filter { $0 < 0 })
      #expect(try texts(Self.midnight, Self.midnight + Self.day - 1) == all.filter { $0 >= 0 })
      #expect(try texts(Self.midnight + Self.day, Self.midnight + 2 * Self.day).isEmpty)
      var verifier = TrailVerifier(fixture.path)
      verifier.genesis = maker.genesis
      verifier.end = end
      verifier.identity = fixture.reviewer
      let report = try verifier.verify()
      #expect(report.verdict == .whole)
      #expect(report.segmentCount >= 3)
    }
  }
}
