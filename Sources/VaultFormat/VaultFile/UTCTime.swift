/// Whole seconds of UTC as RFC 3339 writes them: `2026-03-01T12:00:00Z`, years 1970…9999, no fractions and no leap seconds.
package enum UTCTime {
  /// The last second of the year 9999.
  package static let secondsMax: Int64 = 253_402_300_799

  /// 20 characters. Times outside the range are shown as its nearest end.
  package static func text(_ seconds: Int64) -> String {
    let seconds = min(max(seconds, 0), secondsMax)
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = civil(days)
    func two(_ value: Int64) -> String { (value < 10 ? "0" : "") + String(value) }
    return "\(year)-\(two(month))-\(two(day))T\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
  }

  /// Nil for anything that `text` does not write.
  package static func seconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 20 else { return nil }
    var numbers: [Int64] = []
    for (start, end) in [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19)] {
      guard bytes[start..<end].allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      numbers.append(bytes[start..<end].reduce(0) { $0 * 10 + Int64($1 - 0x30) })
    }
    guard numbers[0] >= 1970, (1...12).contains(numbers[1]), (1...31).contains(numbers[2]) else { return nil }
    let days = days(numbers[0], numbers[1], numbers[2])
    let seconds = days * 86_400 + numbers[3] * 3600 + numbers[4] * 60 + numbers[5]
    // Writing it again finds every date that does not exist and every sign out of place.
    return seconds >= 0 && self.text(seconds) == text ? seconds : nil
  }

  // Days since 1970 and the Gregorian calendar, by years that begin in March: Howard Hinnant, "chrono-Compatible Low-Level Date
  // Algorithms", days_from_civil and civil_from_days, for dates from 1970 on.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
