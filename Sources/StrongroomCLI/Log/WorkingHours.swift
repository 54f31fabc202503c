import Glibc

/// When people are expected to work, by the clock of this machine's zone.
package struct WorkingHours: Sendable, Equatable, CustomStringConvertible {
  /// Minutes of the day; the second is exclusive. Where it is not after the first, the hours go over midnight.
  package var begin = 8 * 60
  package var end = 19 * 60
  /// Days of the week that count, 0 is Sunday.
  package var days: Set<Int> = [1, 2, 3, 4, 5]

  package static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  package init() {}

  /// Reads `08:00-19:00` and `mon-fri,sun`; nil for anything else.
  package init?(hours: String?, days: String?) {
    if let hours {
      let parts = hours.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let begin = Self.minutes(parts[0]), let end = Self.minutes(parts[1]), begin != end else {
        return nil
      }
      self.begin = begin
      self.end = end
    }
    guard let days else { return }
    self.days = []
    for part in days.lowercased().split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { name in
        Self.dayNames.firstIndex { $0 == name }
      }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2 else { return nil }
      var day = first
      self.days.insert(day)
      while day != last {
        day = (day + 1) % 7
        self.days.insert(day)
      }
    }
  }

  private static func minutes(_ text: Substring) -> Int? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].count == 2, let hour = Int(parts[0]), let minute = Int(parts[1]) else { return nil }
    guard (0...24).contains(hour), (0..<60).contains(minute), hour < 24 || minute == 0 else { return nil }
    return hour * 60 + minute
  }

  /// Whether a moment lies in them. Hours over midnight belong to the day on which they began.
  package func contains(_ wall: Int64) -> Bool {
    var seconds = time_t(wall / 1_000_000_000)
    var fields = tm()
    localtime_r(&seconds, &fields)
    let minute = Int(fields.tm_hour) * 60 + Int(fields.tm_min)
    let day = Int(fields.tm_wday)
    if begin < end { return days.contains(day) && minute >= begin && minute < end }
    return (days.contains(day) && minute >= begin) || (days.contains((day + 6) % 7) && minute < end)
  }

  package var description: String {
    func clock(_ minutes: Int) -> String { "\(minutes / 600)\(minutes / 60 % 10):\(minutes % 60 / 10)\(minutes % 10)" }
    return "\(clock(begin))-\(clock(end)) \(days.sorted().map { Self.dayNames[$0] }.joined(separator: ","))"
  }
}
