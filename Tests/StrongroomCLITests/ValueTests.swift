import Control
import Foundation
import Testing

@testable import StrongroomCLI

/// 2026-03-01T08:00:00+08:00, a Sunday.
private let now = WallTime("2026-03-01T08:00:00+08:00")!

extension InChina {
  @Test(arguments: [
    ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"), ("2026-03-01", "2026-03-01T00:00:00+08:00"),
    ("2026-03-01T09:30", "2026-03-01T09:30:00+08:00"), ("2026-03-01 09:30:15", "2026-03-01T09:30:15+08:00"),
    ("now", "2026-03-01T08:00:00+08:00"),
    ("today", "2026-03-01T00:00:00+08:00"), ("yesterday", "2026-02-28T00:00:00+08:00"), ("tomorrow", "2026-03-02T00:00:00+08:00"),
    ("2h", "2026-03-01T06:00:00+08:00"), ("-2h", "2026-03-01T06:00:00+08:00"), ("+30d", "2026-03-31T08:00:00+08:00"),
    ("2d ago", "2026-02-27T08:00:00+08:00"), ("1h30m ago", "2026-03-01T06:30:00+08:00"),
  ])
  func timesAreReadInTheZone(_ text: String, _ expected: String) {
    #expect(TimeText.parse(text, bare: .past, now: now) == WallTime(expected))
  }

  @Test func aBareDurationLooksWhereItsOptionLooks() {
    #expect(TimeText.parse("30d", bare: .future, now: now) == WallTime("2026-03-31T08:00:00+08:00"))
    #expect(TimeText.parse("30d ago", bare: .future, now: now) == WallTime("2026-01-30T08:00:00+08:00"))
  }

  @Test(arguments: [
    "", "soon", "2026-02-30", "2026-3-1", "03/01/2026", "2026-03-01T25:00", "2026-03-01T", "-", "+", "2", "-2", "2x", "2h3h",
    "-2h ago", "9999999w",
  ])
  func whatIsNoTimeIsRefused(_ text: String) { #expect(TimeText.parse(text, bare: .past, now: now) == nil) }

  @Test func timesAreShownWithTheZone() {
    #expect(TimeText.shown(now) == "2026-03-01T08:00:00+08:00")
    #expect(TimeText.parse(TimeText.shown(now), bare: .past) == now)
  }

  @Test func aZoneThatChangesItsClockIsRight() {
    setenv("TZ", "EST5EDT,M3.2.0,M11.1.0", 1)
    tzset()
    defer {
      setenv("TZ", "CST-8", 1)
      tzset()
    }
    #expect(TimeText.parse("2026-07-01", bare: .past) == WallTime("2026-07-01T00:00:00-04:00"))
    #expect(TimeText.parse("2026-01-01", bare: .past) == WallTime("2026-01-01T00:00:00-05:00"))
    #expect(TimeText.parse("2026-03-08T03:30", bare: .past) == WallTime("2026-03-08T03:30:00-04:00"))
    #expect(TimeText.shown(WallTime("2026-07-01T00:00:00Z")!) == "2026-06-30T20:00:00-04:00")
  }
}

@Test(
  arguments: [
    ("0", 0), ("250ms", 250_000_000), ("1s", 1_000_000_000), ("100us", 100_000), ("1h30m", 5_400_000_000_000),
    ("7d", 604_800_000_000_000),
    ("2w", 1_209_600_000_000_000), ("1500ms", 1_500_000_000),
  ] as [(String, Int64)])
func durationsAreRead(_ text: String, _ nanoseconds: Int64) {
  #expect(TimeSpan.nanoseconds(text) == nanoseconds)
  #expect(TimeSpan.nanoseconds(TimeSpan.shown(nanoseconds)) == nanoseconds)
}

@Test(arguments: ["", "5", "s", "1.5s", "-1s", "1m1h", "1S", " 1s", "1s ", "99999999999999999999s", "9223372036854775807s", "٣s"])
func whatIsNoDurationIsRefused(_ text: String) { #expect(TimeSpan.nanoseconds(text) == nil) }

@Test(arguments: [
  ("0", 0, "0"), ("4096", 4096, "4KiB"), ("64MiB", 64 << 20, "64MiB"), ("1GiB", 1 << 30, "1GiB"), ("1kB", 1000, "1000"),
  ("10MB", 10_000_000, "10000000"),
  ("1TiB", 1 << 40, "1TiB"), ("5B", 5, "5"),
])
func sizesAreRead(_ text: String, _ byteCount: Int, _ shown: String) {
  #expect(ByteSize.parse(text) == byteCount)
  #expect(ByteSize.shown(byteCount) == shown)
  #expect(ByteSize.parse(shown) == byteCount)
}

@Test(arguments: ["", "MiB", "-1", "1.5MiB", "64mib", "64 MiB", "64M", "99999999999TiB"])
func whatIsNoSizeIsRefused(_ text: String) { #expect(ByteSize.parse(text) == nil) }
