import Platform

/// A moment of the wall clock, in nanoseconds since 1970, UTC. In JSON and for programs it is RFC 3339 in UTC with nanoseconds:
/// `2026-03-01T08:00:00.000000000Z`. Years 1678…2261.
package struct WallTime: Sendable, Hashable, Comparable {
  package let nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  /// By the wall clock, which may be set back; what is judged goes by `Vault.latestTime`.
  package static func now() -> WallTime { WallTime(nanoseconds: Clock.wall()) }
  package static func < (left: WallTime, right: WallTime) -> Bool { left.nanoseconds < right.nanoseconds }

  /// Always 30 characters.
  package var utc: String { text(offsetSeconds: 0, fractionDigits: 9) }

  /// RFC 3339 in a zone so many seconds east of UTC, `Z` for UTC itself; the fraction is cut, not rounded.
  package func text(offsetSeconds: Int, fractionDigits: Int) -> String {
    let total = Self.floorDivide(Int(nanoseconds), 1_000_000_000)
    let fraction = Int(nanoseconds) - total * 1_000_000_000
    let local = total + offsetSeconds
    let day = Self.floorDivide(local, 86_400)
    let second = local - day * 86_400
    let (year, month, dayOfMonth) = Self.civil(day: day)
    var text = "\(Self.pad(year, 4))-\(Self.pad(month, 2))-\(Self.pad(dayOfMonth, 2))"
    text += "T\(Self.pad(second / 3600, 2)):\(Self.pad(second / 60 % 60, 2)):\(Self.pad(second % 60, 2))"
    if fractionDigits > 0 { text += ".\(Self.pad(fraction, 9).prefix(fractionDigits))" }
    guard offsetSeconds != 0 else { return text + "Z" }
    let minutes = abs(offsetSeconds) / 60
    return text + (offsetSeconds < 0 ? "-" : "+") + "\(Self.pad(minutes / 60, 2)):\(Self.pad(minutes % 60, 2))"
  }

  /// Nil where the date does not exist or lies outside the years that fit.
  package init?(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0, nanosecond: Int = 0, offsetSeconds: Int = 0
  ) {
    guard (1678...2261).contains(year), (1...12).contains(month), (1...Self.dayCount(year: year, month: month)).contains(day)
    else {
      return nil
    }
    guard (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second), (0..<1_000_000_000).contains(nanosecond)
    else { return nil }
    let seconds = Self.dayNumber(year: year, month: month, day: day) * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow else { return nil }
    let (sum, overflowed) = product.addingReportingOverflow(nanosecond)
    guard !overflowed else { return nil }
    nanoseconds = Int64(sum)
  }

  /// Reads RFC 3339: `2026-03-01T08:00:00Z`, with up to nine digits of a second, and `Z` or `±hh:mm`. Nil for anything else, leap seconds too.
  package init?(_ text: some StringProtocol) {
    var scanner = Scanner(Array(text.utf8))
    guard let date = scanner.date(), scanner.take("T") || scanner.take("t") || scanner.take(" "), let time = scanner.time(),
      let offset = scanner.zone(), scanner.isAtEnd
    else { return nil }
    self.init(
      year: date.year, month: date.month, day: date.day, hour: time.hour, minute: time.minute, second: time.second,
      nanosecond: time.nanosecond, offsetSeconds: offset)
  }

  /// Days of a month in the Gregorian calendar.
  package static func dayCount(year: Int, month: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  /// Days since 1970-01-01, and back: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
  package static func dayNumber(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = floorDivide(shifted, 400)
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// The date of a day counted from 1970-01-01, in the proleptic Gregorian calendar.
  package static func civil(day: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = day + 719_468
    let era = floorDivide(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let part = (5 * dayOfYear + 2) / 153
    let month = part < 10 ? part + 3 : part - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * part + 2) / 5 + 1)
  }

  private static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
  }

  private static func pad(_ value: Int, _ count: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }
}

extension WallTime {
  /// Reads the fields of RFC 3339 in order. Fields are checked for shape here and for range by `init`.
  package struct Scanner {
    private var bytes: ArraySlice<UInt8>
    package init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

    package var isAtEnd: Bool { bytes.isEmpty }

    /// Goes past `character` where it is next.
    package mutating func take(_ character: Character) -> Bool {
      guard bytes.first == character.asciiValue else { return false }
      bytes.removeFirst()
      return true
    }

    /// Exactly `count` digits, as a number; nil where there are fewer.
    package mutating func digits(_ count: Int) -> Int? {
      let part = bytes.prefix(count)
      guard part.count == count, part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      bytes.removeFirst(count)
      return part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    /// `YYYY-MM-DD`
    package mutating func date() -> (year: Int, month: Int, day: Int)? {
      guard let year = digits(4), take("-"), let month = digits(2), take("-"), let day = digits(2) else { return nil }
      return (year, month, day)
    }

    /// `hh:mm[:ss[.f…]]`
    package mutating func time() -> (hour: Int, minute: Int, second: Int, nanosecond: Int)? {
      guard let hour = digits(2), take(":"), let minute = digits(2) else { return nil }
      guard take(":") else { return (hour, minute, 0, 0) }
      guard let second = digits(2) else { return nil }
      guard take(".") else { return (hour, minute, second, 0) }
      var nanosecond = 0
      var count = 0
      while let digit = digits(1) {
        guard count < 9 else { return nil }
        nanosecond = nanosecond * 10 + digit
        count += 1
      }
      guard count > 0 else { return nil }
      for _ in count..<9 { nanosecond *= 10 }
      return (hour, minute, second, nanosecond)
    }

    /// `Z` or `±hh:mm`, as seconds east of UTC.
    package mutating func zone() -> Int? {
      if take("Z") || take("z") { return 0 }
      let sign = take("+") ? 1 : take("-") ? -1 : 0
      guard sign != 0, let hour = digits(2), take(":"), let minute = digits(2), hour < 24, minute < 60 else { return nil }
      return sign * (hour * 3600 + minute * 60)
    }
  }
}

extension WallTime: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let time = WallTime(text), time.utc == text else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a time")
    }
    self = time
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(utc)
  }
}
