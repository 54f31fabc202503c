import Synchronization
package import VaultFormat

/// How often one grant decided, and when it last did. The same object in every table that holds the grant; counted from any thread, without
/// a lock and without allocating.
package final class GrantUse: Sendable {
  private let count: Atomic<UInt64>
  /// In minutes since 1970; 0 for never.
  private let lastMinute: Atomic<Int64>
  /// What was last handed to be stored.
  private let storedCount: Atomic<UInt64>
  private let storedMinute: Atomic<Int64>

  private static let minute: Int64 = 60_000_000_000

  /// - Parameter stored: what the catalog holds; nil for nothing.
  package init(stored: Use? = nil) {
    count = Atomic(stored?.count ?? 0)
    lastMinute = Atomic((stored?.last ?? 0) / Self.minute)
    storedCount = Atomic(stored?.count ?? 0)
    storedMinute = Atomic((stored?.last ?? 0) / Self.minute)
  }

  /// Nil where it was never used.
  package var use: Use? {
    let count = count.load(ordering: .relaxed)
    let last = lastMinute.load(ordering: .relaxed)
    return count == 0 && last == 0 ? nil : Use(count: count, last: last * Self.minute)
  }

  /// It decided at `now`, wall nanoseconds: once more, or (`times` 0) still.
  @inline(__always)
  package func note(_ now: Int64, times: UInt64) {
    if times > 0 { count.add(times, ordering: .relaxed) }
    let minute = now / Self.minute
    // Two threads at the turn of a minute may leave the earlier one: it is right again at the next use.
    if lastMinute.load(ordering: .relaxed) < minute { lastMinute.store(minute, ordering: .relaxed) }
  }

  /// What is to be stored; nil where that is what was handed out last. For one thread at a time.
  package func takeChanged() -> Use? {
    guard let use else { return nil }
    let minute = use.last / Self.minute
    guard use.count != storedCount.load(ordering: .relaxed) || minute != storedMinute.load(ordering: .relaxed) else { return nil }
    storedCount.store(use.count, ordering: .relaxed)
    storedMinute.store(minute, ordering: .relaxed)
    return use
  }
}

extension RightsTable {
  /// A grant decided about an operation that is done now: once more, or (`times` 0) still. Other decisions count for nobody.
  @inline(__always)
  package func noteUse(_ decision: Record.Decision?, now: Int64, times: UInt64 = 1) {
    if case .grant(let id) = decision { uses[id]?.note(now, times: times) }
  }
}
