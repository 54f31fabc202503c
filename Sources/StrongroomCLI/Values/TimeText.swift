package import Control
import Glibc

/// Times as people write and read them, in the zone of this machine (TZ).
package enum TimeText {
  /// What a bare duration such as `2d` means.
  package enum Sense: Sendable {
    case past, future
  }

  /// Reads RFC 3339 (`2026-03-01T08:00:00+08:00`; without a zone, local), a date (its first moment, local), `now`, `today`, `yesterday`,
  /// `tomorrow`, `-2h`, `+30d`, `2d ago`, or `2d` in the sense given. Nil for anything else.
  package static func parse(_ text: String, bare sense: Sense, now: WallTime = .now()) -> WallTime? {
    if let time = WallTime(text) { return time }
    switch text {
    case "now": return now
    case "today": return startOfDay(now, plus: 0)
    case "yesterday": return startOfDay(now, plus: -1)
    case "tomorrow": return startOfDay(now, plus: 1)
    default: break
    }
    return local(text) ?? relative(text, sense, now)
  }

  /// `2026-03-01T08:00:00+08:00`, with the zone; seconds are the smallest unit.
  package static func shown(_ time: WallTime) -> String { time.text(offsetSeconds: offset(at: time), fractionDigits: 0) }

  /// A date with or without a time, no zone.
  private static func local(_ text: String) -> WallTime? {
    var scanner = WallTime.Scanner(Array(text.utf8))
    guard let date = scanner.date() else { return nil }
    var time = (hour: 0, minute: 0, second: 0, nanosecond: 0)
    if !scanner.isAtEnd {
      guard scanner.take("T") || scanner.take("t") || scanner.take(" "), let given = scanner.time(), scanner.isAtEnd else {
        return nil
      }
      time = given
    }
    return local(
      year: date.year, month: date.month, day: date.day, hour: time.hour, minute: time.minute, second: time.second,
      nanosecond: time.nanosecond)
  }

  private static func relative(_ text: String, _ sense: Sense, _ now: WallTime) -> WallTime? {
    var rest = Substring(text)
    var sign: Int64 = sense == .past ? -1 : 1
    if rest.hasSuffix(" ago") {
      rest = rest.dropLast(4)
      sign = -1
    } else if rest.hasPrefix("-") || rest.hasPrefix("+") {
      sign = rest.removeFirst() == "-" ? -1 : 1
    }
    guard let duration = TimeSpan.nanoseconds(rest) else { return nil }
    let (sum, overflow) = now.nanoseconds.addingReportingOverflow(sign * duration)
    return overflow ? nil : WallTime(nanoseconds: sum)
  }

  private static func startOfDay(_ now: WallTime, plus days: Int) -> WallTime? {
    var seconds = time_t(now.nanoseconds / 1_000_000_000)
    var fields = tm()
    localtime_r(&seconds, &fields)
    let civil = WallTime.civil(
      day: WallTime.dayNumber(year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday)) + days)
    return local(year: civil.year, month: civil.month, day: civil.day, hour: 0, minute: 0, second: 0, nanosecond: 0)
  }

  /// The zone's offset at that local time is found by trying: the one in force there, taken twice, settles except in the hour that a clock
  /// change skips or repeats, where either is right.
  private static func local(
    year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int, nanosecond: Int
  ) -> WallTime? {
    var offset = 0
    for _ in 0..<3 {
      guard
        let time = WallTime(
          year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond,
          offsetSeconds: offset)
      else { return nil }
      let found = self.offset(at: time)
      if found == offset { return time }
      offset = found
    }
    return WallTime(
      year: year, month: month, day: day, hour: hour, minute: minute, second: second, nanosecond: nanosecond,
      offsetSeconds: offset)
  }

  private static func offset(at time: WallTime) -> Int {
    var seconds = time_t((time.nanoseconds - (time.nanoseconds < 0 ? 999_999_999 : 0)) / 1_000_000_000)
    var fields = tm()
    localtime_r(&seconds, &fields)
    return fields.tm_gmtoff
  }
}

/// Lengths of time: `250ms`, `2s`, `15m`, `1h30m`, `7d`, `4w`. A day is 24 hours.
package enum TimeSpan {
  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000), ("w", 604_800_000_000_000),
  ]

  /// Whole numbers with units, largest first. Nil for anything else, a bare number too (except 0), and what does not fit in 64 bits.
  package static func nanoseconds(_ text: some StringProtocol) -> Int64? {
    if text == "0" { return 0 }
    var rest = Substring(text)
    var total: Int64 = 0
    var last = Int64.max
    repeat {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let count = Int64(digits), let unit = units.first(where: { $0.name == name })?.nanoseconds, unit < last else {
        return nil
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: unit)
      let (sum, overflowed) = total.addingReportingOverflow(product)
      guard !overflow, !overflowed else { return nil }
      total = sum
      last = unit
    } while !rest.isEmpty
    return total
  }

  /// The shortest text that reads back as the same length, in one unit: `90m`, `1500ms`.
  package static func shown(_ nanoseconds: Int64) -> String {
    guard nanoseconds != 0 else { return "0" }
    let unit = units.dropLast().last { nanoseconds % $0.nanoseconds == 0 } ?? units[0]
    return "\(nanoseconds / unit.nanoseconds)\(unit.name)"
  }
}

/// Numbers of bytes: `4096`, `64KiB`, `64MiB`, `1GiB`, `1TiB`, or `kB`, `MB`, `GB`, `TB` in powers of ten.
package enum ByteSize {
  private static let units: [(name: String, byteCount: Int)] = [
    ("", 1), ("B", 1), ("kB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("KiB", 1 << 10),
    ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]

  /// Bytes; nil where the text is no such number, or too large.
  package static func parse(_ text: some StringProtocol) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits), let unit = units.first(where: { $0.name == text.dropFirst(digits.count) }) else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: unit.byteCount)
    return overflow ? nil : product
  }

  /// In the largest binary unit that divides it: `64MiB`, `4097`.
  package static func shown(_ byteCount: Int) -> String {
    guard byteCount > 0, let unit = units.suffix(4).last(where: { byteCount % $0.byteCount == 0 }) else {
      return String(byteCount)
    }
    return "\(byteCount / unit.byteCount)\(unit.name)"
  }
}
