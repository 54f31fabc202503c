import ArgumentParser
import Control
import Trail
import VaultFormat

struct LogVerify: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("verify", .logVerify) }

  @Argument(help: ArgumentHelp(.trailArgument)) var trail: String
  @Option(help: ArgumentHelp(.genesis, value: "key")) var genesis: String?
  @Option(help: ArgumentHelp(.end)) var end: String?
  @Option(help: ArgumentHelp(.anchor, value: "file")) var anchor: String?
  @Option(help: ArgumentHelp(.identity, value: "file")) var identity: String?
  @Option(help: ArgumentHelp(.identityPassphraseFile, value: "file")) var identityPassphraseFile: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let place = try TrailPlace.find(trail, isExpected: genesis != nil || end != nil || anchor != nil)
    var verifier = TrailVerifier(place.folder)
    if let genesis {
      guard let key = Hex.decode(genesis), key.count == 32 else {
        throw CommandFailure(.usage, .badGenesis, ["value": genesis], hint: .genesis)
      }
      verifier.genesis = key
    }
    if let end {
      guard let point = ChainPoint(end) else { throw CommandFailure(.usage, .badEnd, ["value": end]) }
      verifier.end = point
    }
    verifier.anchorPath = anchor
    if let identity {
      let reviewer = try IdentityFileReader.open(identity, passphraseFile: identityPassphraseFile)
      try place.tellMount("verify", reviewer.fingerprint, [:], in: context)
      verifier.identity = reviewer
    }
    let progress = LogProgress(context.console)
    verifier.progress = { progress.show($0, of: $1) }
    let report: TrailReport
    do throws(TrailError) { report = try verifier.verify() } catch {
      progress.clear()
      throw CommandFailure(error, trail: trail)
    }
    progress.clear()
    return try LogVerdict(console: context.console, report: report, options: verifier).show()
  }
}

/// How far it is, on a terminal alone, on one line that is written over.
final class LogProgress {
  private let console: Console
  private var isShown = false

  init(_ console: Console) { self.console = console }

  func show(_ done: UInt64, of total: UInt64) {
    guard console.isErrorTerminal, !console.isQuiet, !console.isJSON, total > 64 << 20 else { return }
    isShown = true
    console.progress(console.text(.verifying, ["done": String(done >> 20), "total": String(total >> 20)]))
  }

  func clear() {
    if isShown { console.progress("") }
    isShown = false
  }
}

/// The verifier's report for people or programs, and how the command ends.
struct LogVerdict {
  let console: Console
  let report: TrailReport
  let options: TrailVerifier

  /// 0 where the trail is whole, 3 where it is consistent and not everything was established.
  /// - Throws: `trail-broken` (13) with the first broken place; what was checked before it is shown. `wrong-identity` (12).
  func show() throws(CommandFailure) -> ExitCode {
    if console.isJSON { console.print(object.line) } else { showLines() }
    switch report.verdict {
    case .whole: return try checkIdentity(.done)
    case .consistent: return try checkIdentity(.findings)
    case .broken(let place): throw CommandFailure(.trailBroken, .trailBroken, ["place": place.description])
    }
  }

  private func checkIdentity(_ code: ExitCode) throws(CommandFailure) -> ExitCode {
    if let identity = options.identity, report.recordCount > 0, report.openedCount == 0 {
      throw CommandFailure(.wrongSecret, .wrongIdentity, ["label": identity.key.label], hint: .wrongIdentity)
    }
    return code
  }

  private func showLines() {
    console.print(
      console.text(
        .verifyCounts,
        [
          "segments": String(report.segmentCount), "records": String(report.recordCount), "marks": String(report.markCount),
          "checkpoints": String(report.checkpointCount),
        ]))
    if let end = report.end { console.print(console.text(.verifyChain, ["end": end.description])) }
    if let signed = report.signedPoint, let epoch = report.epoch {
      console.print(console.text(.verifySigned, ["sequence": String(signed.sequence), "epoch": String(epoch)]))
    } else {
      console.print(console.text(.verifyUnsigned))
    }
    if options.identity != nil {
      console.print(
        console.text(.verifyOpened, ["count": String(report.openedCount), "records": String(report.recordCount)]))
    }
    showEnds()
    if report.skippedAnchorLineCount > 0 {
      console.print(console.text(.verifyAnchorLinesSkipped, ["count": String(report.skippedAnchorLineCount)]))
    }
    for finding in findings { console.print(console.colour("- " + text(finding), .yellow, on: .output)) }
    switch report.verdict {
    case .whole: console.print(console.colour(console.text(.verdictWhole), .green, on: .output))
    case .consistent: console.print(console.colour(console.text(.verdictConsistent), .yellow, on: .output))
    // The error says it.
    case .broken: break
    }
  }

  private func showEnds() {
    if isBroken { return }
    if options.genesis != nil {
      console.print(console.text(.verifyOrigin))
    } else if let key = report.firstPublicKey {
      console.print(console.text(.verifyOriginClaimed, ["key": Hex.encode(key)]))
    } else {
      console.print(console.text(.verifyOriginUnknown))
    }
    if let through = report.establishedThrough {
      console.print(console.text(.verifyEnd, ["sequence": String(through)]))
    } else if let end = report.end {
      console.print(console.text(.verifyEndUnknown, ["end": end.description]))
    }
  }

  private var isBroken: Bool { if case .broken = report.verdict { true } else { false } }

  /// Without the two that have lines of their own.
  private var findings: [TrailReport.Finding] {
    guard case .consistent(let findings) = report.verdict else { return [] }
    return findings.filter { $0 != .originNotEstablished && $0 != .endNotEstablished }
  }

  private func text(_ finding: TrailReport.Finding) -> String {
    switch finding {
    case .originNotEstablished: console.text(.findingOrigin)
    case .endNotEstablished: console.text(.findingEnd)
    case .unsigned(let from, let through, let isLast):
      console.text(isLast ? .findingUnsignedLast : .findingUnsigned, ["from": String(from), "through": String(through)])
    case .endedWithoutClosing(let after): console.text(.findingUnclosed, ["after": String(after)])
    case .dropped(let segment, let count): console.text(.findingDropped, ["segment": String(segment), "bytes": String(count)])
    case .torn(let segment, let count): console.text(.findingTorn, ["segment": String(segment), "bytes": String(count)])
    case .unsure(let segment, let count): console.text(.findingUnsure, ["segment": String(segment), "bytes": String(count)])
    case .resumed(let segment): console.text(.findingResumed, ["segment": String(segment)])
    case .restored(let segment, let after, let count, let by, let reason):
      console.text(
        by == nil ? .findingRestored : .findingRestoredBy,
        [
          "segment": String(segment), "after": String(after), "count": String(count), "operator": Escaping.shown(by ?? ""),
          "reason": Escaping.shown(reason ?? ""),
        ])
    case .clockSetBack(let sequence, let seconds):
      console.text(.findingClock, ["sequence": String(sequence), "seconds": String(seconds)])
    case .sealedToOthers(let segments): console.text(.findingOthers, ["segments": LogReading.ranges(segments)])
    case .foreignFile(let name): console.text(.findingForeign, ["name": name])
    }
  }

  /// For programs; names never change.
  private var object: JSONObject {
    var object = JSONObject()
    switch report.verdict {
    case .whole: object.set("verdict", "whole")
    case .consistent: object.set("verdict", "consistent")
    case .broken(let place):
      object.set("verdict", "broken")
      var inner = JSONObject()
      inner.set("segment", place.segment)
      inner.set("sequence", place.sequence)
      inner.set("byte", place.byte)
      inner.set("what", place.what)
      object.set("broken", inner)
    }
    object.set("segments", report.segmentCount)
    object.set("bytes", report.byteCount)
    object.set("records", report.recordCount)
    object.set("marks", report.markCount)
    object.set("checkpoints", report.checkpointCount)
    object.set("end", report.end?.description)
    object.set("signed", report.signedPoint?.description)
    object.set("epoch", report.epoch)
    object.set("genesis", report.firstPublicKey.map { Hex.encode($0) })
    object.set("origin_established", options.genesis != nil && !isBroken)
    object.set("established_through", report.establishedThrough)
    if report.skippedAnchorLineCount > 0 { object.set("anchor_lines_skipped", report.skippedAnchorLineCount) }
    object.set("begin", report.begin.map { LogWords.time($0) })
    object.set("last_checkpoint", report.lastCheckpointWall.map { LogWords.time($0) })
    if options.identity != nil { object.set("opened", report.openedCount) }
    if case .consistent(let findings) = report.verdict {
      object.set("findings", value: .array(findings.map { .object(Self.object($0)) }))
    }
    return object
  }

  private static func object(_ finding: TrailReport.Finding) -> JSONObject {
    var object = JSONObject()
    switch finding {
    case .originNotEstablished: object.set("kind", "origin-not-established")
    case .endNotEstablished: object.set("kind", "end-not-established")
    case .unsigned(let from, let through, let isLast):
      object.set("kind", "unsigned")
      object.set("from", from)
      object.set("through", through)
      object.set("last", isLast)
    case .endedWithoutClosing(let after):
      object.set("kind", "ended-without-closing")
      object.set("after", after)
    case .dropped(let segment, let count): set("dropped", segment, count)
    case .torn(let segment, let count): set("torn", segment, count)
    case .unsure(let segment, let count): set("unsure", segment, count)
    case .resumed(let segment): set("resumed", segment, nil)
    case .restored(let segment, let after, let count, let by, let reason):
      set("restored", segment, nil)
      object.set("after", after)
      object.set("left_behind", count)
      object.set("operator", by)
      object.set("reason", reason)
    case .clockSetBack(let sequence, let seconds):
      object.set("kind", "clock-set-back")
      object.set("sequence", sequence)
      object.set("seconds", seconds)
    case .sealedToOthers(let segments):
      object.set("kind", "sealed-to-others")
      object.set("segments", LogReading.ranges(segments))
    case .foreignFile(let name):
      object.set("kind", "foreign-file")
      object.set("name", name)
    }
    return object

    func set(_ kind: String, _ segment: UInt64, _ byteCount: UInt64?) {
      object.set("kind", kind)
      object.set("segment", segment)
      object.set("bytes", byteCount)
    }
  }
}
