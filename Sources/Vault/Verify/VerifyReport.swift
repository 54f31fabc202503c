/// What a verification covered, and the worst that it found.
package struct VerifyReport: Codable, Sendable, Hashable {
  package var rowCount: UInt64 = 0
  package var documentCount: UInt64 = 0
  package var blobCount: UInt64 = 0
  package var packCount: UInt64 = 0
  /// Of content, in the clear.
  package var byteCount: UInt64 = 0
  /// Records, marks and checkpoints of the trail.
  package var trailFrameCount: UInt64 = 0
  package var noticeCount: UInt64 = 0
  package var damageCount: UInt64 = 0
  /// Whether some of the damage is the trail's.
  package var isTrailBroken = false
  /// Whether something else than the trail is damaged.
  package var isVaultDamaged = false
  /// Of `byteCount`, what an earlier run had checked, which this one went on from, and when that one began (wall nanoseconds).
  package var resumedByteCount: UInt64 = 0
  package var resumedFrom: Int64?

  package init() {}

  /// Nil where nothing was found.
  package var worst: Finding.Severity? { damageCount > 0 ? .damage : noticeCount > 0 ? .notice : nil }

  mutating func count(_ finding: Finding) {
    switch finding.severity {
    case .notice: noticeCount += 1
    case .damage:
      damageCount += 1
      if finding.kind == .trail { isTrailBroken = true } else { isVaultDamaged = true }
    }
  }
}
