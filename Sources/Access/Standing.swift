package import VaultFormat

/// What one subject may at one folder, and which rules say so. Plain memory, no references: cheap to keep and to copy.
package struct Standing: Sendable, Hashable {
  /// What is left after boundaries, barriers and a missing `list`.
  package let rights: Rights
  /// A folder strictly beneath carries a grant that makes it visible to the subject. Never true at or below a barrier.
  package let isVisibleBeneath: Bool
  /// From this wall time on (nanoseconds) time alone may have changed it; `Int64.max` for never.
  package let validUntil: Int64

  private let isRoot: Bool
  private let given: GrantsByRight
  private let barrierValue: UInt64

  init(_ tally: Tally, isRoot: Bool, isVisibleBeneath: Bool, validUntil: Int64) {
    rights = tally.rights
    self.isVisibleBeneath = isVisibleBeneath
    self.validUntil = validUntil
    self.isRoot = isRoot
    given = tally.given
    barrierValue = tally.barrier
  }

  private init(_ other: Standing) {
    rights = other.rights
    isVisibleBeneath = false
    validUntil = other.validUntil
    isRoot = false
    given = other.given
    barrierValue = other.barrierValue
  }

  /// The same, for a folder below the anchor that is no anchor itself: what is visible beneath the anchor lies elsewhere.
  package var ofFolderBelow: Standing { Standing(self) }

  /// No rights and not visible: the answer where nothing is known, as of a folder that is no anchor.
  package static let nothing = Standing(Tally(), isRoot: false, isVisibleBeneath: false, validUntil: .max)

  /// The live barrier (the lowest) that leaves nothing here.
  package var barrier: RuleID? { barrierValue == GrantsByRight.none ? nil : RuleID(barrierValue) }

  /// Has `list` or `grant`, or is bare chain. The root always is.
  package var isVisible: Bool { isVisibleForItself || isVisibleBeneath || isRoot }

  /// Shown only for what lies beneath: lookup, constant attributes, visible children, nothing else.
  package var isBareChain: Bool { !isVisibleForItself && (isVisibleBeneath || isRoot) }

  private var isVisibleForItself: Bool { !rights.isDisjoint(with: .seeing) }

  /// Whether all of `asked` is held.
  @inline(__always)
  package func allows(_ asked: Rights) -> Bool { rights.isSuperset(of: asked) }

  /// What decides about `asked`, for the trail. Allocates nothing.
  ///
  /// `.grant`: the lowest grant that gives the right; of several rights asked, the one for the last in the order of `Rights.named`.
  /// `.barrier`: the lowest that stands in the way. `.missing`: the first right that nothing gives, or `list` where only that keeps a
  /// right from counting. `.open` when no right is asked.
  package func decision(for asked: Rights) -> Record.Decision {
    if asked.isEmpty { return .open }
    if let barrier { return .barrier(barrier) }
    let missing = asked.subtracting(rights)
    if let first = missing.first {
      return .missing(given.lowest(for: first) == nil ? first : .list)
    }
    guard let last = asked.last, let grant = given.lowest(for: last) else { return .missing(asked) }
    return .grant(grant)
  }
}

extension Rights {
  /// The single right with the lowest bit; nil for none.
  var first: Rights? { rawValue == 0 ? nil : Rights(rawValue: rawValue & ~(rawValue &- 1)) }

  /// The single right with the highest bit; nil for none.
  var last: Rights? { rawValue == 0 ? nil : Rights(rawValue: 0x80 >> UInt8(rawValue.leadingZeroBitCount)) }
}
