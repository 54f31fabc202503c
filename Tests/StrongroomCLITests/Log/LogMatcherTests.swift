import Access
import Control
import TestKit
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

/// A filter asked of records that were made and completed, as docs/operations.md tells of it: what `LogMatcher` must answer without making any.
private struct PlainMatcher {
  let filter: LogFilter
  let members: Set<UInt32>

  func matches(_ entry: LogEntry) -> Bool {
    let record = entry.record
    let actors = [record.actor, record.opener].compactMap { $0 }
    func holds<Wanted: Collection>(_ wanted: Wanted, _ condition: (Wanted.Element) -> Bool) -> Bool {
      wanted.isEmpty || wanted.contains(where: condition)
    }
    guard holds(filter.actions, { $0 == record.action }), holds(filter.outcomes, { $0 == record.outcome }) else { return false }
    if let since = filter.since, record.wall < since.nanoseconds { return false }
    if let until = filter.until, record.wall >= until.nanoseconds { return false }
    guard holds(filter.users, { user in actors.contains { $0.name == user || UInt32(user) == $0.uid } }) else { return false }
    guard holds(filter.grants, { entry.rules.contains($0) }) else { return false }
    let programs = actors.compactMap(\.program)
    guard
      holds(
        filter.programs, { wanted in programs.contains { $0 == wanted || wanted[...] == $0.split(separator: "/").last } })
    else { return false }
    if let hours = filter.hours, hours.contains(record.wall) { return false }
    if !filter.groups.isEmpty, !actors.contains(where: { members.contains($0.uid) }) { return false }
    return filter.paths.isEmpty && filter.nodes.isEmpty || isAtPlace(record)
  }

  private func isAtPlace(_ record: Record) -> Bool {
    if let node = record.object?.node, filter.nodes.contains(node) { return true }
    return [record.object?.path, record.target?.path].contains { path in
      guard let path, !path.isEmpty else { return false }
      return filter.paths.contains { $0.names.isEmpty || path == $0.bytes || path.starts(with: $0.bytes + [0x2f]) }
    }
  }
}

extension SeededGenerator {
  private mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(next() % UInt64(values.count))] }
  private mutating func maybe<Value>(_ value: Value) -> Value? { next() % 2 == 0 ? value : nil }

  // Letters that are written in two ways, and a K that is none.
  fileprivate static let names = ["", "lin", "k", "\u{212a}", "é", "e\u{301}", "王小明", "1001"]
  fileprivate static let programs = [
    "", "/", "//", "cat", "/usr/bin/cat", "/usr/bin/cat/", "/usr/bin//\u{212a}", "k", "/\u{301}k", "/opt/é", "/opt/e\u{301}",
    "usr",
  ]
  fileprivate static let paths = ["", "/", "/a", "/ab", "/a/b", "/a/bc", "/a/b/c", "/王"].map { Array($0.utf8) } + [[0x2f, 0xff]]

  fileprivate mutating func actor() -> Record.Actor {
    Record.Actor(
      uid: UInt32(1_000 + next() % 4), name: pick(Self.names), pid: pick([0, 0, 7]), program: maybe(pick(Self.programs)),
      loginUID: nil)
  }

  private mutating func object() -> Record.Object {
    Record.Object(node: NodeID(next() % 5), path: pick(Self.paths), size: maybe(next() % 100))
  }

  /// Of every kind, with any fields; of four handles, so that most are of one that is open.
  fileprivate mutating func record(_ wall: Int64) -> Record {
    var record = Record(next() % 2 == 0 ? pick([.open, .read, .release]) : pick(Record.Action.allCases))
    (record.wall, record.boot) = (wall, wall)
    if next() % 4 > 0 { record.handle = HandleID(1 + next() % 4) }
    record.range = maybe(Record.Range(offset: next() % 9, asked: 9, returned: next() % 10))
    // Most READs leave all else to their OPEN.
    if record.action == .read, next() % 3 > 0 { return record }
    record.actor = maybe(actor())
    record.object = maybe(object())
    record.decision = maybe(
      pick([
        .grant(RuleID(7)), .creator(RuleID(8)), .barrier(RuleID(7)), .missing(.read), .identityUnknown, .foreignHandle,
        .neverAllowed, .open,
      ]))
    record.outcome = pick([.done, .done, .refused, .failed])
    record.errno = record.outcome == .done ? 0 : 13
    if next() % 4 == 0 { record.opener = actor() }
    if next() % 4 == 0 { record.target = object() }
    record.count = maybe(next() % 5)
    record.usage = maybe(Record.Usage(readByteCount: 9, distinctByteCount: 8, writtenByteCount: 7))
    for _ in 0..<next() % 3 {
      record.details.append(
        Record.Detail(pick(["rule", "target-grant", "restated", "mode"]), pick(["7", "007", "+8", "true", "x", "王"])))
    }
    return record
  }

  /// Of one to three things, so that what matches is neither nothing nor all.
  fileprivate mutating func filter() -> LogFilter {
    var filter = LogFilter()
    for _ in 0...next() % 3 {
      switch next() % 11 {
      case 0: filter.users = [pick(Self.names), pick(["1000", "1002", "lin"])]
      case 1: filter.groups = ["staff"]
      case 2, 3: filter.paths = [VaultPath(text: pick(["/", "/a", "/a/b", "/王"]))!, VaultPath(text: "/ab")!]
      case 4: filter.actions = [pick(Record.Action.allCases), .read, .release]
      case 5: filter.outcomes = [pick([.done, .refused, .failed])]
      case 6: filter.grants = [RuleID(7 + next() % 2)]
      case 7: filter.programs = [pick(Self.programs)]
      case 8: filter.since = WallTime(nanoseconds: Int64(next() % 3_000))
      case 9: filter.until = WallTime(nanoseconds: Int64(next() % 3_000))
      default: filter.nodes = [NodeID(next() % 5)]
      }
    }
    return filter
  }
}

@Test func aFilterSaysOfARecordsBytesWhatItSaysOfTheRecord() {
  var findingCount = 0
  for seed in 0..<40 as Range<UInt64> {
    var random = SeededGenerator(seed: seed)
    let filter = random.filter()
    let plain = PlainMatcher(filter: filter, members: [1_001])
    let matcher = LogMatcher(filter) { query, _ in
      guard case .uid(let uid) = query else { return .unknown }
      let groups = uid == 1_001 ? [Principal(kind: .group, name: "staff", id: 500)] : []
      return .user(Principal(kind: .user, name: "x", id: uid), groups: groups)
    }
    var steps = Steps(matcher)
    var handles = HandleTable()
    var matchCount = 0
    for index in 0..<400 {
      let record = random.record(Int64(index) * 8)
      let expected = handles.complete(segment: 1, sequence: UInt64(index), record)
      let (entry, isMatch, isSame) = steps.take(record, UInt64(index)) { step in
        (step.entry(), matcher.matches(step), step.uid == expected.record.actor?.uid && step.isRestated == expected.isRestated)
      }
      let isEntrySame =
        entry.record == expected.record && entry.run == expected.run && entry.openerUID == expected.openerUID
        && entry.isRestated == expected.isRestated
      // An expectation for each would take longer than all of this.
      if !isSame || !isEntrySame { Issue.record("\(entry) is not \(expected)") }
      if isMatch != plain.matches(expected) { Issue.record("\(isMatch): \(filter) \(expected)") }
      if isMatch { matchCount += 1 }
    }
    #expect(handles.count == steps.handles.count)
    if (1..<400).contains(matchCount) { findingCount += 1 }
  }
  // Nearly every question has an answer that is neither nothing nor everything.
  #expect(findingCount > 25)
}
