import Control
import Trail
import VaultFormat

/// For programs.
extension LogVerdict {
  /// For programs; names never change.
  var object: JSONObject {
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
