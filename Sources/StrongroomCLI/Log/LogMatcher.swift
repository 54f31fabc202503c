package import Access
import Control
import Glibc
import Trail
import VaultFormat

/// What of a filter the OPEN of a handle meets, for the records that leave it to their OPEN.
struct LogTraits: OptionSet {
  let rawValue: UInt8
  static let user = LogTraits(rawValue: 1 << 0)
  static let place = LogTraits(rawValue: 1 << 1)
  static let grant = LogTraits(rawValue: 1 << 2)
  static let program = LogTraits(rawValue: 1 << 3)
}

/// A filter made ready: decides on records where they lie, completed by their OPEN as `LogEntry.complete` does it, and makes none. One thread.
package final class LogMatcher {
  package let filter: LogFilter
  private let prefixes: [[UInt8]]
  private let users: [(name: WantedText, uid: UInt32?)]
  private let programs: [WantedText]
  private let actions: UInt64
  private let outcomes: UInt64
  private let since: Int64
  private let until: Int64
  private var members: GroupMembers

  package init(_ filter: LogFilter, resolver: @escaping IdentityResolver = { SystemResolver.resolve($0, watchedGroups: $1) }) {
    self.filter = filter
    prefixes = filter.paths.map { $0.names.isEmpty ? [] : $0.bytes }
    users = filter.users.map { (WantedText($0), UInt32($0)) }
    programs = filter.programs.map { WantedText($0) }
    actions = filter.actions.isEmpty ? .max : filter.actions.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    outcomes = filter.outcomes.isEmpty ? .max : filter.outcomes.reduce(0) { $0 | 1 << UInt64($1.rawValue) }
    since = filter.since?.nanoseconds ?? .min
    until = filter.until?.nanoseconds ?? .max
    members = GroupMembers(filter.groups, resolver: resolver)
  }

  /// Users of whom the system does not know today in which groups they are.
  package var unknownUsers: Set<UInt32> { members.unknown }

  /// What of the filter an OPEN meets.
  func traits(of open: borrowing RawRecord) -> LogTraits {
    var traits: LogTraits = []
    if !users.isEmpty, isUser(open.actor) { traits.insert(.user) }
    if !prefixes.isEmpty, isUnder(open.object) { traits.insert(.place) }
    if !filter.grants.isEmpty, isGrant(open.decision) { traits.insert(.grant) }
    if !programs.isEmpty, isProgram(open.actor) { traits.insert(.program) }
    return traits
  }

  // What costs least comes first: this is asked of each record of the trail. The groups come last, since the system is asked for them.
  func matches(_ step: borrowing LogStep) -> Bool {
    let wall = step.raw.record.wall
    guard wall >= since, wall < until || until == .max else { return false }
    guard actions & 1 << UInt64(step.raw.record.action.rawValue) != 0 else { return false }
    guard outcomes & 1 << UInt64(step.raw.record.outcome.rawValue) != 0 else { return false }
    if !users.isEmpty, !isOfUser(step) { return false }
    if !prefixes.isEmpty || !filter.nodes.isEmpty, !isAtPlace(step) { return false }
    if !filter.grants.isEmpty, !isByGrant(step) { return false }
    if !programs.isEmpty, !isByProgram(step) { return false }
    if let hours = filter.hours, hours.contains(wall) { return false }
    return filter.groups.isEmpty || isOfMember(step)
  }

  // MARK: The record, or its OPEN

  /// Whether the actor is the one whom the OPEN names.
  private func leavesActor(_ step: borrowing LogStep) -> Bool {
    guard let opened = step.opened else { return false }
    if step.isOpen { return true }
    guard let actor = step.raw.record.actor else { return true }
    return actor.uid == opened.uid && actor.program == nil && actor.pid == 0
  }

  private func isOfUser(_ step: borrowing LogStep) -> Bool {
    let isActor = leavesActor(step) ? step.opened!.traits.contains(.user) : isUser(step.raw.record.actor)
    return isActor || isUser(step.raw.record.opener)
  }

  private func isByProgram(_ step: borrowing LogStep) -> Bool {
    let isActor = leavesActor(step) ? step.opened!.traits.contains(.program) : isProgram(step.raw.record.actor)
    return isActor || isProgram(step.raw.record.opener)
  }

  private func isAtPlace(_ step: borrowing LogStep) -> Bool {
    if !filter.nodes.isEmpty, let node = step.node, filter.nodes.contains(node) { return true }
    if prefixes.isEmpty { return false }
    let leavesPath = step.isOpen || step.raw.record.object?.path.isEmpty ?? true
    let isObject = leavesPath ? step.opened?.traits.contains(.place) ?? false : isUnder(step.raw.record.object)
    return isObject || isUnder(step.raw.record.target)
  }

  private func isByGrant(_ step: borrowing LogStep) -> Bool {
    if step.isOpen {
      if step.opened!.traits.contains(.grant) { return true }
    } else if let decision = step.raw.record.decision {
      if isGrant(decision) { return true }
    } else if step.raw.record.opener == nil, step.raw.record.action != .release, let opened = step.opened {
      if opened.traits.contains(.grant) { return true }
    }
    // What was given or taken.
    return step.raw.record.hasDetail { key, value in
      guard key.holds("rule") || key.holds("target-grant") else { return false }
      return UInt64(String(decoding: value, as: UTF8.self)).map { filter.grants.contains(RuleID($0)) } ?? false
    }
  }

  private func isOfMember(_ step: borrowing LogStep) -> Bool {
    let actor = step.uid.map { members.contains($0) } ?? false
    let opener = step.raw.record.opener.map { members.contains($0.uid) } ?? false
    return actor || opener
  }

  // MARK: One field

  private func isUser(_ actor: RawRecord.Actor?) -> Bool {
    guard let actor else { return false }
    return users.contains { $0.uid == actor.uid || $0.name.matches(actor.name) }
  }

  private func isProgram(_ actor: RawRecord.Actor?) -> Bool {
    guard let program = actor?.program else { return false }
    return programs.contains { $0.matches(program: program) }
  }

  private func isGrant(_ decision: Record.Decision?) -> Bool {
    switch decision {
    case .grant(let id), .creator(let id), .barrier(let id): filter.grants.contains(id)
    default: false
    }
  }

  private func isUnder(_ object: RawRecord.Object?) -> Bool {
    guard let path = object?.path, !path.isEmpty else { return false }
    return prefixes.contains { prefix in
      guard path.count >= prefix.count, prefix.isEmpty || memcmp(path.baseAddress!, prefix, prefix.count) == 0 else {
        return false
      }
      return path.count == prefix.count || path[prefix.count] == 0x2f
    }
  }
}

/// A text of a filter, compared with texts of records where they lie, as `String` compares them: different bytes may write the same letters.
struct WantedText {
  private let text: String
  private let bytes: [UInt8]
  private let isASCII: Bool

  init(_ text: String) {
    self.text = text
    bytes = Array(text.utf8)
    isASCII = bytes.allSatisfy { $0 < 0x80 }
  }

  func matches(_ other: UnsafeRawBufferPointer) -> Bool {
    if isSame(other) { return true }
    // Of plain letters there is one way to write each.
    if isASCII, other.allSatisfy({ $0 < 0x80 }) { return false }
    return text == String(decoding: other, as: UTF8.self)
  }

  /// Whether it is the whole path of a program, or the last name of one.
  func matches(program: UnsafeRawBufferPointer) -> Bool {
    if matches(program) { return true }
    guard isASCII, program.allSatisfy({ $0 < 0x80 }) else {
      return text[...] == String(decoding: program, as: UTF8.self).split(separator: "/").last
    }
    guard let last = program.lastIndex(where: { $0 != 0x2f }) else { return false }
    let first = program[..<last].lastIndex(of: 0x2f).map { $0 + 1 } ?? 0
    return isSame(UnsafeRawBufferPointer(rebasing: program[first...last]))
  }

  private func isSame(_ other: UnsafeRawBufferPointer) -> Bool {
    other.count == bytes.count && (bytes.isEmpty || memcmp(other.baseAddress!, bytes, bytes.count) == 0)
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
