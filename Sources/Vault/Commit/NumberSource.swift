import Platform
import VaultFormat

/// Hands out numbers of nodes, rules, row versions and packs, each only below what is reserved on disk.
final class NumberSource: @unchecked Sendable {
  private static let nodeStep: UInt64 = 1 << 16
  private static let ruleStep: UInt64 = 1 << 10
  private static let versionStep: UInt64 = 1 << 21
  private static let packStep: UInt64 = 1 << 8
  /// So many packs a commit may begin by sealing, and more.
  private static let packCountMin: UInt64 = 1 << 4

  private let lock = Lock()
  private var next: Counters
  /// What the catalog has promised us.
  private var reserved: Counters
  /// Asked for by `nextReservation`, not yet on disk.
  private var asked: Counters?
  /// Waits for a commit that reserves more nodes or rules; set once, before the first number is taken.
  var hurry: @Sendable () throws(VaultError) -> Void = {}

  /// - Parameter stored: the limits on disk; numbers below them may be in use.
  init(stored: Counters) {
    next = stored
    reserved = stored
  }

  /// Limits beyond what can have been handed out after a copy was made, within some hundred restorations: a number in a trail or a pack of evidence
  /// from then is not to mean something else.
  static func pastRestored(_ stored: Counters) -> Counters {
    Counters(
      node: stored.node + (1 << 28), rule: stored.rule + (1 << 20), rowVersion: stored.rowVersion + (1 << 40),
      pack: stored.pack + (1 << 16))
  }

  /// Whether the next commit should reserve more.
  var needsReservation: Bool { lock.withLock { isRunningLow } }

  /// Whether a commit must reserve packs before it seals.
  var isShortOfPacks: Bool { lock.withLock { next.pack + Self.packCountMin > reserved.pack } }

  /// Under the lock.
  private var isRunningLow: Bool {
    next.node + Self.nodeStep / 2 > reserved.node || next.rule + Self.ruleStep / 2 > reserved.rule
      || next.rowVersion + Self.versionStep / 2 > reserved.rowVersion || next.pack + Self.packStep / 2 > reserved.pack
  }

  /// The limits that the commit now being prepared should write, or nil when there is no need.
  func nextReservation() -> Counters? {
    lock.withLock {
      guard isRunningLow else { return nil }
      let fresh = Counters(
        node: next.node + Self.nodeStep, rule: next.rule + Self.ruleStep, rowVersion: next.rowVersion + Self.versionStep,
        pack: next.pack + Self.packStep)
      asked = fresh
      return fresh
    }
  }

  /// The limits last asked for are on disk.
  func reservationCommitted() {
    lock.withLock {
      if let asked { reserved = asked }
      asked = nil
    }
  }

  func nextNode() throws(VaultError) -> NodeID {
    let id = NodeID(try take(\.node))
    guard id <= .greatest else { throw .exhausted }
    return id
  }

  func nextRule() throws(VaultError) -> RuleID { RuleID(try take(\.rule)) }

  /// Never waits: whoever seals holds a document, the gate or a task that a commit needs.
  /// - Throws: `exhausted`, until a commit has reserved more.
  func nextPack() throws(VaultError) -> PackNumber {
    guard let number = draw(\.pack), let number = UInt32(exactly: number) else { throw .exhausted }
    return PackNumber(number)
  }

  /// Drawn by the committing thread, which cannot wait for itself: a commit has fewer rows than the half step kept in reserve. The
  /// first commit after unlocking writes the first reservation, and its own versions lie in the range that it reserves.
  func nextVersion() -> RowVersion {
    lock.withLock {
      defer { next.rowVersion += 1 }
      return RowVersion(next.rowVersion)
    }
  }

  private func take(_ counter: WritableKeyPath<Counters, UInt64>) throws(VaultError) -> UInt64 {
    while true {
      if let number = draw(counter) { return number }
      try hurry()
    }
  }

  /// Nil where none is reserved.
  private func draw(_ counter: WritableKeyPath<Counters, UInt64>) -> UInt64? {
    lock.withLock {
      guard next[keyPath: counter] < reserved[keyPath: counter] else { return nil }
      defer { next[keyPath: counter] += 1 }
      return next[keyPath: counter]
    }
  }
}
