import Platform
import VaultFormat

/// POSIX, OFD and flock locks of all documents, kept here because the kernel would give two users the same lock.
///
/// A lock that must wait keeps a waiter with a closure, and no thread. Owners are the kernel's: one per process (POSIX), or per open
/// file (OFD, flock).
final class LockTable: @unchecked Sendable {
  /// One lock held.
  struct Held {
    var range: LockRange
    let owner: UInt64
    let kind: LockKind
    let process: Int32
    let uid: UInt32
    let handle: HandleID
  }

  private struct Document {
    var held: [Held] = []
    var waiting: [LockWaiter] = []
    var isEmpty: Bool { held.isEmpty && waiting.isEmpty }
  }

  /// Guards the fields below. Closures of waiters run after it is let go.
  private let lock = Lock()
  private var documents: [NodeID: Document] = [:]
  /// How many ranges each user holds; none are left out.
  private var rangeCounts: [UInt32: Int] = [:]

  /// A user who holds so many ranges gets no more: what is done under `lock` takes time by their number, and everybody's FLUSH and RELEASE
  /// wait for it.
  private let rangeCountMax: Int

  init(rangeCountMax: Int = 8192) { self.rangeCountMax = rangeCountMax }

  /// Takes a lock, or says who is in the way. With `wait`, a conflict is kept and answered later through `waiter`. A flock that becomes
  /// another kind is given up first, as flock(2) says; two who both hold it shared and want it alone would otherwise wait for ever.
  /// - Returns: true when held now, false when it waits.
  /// - Throws: `wouldBlock`, `deadlock` where waiting would close a circle, or `tooManyLocks`.
  func take(_ node: NodeID, _ wanted: Held, wait waiter: LockWaiter?) throws(FSError) -> Bool {
    if wanted.range.style == .flock, holdsOtherKind(node, wanted) { drop(node, owner: wanted.owner, range: wanted.range) }
    let outcome = lock.withLock { () -> Result<Bool, FSError> in
      guard rangeCounts[wanted.uid, default: 0] < rangeCountMax else { return .failure(.tooManyLocks) }
      var document = documents[node] ?? Document()
      if conflict(in: document, wanted) == nil {
        put(wanted, into: &document)
        documents[node] = document
        return .success(true)
      }
      guard let waiter else { return .failure(.wouldBlock) }
      if wanted.range.style == .posix, closesCircle(node, wanted) { return .failure(.deadlock) }
      document.waiting.append(waiter)
      documents[node] = document
      return .success(false)
    }
    let isHeld = try outcome.get()
    // Turning an exclusive lock into a shared one can let others in.
    if isHeld { wake(node) }
    return isHeld
  }

  private func holdsOtherKind(_ node: NodeID, _ wanted: Held) -> Bool {
    lock.withLock {
      documents[node]?.held.contains { $0.range.style == .flock && $0.owner == wanted.owner && $0.kind != wanted.kind } ?? false
    }
  }

  /// The first lock that stands in the way of `wanted`; nil for none.
  func blocker(_ node: NodeID, _ wanted: Held) -> Held? {
    lock.withLock { documents[node].flatMap { conflict(in: $0, wanted) } }
  }

  /// Gives up a range of an owner's locks.
  /// - Throws: `tooManyLocks` where it lies within one and would leave two, of a user who has too many.
  func giveUp(_ node: NodeID, owner: UInt64, range: LockRange) throws(FSError) {
    let isRefused = lock.withLock { () -> Bool in
      guard var document = documents[node] else { return false }
      let around = document.held.first {
        $0.owner == owner && $0.range.style == range.style && $0.range.first < range.first && $0.range.last > range.last
      }
      if let around, rangeCounts[around.uid, default: 0] >= rangeCountMax { return true }
      cut(owner, range, from: &document)
      documents[node] = document.isEmpty ? nil : document
      return false
    }
    if isRefused { throw .tooManyLocks }
    wake(node)
  }

  /// The same, never refused.
  func drop(_ node: NodeID, owner: UInt64, range: LockRange) {
    lock.withLock {
      guard var document = documents[node] else { return }
      cut(owner, range, from: &document)
      documents[node] = document.isEmpty ? nil : document
    }
    wake(node)
  }

  /// FLUSH: all POSIX locks of an owner go, through whatever handle they were taken.
  func dropPosix(_ node: NodeID, owner: UInt64) { drop(node, owner: owner, range: .whole(.posix)) }

  /// RELEASE: the owner's flock goes, and everything that was taken through the handle.
  func release(_ node: NodeID, handle: HandleID, owner: UInt64?) {
    lock.withLock {
      guard var document = documents[node] else { return }
      document.held.removeAll { held in
        guard held.handle == handle || (held.range.style == .flock && held.owner == owner) else { return false }
        count(held.uid, -1)
        return true
      }
      documents[node] = document.isEmpty ? nil : document
    }
    wake(node)
  }

  /// Ends a wait that was interrupted. Returns false where it has been answered already.
  func cancel(_ node: NodeID, _ waiter: LockWaiter) -> Bool {
    lock.withLock {
      guard var document = documents[node], let place = document.waiting.firstIndex(where: { $0 === waiter }) else {
        return false
      }
      document.waiting.remove(at: place)
      documents[node] = document.isEmpty ? nil : document
      return true
    }
  }

  var count: Int { lock.withLock { documents.values.reduce(0) { $0 + $1.held.count } } }

  // MARK: Under the lock

  private func conflict(in document: Document, _ wanted: Held) -> Held? {
    document.held.first {
      $0.owner != wanted.owner && $0.range.style == wanted.range.style && $0.range.overlaps(wanted.range)
        && ($0.kind == .exclusive || wanted.kind == .exclusive)
    }
  }

  /// As elsewhere neighbours become one, so that who locks a document piece by piece holds few ranges.
  private func put(_ wanted: Held, into document: inout Document) {
    cut(wanted.owner, wanted.range, from: &document)
    var joined = wanted
    document.held.removeAll { held in
      guard held.owner == wanted.owner, held.kind == wanted.kind, held.handle == wanted.handle,
        held.range.style == wanted.range.style, held.range.isNext(to: wanted.range)
      else { return false }
      joined.range.first = min(joined.range.first, held.range.first)
      joined.range.last = max(joined.range.last, held.range.last)
      count(held.uid, -1)
      return true
    }
    document.held.append(joined)
    count(joined.uid, 1)
  }

  private func count(_ uid: UInt32, _ change: Int) {
    let count = rangeCounts[uid, default: 0] + change
    rangeCounts[uid] = count == 0 ? nil : count
  }

  private func cut(_ owner: UInt64, _ range: LockRange, from document: inout Document) {
    var kept: [Held] = []
    for held in document.held {
      guard held.owner == owner, held.range.style == range.style, held.range.overlaps(range) else {
        kept.append(held)
        continue
      }
      count(held.uid, -1)
      if held.range.first < range.first {
        var left = held
        left.range.last = range.first - 1
        kept.append(left)
        count(left.uid, 1)
      }
      if held.range.last > range.last {
        var right = held
        right.range.first = range.last + 1
        kept.append(right)
        count(right.uid, 1)
      }
    }
    document.held = kept
  }

  /// Whether one of those in the way waits, directly or through others, for a lock of `wanted.owner`.
  private func closesCircle(_ node: NodeID, _ wanted: Held) -> Bool {
    var toVisit = blockers(node, wanted)
    var seen: Set<UInt64> = []
    while let owner = toVisit.popLast() {
      if owner == wanted.owner { return true }
      guard seen.insert(owner).inserted else { continue }
      for (other, document) in documents {
        for waiter in document.waiting where waiter.wanted.owner == owner && waiter.wanted.range.style == .posix {
          toVisit += blockers(other, waiter.wanted)
        }
      }
    }
    return false
  }

  private func blockers(_ node: NodeID, _ wanted: Held) -> [UInt64] {
    (documents[node]?.held ?? []).filter {
      $0.owner != wanted.owner && $0.range.style == wanted.range.style && $0.range.overlaps(wanted.range)
        && ($0.kind == .exclusive || wanted.kind == .exclusive)
    }.map(\.owner)
  }

  /// Gives waiting locks that nothing stands in the way of any more, in the order they came, to those who may still have them.
  private func wake(_ node: NodeID) {
    while true {
      var isGivenBack = false
      for waiter in admit(node) {
        // Their right may have ended while they waited. Nobody else comes in before that is known.
        let failure = waiter.judge()
        if failure != nil {
          isGivenBack = true
          lock.withLock {
            guard var document = documents[node] else { return }
            cut(waiter.wanted.owner, waiter.wanted.range, from: &document)
            documents[node] = document.isEmpty ? nil : document
          }
        }
        waiter.answer(failure)
      }
      // What was given back lets others in; in a loop, since many may wait whose right has ended.
      guard isGivenBack else { return }
    }
  }

  private func admit(_ node: NodeID) -> [LockWaiter] {
    lock.withLock { () -> [LockWaiter] in
      guard var document = documents[node], !document.waiting.isEmpty else { return [] }
      var granted: [LockWaiter] = []
      var still: [LockWaiter] = []
      for waiter in document.waiting {
        if conflict(in: document, waiter.wanted) == nil {
          put(waiter.wanted, into: &document)
          granted.append(waiter)
        } else {
          still.append(waiter)
        }
      }
      document.waiting = still
      documents[node] = document.isEmpty ? nil : document
      return granted
    }
  }
}

/// Shared with other readers, or alone.
package enum LockKind: Sendable { case shared, exclusive }

/// By whose call it was taken: fcntl(2), also for open file descriptions, or flock(2). The two do not meet.
package enum LockStyle: Sendable { case posix, flock }

/// Bytes first…last of a document, inclusive; flock locks cover all.
package struct LockRange: Sendable, Hashable {
  package var first: UInt64
  package var last: UInt64
  package let style: LockStyle

  package init(first: UInt64, last: UInt64, style: LockStyle) {
    self.first = first
    self.last = last
    self.style = style
  }

  /// From the first byte to any end.
  package static func whole(_ style: LockStyle) -> LockRange { LockRange(first: 0, last: UInt64(Int64.max), style: style) }

  func overlaps(_ other: LockRange) -> Bool { first <= other.last && other.first <= last }

  /// Whether one begins where the other ends. Of two that do not overlap.
  func isNext(to other: LockRange) -> Bool { last < other.first ? other.first - last == 1 : first - other.last == 1 }
}

/// A lock that waits. Both closures are called once, from whichever thread lets it in; without the table's lock.
package final class LockWaiter: @unchecked Sendable {
  let node: NodeID
  let wanted: LockTable.Held
  /// Why its caller may not have it any more; nil where they may.
  let judge: @Sendable () -> FSError?
  /// With nil when the lock is held, else with what `judge` said.
  let answer: @Sendable (FSError?) -> Void

  init(
    node: NodeID, wanted: LockTable.Held, judge: @escaping @Sendable () -> FSError?,
    answer: @escaping @Sendable (FSError?) -> Void
  ) {
    self.node = node
    self.wanted = wanted
    self.judge = judge
    self.answer = answer
  }
}
