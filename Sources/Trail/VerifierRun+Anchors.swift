import VaultFormat

/// What anchors were told, and what of it a restoration left behind.
extension VerifierRun {
  /// Every anchor names a checkpoint that is there, in order.
  mutating func checkAnchors(_ next: Checkpoint, _ point: ChainPoint) throws(Stop) {
    guard let anchors else { return }
    while let line = anchors.line, line.epoch <= next.epoch {
      if line.vault == next.vault, line.epoch == next.epoch, line.point == point {
        report.establishedThrough = point.sequence
        restored?.isOpen = false
      } else {
        guard let restored, restored.isOpen, line.vault == next.vault else {
          throw broken("not the checkpoint that an anchor was told")
        }
        var count: UInt64 = 0
        do throws(TrailError) { count = try anchors.skipRun() } catch { throw stop(error) }
        tellRestored(leftBehind: max(count, 1))
        if count > 0 { continue }
      }
      do throws(TrailError) { try anchors.advance() } catch { throw stop(error) }
    }
  }

  /// What anchors were told by what came after the copy was made is not to be met; what they are told from here on is.
  mutating func noteRestored(_ header: SegmentHeader) throws(Stop) {
    var leftBehind: UInt64 = 0
    if let anchors {
      do throws(TrailError) { leftBehind = try anchors.skipRun(to: report.epoch.map { $0 + 1 } ?? 0) } catch { throw stop(error) }
    }
    let after = previous.point.sequence
    restored = Restored(after: after, index: findings.count, isOpen: true)
    findings.append(.restored(segment: header.number, after: after, leftBehind: leftBehind, operator: nil, reason: nil))
  }

  /// Fills in what is known of the last restoration later.
  mutating func tellRestored(leftBehind more: UInt64 = 0, record: Record? = nil) {
    guard let restored, case .restored(let segment, let after, let count, var by, var reason) = findings[restored.index] else {
      return
    }
    if let record {
      by = by ?? record.actor.map { $0.name.isEmpty ? "uid \($0.uid)" : $0.name }
      reason = reason ?? record.details.first { $0.key == "reason" }?.value
    }
    findings[restored.index] = .restored(segment: segment, after: after, leftBehind: count + more, operator: by, reason: reason)
  }

  /// No anchor is left, but for those of what a restored copy left behind.
  mutating func concludeAnchors() throws(Stop) {
    guard let anchors else { return }
    while let line = anchors.line {
      guard let restored, restored.isOpen else {
        throw broken("the trail ends before the anchor of frame #\(line.point.sequence)")
      }
      tellRestored(leftBehind: 1)
      do throws(TrailError) { try anchors.advance() } catch { throw stop(error) }
    }
    if let line = anchors.nextRun { throw broken("anchors name another trail, which went on from epoch \(line.epoch)") }
  }
}
