package import Access
package import Control
import Glibc
package import VaultFormat

/// Which records are wanted; what is nil or empty does not filter. All that is given must hold; of several values for one thing, any.
package struct LogFilter: Sendable, Equatable {
  /// Names or numbers; of the caller or the opener.
  package var users: [String] = []
  /// Names; who is in them is asked of the system now.
  package var groups: [String] = []
  /// These places and all below, by the path at that time, on either side of a RENAME.
  package var paths: [VaultPath] = []
  package var actions: Set<Record.Action> = []
  package var outcomes: Set<Record.Outcome> = []
  package var grants: [RuleID] = []
  /// A whole path, or the last name of one.
  package var programs: [String] = []
  package var since: WallTime?
  /// Exclusive.
  package var until: WallTime?
  package var hours: WorkingHours?

  package init() {}

  /// The filters by the names of their options, for the record that the trail is read.
  package var described: [String: String] {
    var words: [String: String] = [:]
    if !users.isEmpty { words["user"] = users.joined(separator: ",") }
    if !groups.isEmpty { words["group"] = groups.joined(separator: ",") }
    if !paths.isEmpty { words["path"] = paths.map(\.text).joined(separator: " ") }
    if !actions.isEmpty { words["action"] = actions.map(\.name).sorted().joined(separator: ",") }
    if !outcomes.isEmpty { words["outcome"] = outcomes.map { "\($0)" }.sorted().joined(separator: ",") }
    if !grants.isEmpty { words["grant"] = grants.map(\.description).joined(separator: ",") }
    if !programs.isEmpty { words["program"] = programs.joined(separator: " ") }
    if let since { words["since"] = since.utc }
    if let until { words["until"] = until.utc }
    if let hours { words["off-hours"] = hours.description }
    return words
  }
}

/// A filter made ready: compares without making text.
package struct LogMatcher {
  package let filter: LogFilter
  private let prefixes: [[UInt8]]
  private let users: [(name: String, uid: UInt32?)]
  private let since: Int64
  private let until: Int64
  private var members: GroupMembers

  package init(_ filter: LogFilter, resolver: @escaping IdentityResolver = { SystemResolver.resolve($0, watchedGroups: $1) }) {
    self.filter = filter
    prefixes = filter.paths.map { $0.names.isEmpty ? [] : $0.bytes }
    users = filter.users.map { ($0, UInt32($0)) }
    since = filter.since?.nanoseconds ?? .min
    until = filter.until?.nanoseconds ?? .max
    members = GroupMembers(filter.groups, resolver: resolver)
  }

  /// Users of whom the system does not know today in which groups they are.
  package var unknownUsers: Set<UInt32> { members.unknown }

  // No copy of the record is taken, and what costs least comes first: this is asked of each record of the trail.
  package mutating func matches(_ entry: LogEntry) -> Bool {
    guard entry.record.wall >= since, entry.record.wall < until || until == .max else { return false }
    if !filter.actions.isEmpty, !filter.actions.contains(entry.record.action) { return false }
    if !filter.outcomes.isEmpty, !filter.outcomes.contains(entry.record.outcome) { return false }
    if !users.isEmpty, !isUser(entry.record.actor), !isUser(entry.record.opener) { return false }
    if !prefixes.isEmpty, !isUnder(entry.record.object?.path), !isUnder(entry.record.target?.path) { return false }
    if !filter.grants.isEmpty, !entry.rules.contains(where: { filter.grants.contains($0) }) { return false }
    if !filter.programs.isEmpty, !isProgram(entry.record.actor?.program), !isProgram(entry.record.opener?.program) {
      return false
    }
    if let hours = filter.hours, hours.contains(entry.record.wall) { return false }
    if !filter.groups.isEmpty {
      let actor = entry.record.actor.map { members.contains($0.uid) } ?? false
      let opener = entry.record.opener.map { members.contains($0.uid) } ?? false
      guard actor || opener else { return false }
    }
    return true
  }

  private func isUnder(_ path: [UInt8]?) -> Bool {
    guard let path, !path.isEmpty else { return false }
    return prefixes.contains { prefix in
      guard path.count > prefix.count else { return path == prefix }
      if prefix.isEmpty { return path[0] == 0x2f }
      return path[prefix.count] == 0x2f
        && path.withUnsafeBytes { path in prefix.withUnsafeBytes { memcmp(path.baseAddress!, $0.baseAddress!, $0.count) == 0 } }
    }
  }

  private func isUser(_ actor: Record.Actor?) -> Bool {
    guard let actor else { return false }
    return users.contains { $0.uid == actor.uid || $0.name == actor.name }
  }

  private func isProgram(_ program: String?) -> Bool {
    guard let program else { return false }
    return filter.programs.contains { $0 == program || $0[...] == program.split(separator: "/").last }
  }
}

/// Who is in some groups, as the system says now. Each user is asked about once.
struct GroupMembers {
  private let groups: [String]
  private let resolver: IdentityResolver
  private var known: [UInt32: Bool] = [:]
  private(set) var unknown: Set<UInt32> = []

  init(_ groups: [String], resolver: @escaping IdentityResolver) {
    self.groups = groups
    self.resolver = resolver
  }

  mutating func contains(_ uid: UInt32) -> Bool {
    if let answer = known[uid] { return answer }
    var answer = false
    switch resolver(.uid(uid), []) {
    case .user(_, let present):
      answer = present.contains { group in groups.contains { $0 == group.name || UInt32($0) == group.id } }
    case .group, .unknown, .failed: unknown.insert(uid)
    }
    known[uid] = answer
    return answer
  }
}

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
