import Control
import Trail
import VaultFormat

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

  var isBroken: Bool { if case .broken = report.verdict { true } else { false } }

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
}
