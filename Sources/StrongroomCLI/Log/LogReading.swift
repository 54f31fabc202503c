import Control
import Trail
import VaultFormat

/// What a reading of the trail saw: what its last line says.
package struct LogTally: Sendable, Equatable {
  /// Records on display, folded or one by one.
  package var shown: UInt64 = 0
  /// Records that the filter lets through.
  package var matching: UInt64 = 0
  /// Records that were read.
  package var records: UInt64 = 0
  /// The first and the last frame whose place in the chain was checked.
  package var begin: UInt64?
  package var end: UInt64?
  package var sealedToOthers: [UInt64] = []
  package var isTorn = false
  /// The first broken place.
  package var broken: CommandFailure?
  /// Users whose groups the system does not know today.
  package var unknownUsers: [UInt32] = []
}

/// One reading of a trail by a reviewer: finds it, opens the identity, tells the mount, walks, and tells how it went.
struct LogReading {
  let context: CommandContext
  let place: TrailPlace
  let identity: ReviewerIdentity
  let path: String

  /// Everything that can be refused comes before the first record.
  static func open(
    _ path: String, _ options: IdentityOptions, command: String, filters: [String: String], in context: CommandContext
  ) throws(CommandFailure) -> LogReading {
    let place = try TrailPlace.find(path)
    let identity = try options.open()
    try place.tellMount(command, identity.fingerprint, filters, in: context)
    return LogReading(context: context, place: place, identity: identity, path: path)
  }

  /// Walks the trail and hands over every record of the segments that `filter` can reach, with whether it matches.
  ///
  /// - Parameters:
  ///   - countsRestated: whether a handle's OPEN that was repeated at the start of a segment counts as a record that matches.
  ///   - wait: see `TrailReader.forEach`.
  ///   - isWanted: what the filter cannot say; asked for what it lets through.
  ///   - take: returns false to end the walk. The record dies when it returns.
  /// - Throws: what is not damage of the trail; damage is in the tally, with the records before it handed over.
  func walk(
    _ filter: LogFilter, countsRestated: Bool = false, wait: (() -> Bool)? = nil, isWanted: ((LogEntry) -> Bool)? = nil,
    _ take: (inout LogStep, _ isMatch: Bool) -> Bool
  ) throws(CommandFailure) -> LogTally {
    let matcher = LogMatcher(filter)
    var handles = HandleTable()
    var tally = LogTally()
    var summary = TrailReader.Summary()
    do throws(TrailError) {
      try TrailReader(place.folder, identity: identity).forEach(
        from: filter.since?.nanoseconds ?? .min, to: filter.until?.nanoseconds ?? .max, wholeSegments: true, into: &summary,
        wait: wait
      ) { (raw) throws(TrailError) in
        var step = handles.follow(raw, for: matcher)
        var isMatch = matcher.matches(step)
        if isMatch, let isWanted { isMatch = isWanted(step.entry()) }
        if isMatch, countsRestated || !step.isRestated { tally.matching += 1 }
        return take(&step, isMatch)
      }
    } catch {
      guard case .damaged = error else { throw CommandFailure(error, trail: path) }
      tally.broken = CommandFailure(error, trail: path)
    }
    tally.records = summary.recordCount
    tally.begin = summary.begin
    tally.end = summary.end?.sequence
    tally.sealedToOthers = summary.sealedToOthers
    tally.isTorn = summary.isTorn
    tally.unknownUsers = matcher.unknownUsers.sorted()
    if summary.openedCount == 0, !summary.sealedToOthers.isEmpty, tally.broken == nil {
      throw CommandFailure(.wrongSecret, .wrongIdentity, ["label": identity.key.label], hint: .wrongIdentity)
    }
    return tally
  }

  /// The same, and hands over the records that match, which alone are made.
  func walkMatches(
    _ filter: LogFilter, countsRestated: Bool = false, _ take: (LogEntry) -> Void
  ) throws(CommandFailure) -> LogTally {
    try walk(filter, countsRestated: countsRestated) { step, isMatch in
      if isMatch { take(step.entry()) }
      return true
    }
  }

  /// The last line: how much is on display of how much there is. Returns how the command ends.
  /// - Throws: `trail-broken`, after the line.
  func conclude(_ tally: LogTally, json: Bool, onOutput: Bool = true) throws(CommandFailure) -> ExitCode {
    let console = context.console
    if json {
      let line = Self.object(tally).line
      if onOutput { console.print(line) } else { console.remark(json: line) }
    } else {
      if !tally.unknownUsers.isEmpty {
        console.warn(Message(LogText.unknownUsers, ["uids": tally.unknownUsers.map { String($0) }.joined(separator: ", ")]))
      }
      if !tally.sealedToOthers.isEmpty {
        console.warn(Message(LogText.sealedToOthers, ["segments": Self.ranges(tally.sealedToOthers)]))
      }
      if tally.isTorn { console.warn(Message(LogText.tornTail)) }
      var arguments = [
        "shown": String(tally.shown), "matching": String(tally.matching), "records": String(tally.records),
        "end": tally.end.map { "#\($0)" } ?? "-",
      ]
      if let begin = tally.begin, begin > 1 {
        arguments["begin"] = "#\(begin)"
        console.remark(Message(LogText.tallyFrom, arguments))
      } else {
        console.remark(Message(LogText.tally, arguments))
      }
    }
    if let broken = tally.broken { throw broken }
    return tally.sealedToOthers.isEmpty && tally.unknownUsers.isEmpty ? .done : .findings
  }

  private static func object(_ tally: LogTally) -> JSONObject {
    var inner = JSONObject()
    inner.set("shown", tally.shown)
    inner.set("matching", tally.matching)
    inner.set("records", tally.records)
    inner.set("verified_from", tally.begin)
    inner.set("verified_to", tally.end)
    inner.set("torn", tally.isTorn)
    if !tally.sealedToOthers.isEmpty { inner.set("sealed_to_others", ranges(tally.sealedToOthers)) }
    if !tally.unknownUsers.isEmpty { inner.set("unknown_uids", tally.unknownUsers.map { String($0) }) }
    if let broken = tally.broken { inner.set("broken", broken.message.arguments["place"]) }
    var object = JSONObject()
    object.set("summary", inner)
    return object
  }

  /// `1-3, 7`
  static func ranges(_ numbers: [UInt64]) -> String {
    var parts: [ClosedRange<UInt64>] = []
    for number in numbers {
      if let last = parts.last, last.upperBound + 1 == number {
        parts[parts.count - 1] = last.lowerBound...number
      } else {
        parts.append(number...number)
      }
    }
    return parts.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ", ")
  }
}

extension ReviewerIdentity {
  /// As headers and lists of reviewers name it.
  var fingerprint: String { TrailReviewers.fingerprint(of: publicKey) }
}
