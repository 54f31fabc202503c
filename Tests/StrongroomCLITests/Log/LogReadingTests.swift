import Access
import Control
import Foundation
import Glibc
import Platform
import Sodium
import Synchronization
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

private func entry(_ handles: inout HandleTable, _ record: Record, _ sequence: UInt64 = 1) -> LogEntry {
  handles.complete(segment: 1, sequence: sequence, record)
}

/// Hands records over as a walk does: from their bytes, one after the other.
struct Steps {
  let matcher: LogMatcher
  var handles = HandleTable()
  private let base = Record.TimeBase(wall: 1_000, boot: 1_000)

  init(_ matcher: LogMatcher = LogMatcher(LogFilter())) { self.matcher = matcher }

  mutating func take<Result>(
    _ record: Record, _ sequence: UInt64 = 1, segment: UInt64 = 1, _ body: (inout LogStep) throws -> Result
  ) rethrows -> Result {
    let bytes = record.encode(base: base)!
    return try bytes.withUnsafeBytes { bytes in
      let parsed = try! RawRecord(parsing: bytes, base: base)
      var step = handles.follow(TrailReader.RawEntry(segment: segment, sequence: sequence, record: parsed), for: matcher)
      return try body(&step)
    }
  }
}

@Test func handlesAreForgottenWhenTheyAreClosedOrTheirRunEnds() {
  var handles = HandleTable()
  _ = entry(&handles, TrailFixture.open(1, TrailFixture.lin, TrailFixture.wang, size: 1))
  #expect(entry(&handles, TrailFixture.read(1, 0, 1)).record.actor?.name == "lin")
  // Another run numbers its handles anew.
  _ = entry(&handles, Record(.mount))
  #expect(handles.count == 0)
  #expect(entry(&handles, TrailFixture.read(1, 0, 1)).record.actor == nil)
  _ = entry(&handles, TrailFixture.open(1, TrailFixture.bob, TrailFixture.odd, size: 1))
  #expect(entry(&handles, TrailFixture.read(1, 0, 1)).record.object?.path == TrailFixture.odd)
  let release = entry(&handles, TrailFixture.release(1, TrailFixture.bob, read: 0, distinct: 0))
  #expect(release.record.object?.path == TrailFixture.odd && release.record.actor?.program == "/usr/bin/cat")
  #expect(handles.count == 0)
}

/// Whether a record is completed where it lies or after it was copied.
@Test func aUseOfAHandleIsTheSameHoweverItIsRead() throws {
  var records: [Record] = []
  var write = TrailFixture.read(2, 7, 9, returned: 3)
  write.action = .write
  var pages = TrailFixture.read(1, 0, 4096)
  pages.action = .pages
  var foreign = TrailFixture.read(1, 50, 50)
  foreign.actor = TrailFixture.bob
  foreign.opener = TrailFixture.lin
  var failed = TrailFixture.read(1, 0, 50, returned: 0)
  failed.outcome = .failed
  failed.errno = EIO
  var restated = TrailFixture.open(1, TrailFixture.bob, TrailFixture.odd, size: 1)
  restated.details.append(Record.Detail("restated", "true"))
  // A use of what nobody opened; another use between two of one handle; a handle that is opened anew, closed, or ends with its run.
  records += [TrailFixture.read(1, 0, 1), TrailFixture.open(1, TrailFixture.lin, TrailFixture.wang, size: 1)]
  records += [TrailFixture.open(2, TrailFixture.bob, TrailFixture.odd, size: 2), TrailFixture.read(1, 0, 1), write]
  records += [
    TrailFixture.read(1, 1, 1), pages, foreign, TrailFixture.read(1, 2, 1), failed, TrailFixture.read(1, 3, 1), restated,
  ]
  records += [
    TrailFixture.read(1, 4, 1), TrailFixture.release(1, TrailFixture.bob, read: 0, distinct: 0), TrailFixture.read(1, 5, 1),
  ]
  records += [write, Record(.mount), write, TrailFixture.open(2, TrailFixture.lin, TrailFixture.wang, size: 3), write]
  var copied = HandleTable()
  var raw = Steps()
  for (index, stamped) in records.enumerated() {
    var record = stamped
    (record.wall, record.boot) = (Int64(2_000 + index), Int64(3_000 + index))
    let expected = copied.complete(segment: 3, sequence: UInt64(index), record)
    let (entry, again) = raw.take(record, UInt64(index), segment: 3) { ($0.entry(), $0.entry()) }
    #expect(again.record == entry.record)
    #expect(entry.record == expected.record && entry.run == expected.run && entry.openerUID == expected.openerUID)
    #expect(entry.sequence == expected.sequence && entry.segment == 3 && entry.isRestated == expected.isRestated)
  }
  #expect(copied.count == raw.handles.count && copied.count == 1)
}

@Test func anotherUsersReadThroughAHandleHasItsOwnLine() {
  var steps = Steps()
  var rows: [LogRow] = []
  let fold = LogFold { rows.append($0) }
  func take(_ record: Record) { steps.take(record) { fold.take(&$0, isMatch: true) } }
  take(TrailFixture.open(1, TrailFixture.lin, TrailFixture.wang, size: 100))
  take(TrailFixture.read(1, 0, 50))
  var foreign = TrailFixture.read(1, 50, 50)
  foreign.actor = TrailFixture.bob
  foreign.opener = TrailFixture.lin
  take(foreign)
  var failed = TrailFixture.read(1, 0, 50, returned: 0)
  failed.outcome = .failed
  failed.errno = EIO
  take(failed)
  take(TrailFixture.release(1, TrailFixture.lin, read: 100, distinct: 100))
  fold.finish()
  #expect(rows.map { $0.entry.record.actor?.name } == ["lin", "bob", "lin"])
  // The handle's own count is of both: each line has what was seen of its user.
  #expect(rows[0].session?.distinctByteCount == 50 && rows[1].session?.distinctByteCount == 50)
  #expect(rows[0].recordCount == 3 && rows[1].recordCount == 1)
  // What failed is not folded away.
  #expect(rows[2].session == nil && rows[2].entry.record.outcome == .failed)
}

@Test func linesComeInTheOrderInWhichTheyBegan() {
  var steps = Steps()
  var rows: [LogRow] = []
  let fold = LogFold { rows.append($0) }
  func take(_ record: Record) { steps.take(record) { fold.take(&$0, isMatch: true) } }
  take(TrailFixture.open(1, TrailFixture.lin, TrailFixture.wang, size: 1))
  for handle in 2..<5_000 as Range<UInt64> {
    take(TrailFixture.open(handle, TrailFixture.bob, TrailFixture.odd, size: 1))
    take(TrailFixture.release(handle, TrailFixture.bob, read: 0, distinct: 0))
  }
  // A handle that stays open does not hold up the rest for ever.
  #expect(rows.count >= 4_096 && rows.allSatisfy { $0.entry.record.actor?.name == "bob" })
  fold.finish()
  #expect(rows.count == 4_999)
  #expect(rows.contains { $0.entry.record.actor?.name == "lin" && $0.session?.isReleased == false })
}

@Test(
  arguments: [
    ([(0, 10), (10, 10)], 20), ([(0, 10), (5, 10)], 15), ([(20, 5), (0, 5), (3, 20)], 25), ([(0, 10), (0, 10)], 10),
    ([(5, 0)], 0),
    ([(10, 5), (0, 5), (20, 5), (4, 17)], 25),
  ] as [([(UInt64, UInt64)], UInt64)])
func differentBytesAreCountedOnce(_ ranges: [(UInt64, UInt64)], _ count: UInt64) {
  var coverage = LogCoverage()
  for (offset, length) in ranges { coverage.insert(offset: offset, count: length) }
  #expect(coverage.byteCount == count && !coverage.isLowerBound)
}

@Test func coverageIsBoundedAndSaysSo() {
  var coverage = LogCoverage()
  for index in 0..<2_000 as Range<UInt64> { coverage.insert(offset: index * 10, count: 1) }
  #expect(coverage.byteCount == 1_024 && coverage.isLowerBound)
  #expect(LogRow.percent(99_999, of: 100_000) == 99 && LogRow.percent(0, of: 0) == 100 && LogRow.percent(1, of: 1_000) == 0)
}

@Test func groupsAreThoseOfToday() throws {
  var filter = LogFilter()
  filter.groups = ["审计"]
  let asked = Atomic<Int>(0)
  let matcher = LogMatcher(filter) { query, _ in
    asked.add(1, ordering: .relaxed)
    guard case .uid(let uid) = query else { return .unknown }
    if uid == 1000 {
      return .user(Principal(kind: .user, name: "lin", id: 1000), groups: [Principal(kind: .group, name: "审计", id: 500)])
    }
    return uid == 1001 ? .user(Principal(kind: .user, name: "bob", id: 1001), groups: []) : .unknown
  }
  let gone = Record.Actor(uid: 1002, name: "gone", pid: 1)
  var steps = Steps(matcher)
  let matched = [TrailFixture.lin, TrailFixture.bob, TrailFixture.lin, gone].map { actor in
    steps.take(TrailFixture.denial(actor, "/x", "open")) { matcher.matches($0) }
  }
  #expect(matched == [true, false, true, false])
  #expect(asked.load(ordering: .relaxed) == 3)
  // Whether someone who left was in the group is not known: the reader is told.
  #expect(matcher.unknownUsers == [1002])
}

@Test func aHandleIsKnownInLaterSegmentsToo() throws {
  let open = TrailFixture.open(1, TrailFixture.lin, TrailFixture.wang, size: 10_000)
  let fixture = try TrailFixture([], restated: [])
  var settings = TrailSettings()
  settings.segmentFrameCountMax = 20
  let writer = try fixture.writer(settings, restated: [open])
  var mount = Record(.mount)
  mount.actor = Record.Actor(uid: 0, name: "root", pid: 1)
  try writer.append(mount)
  try writer.append(open)
  for index in 0..<40 { try writer.appendRead(handle: HandleID(1), offset: UInt64(index) * 100, asked: 100, returned: 100) }
  try writer.append(TrailFixture.release(1, TrailFixture.lin, read: 4_000, distinct: 4_000))
  try writer.close()
  #expect(writer.status.segment > 3)
  let folded = fixture.log(["query", "--path", "/clients"])
  #expect(folded.code == .done, "\(folded.errors)")
  #expect(folded.output.split(separator: "\n").count == 2)
  #expect(folded.output.contains("4000/10000 40%"))
  #expect(folded.errors.hasPrefix("42 shown of 42 matching"))
  // Each of the 40 reads has its user and path, in whichever segment it stands; the OPEN that is repeated is a record, and says so.
  let raw = fixture.log(["query", "--user", "lin", "--action", "READ", "--json"]).output.split(separator: "\n")
  #expect(raw.count == 41 && raw.dropLast().allSatisfy { $0.contains("王小明") })
  let opens = fixture.log(["query", "--action", "OPEN", "--json"]).output
  #expect(opens.components(separatedBy: #""restated":"true""#).count > 2)
}

@Test func aReviewerWhoCameLaterIsToldWhatWasNotRead() throws {
  let fixture = try TrailFixture()
  let late = try ReviewerIdentity.make(label: "late")
  try late.save(to: fixture.root + "/late", passphrase: TrailFixture.secret("correct horse"), parameters: .interactive)
  let writer = try TrailWriter.open(
    in: fixture.trail, vault: vaultID, keys: fixture.keys, reviewers: [fixture.reviewer.publicKey, late.publicKey],
    settings: TrailSettings()
  ).writer
  try writer.append(TrailFixture.denial(TrailFixture.bob, "/x", "open"))
  try writer.close()
  let ran = fixture.log(
    ["query", "--raw"], identity: ["--identity", fixture.root + "/late", "--identity-passphrase-file", fixture.passphrase])
  #expect(ran.code == .findings)
  #expect(ran.errors.contains("segments 1 are not sealed to this reviewer"))
  #expect(ran.errors.contains("1 shown of 1 matching (1 read), chain verified to #"))
}

@Test func theLiveTrailIsFollowedOverRotation() throws {
  let fixture = try TrailFixture()
  var settings = TrailSettings()
  settings.segmentFrameCountMax = 20
  let writer = try fixture.writer(settings)
  var seen: [String] = []
  var waits = 0
  let place = try TrailPlace.find(fixture.root)
  let screen = Screen()
  let context = CommandContext(
    console: screen.console(), environment: [:], mountTable: { MountTable(parsing: []) }, connect: { _ in ScriptedMount() })
  let reading = LogReading(context: context, place: place, identity: fixture.reviewer, path: fixture.root)
  var filter = LogFilter()
  filter.actions = [.deny]
  var failure: (any Error)?
  let tally = try reading.walk(
    filter,
    wait: {
      waits += 1
      guard waits <= 5, failure == nil else { return false }
      do {
        for index in 0..<15 { try writer.append(TrailFixture.denial(TrailFixture.bob, "/\(waits)-\(index)", "open")) }
      } catch { failure = error }
      return true
    }
  ) { step, isMatch in
    if isMatch, let path = step.entry().record.object?.path { seen.append(PathBytes.text(path)) }
    return true
  }
  try writer.close()
  if let failure { throw failure }
  #expect(writer.status.segment > 4)
  #expect(tally.broken == nil)
  #expect(seen == ["/clients/李"] + (1...5).flatMap { round in (0..<15).map { "/\(round)-\($0)" } })
}

@Test func timesSkipSegmentsAndTheSummarySaysFromWhere() throws {
  let fixture = try TrailFixture()
  usleep(2_000)
  let now = WallTime.now().utc
  try fixture.write([TrailFixture.denial(TrailFixture.bob, "/late", "open")])
  let ran = fixture.log(["query", "--since", now, "--json"])
  #expect(ran.output.split(separator: "\n").count == 2 && ran.output.contains("/late"))
  // Within the margin of an hour for clocks that were set, both segments are read.
  #expect(ran.output.contains(#""records":15"#))
}

@Test(arguments: [Int64.min, -1, Int64.max])
func whatAForgerWritesCrashesNothing(_ wall: Int64) throws {
  var record = TrailFixture.denial(Record.Actor(uid: .max, name: "", pid: .min, program: "", loginUID: .max), "", "")
  record.wall = wall
  record.boot = wall
  record.count = .max
  record.errno = .min
  record.opener = record.actor
  record.target = Record.Object(node: .none, path: [], size: .max)
  var open = TrailFixture.open(.max, TrailFixture.lin, [], size: .max)
  open.wall = wall
  var read = TrailFixture.read(.max, .max, .max)
  read.wall = wall
  var low = TrailFixture.read(.max, 0, .max)
  low.wall = wall
  let records = [open, read, low, low, record, record, TrailFixture.release(.max, TrailFixture.lin, read: .max, distinct: .max)]
  var filter = LogFilter()
  filter.hours = WorkingHours()
  let matcher = LogMatcher(filter)
  var steps = Steps(matcher)
  let screen = Screen()
  let table = LogTable(screen.console())
  let fold = LogFold { table.add($0) }
  var use = LogUse()
  for record in records {
    let entry = steps.take(record) { step in
      fold.take(&step, isMatch: true)
      _ = matcher.matches(step)
      return step.entry()
    }
    #expect(entry.record.wall == record.wall)
    use.add(entry)
    table.add(LogRow(entry: entry))
    for format in LogFormat.allCases {
      var formatter = LogFormatter(format, vault: vaultID)
      #expect(!formatter.line(entry).isEmpty)
    }
  }
  fold.finish()
  table.flush()
  #expect(use.readByteCount == .max && use.denialCount == .max)
  // Six records, one line for the handle, two refusals, and the titles.
  #expect(screen.output.split(separator: "\n").count == records.count + 4)
}
