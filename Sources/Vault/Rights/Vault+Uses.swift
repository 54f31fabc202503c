import Access
import Catalog
import Platform
import Synchronization
import VaultFormat

/// How often grants decided. Counted in memory by whoever is judged, stored by a commit of its own once a minute, or with the last one of
/// all; a crash loses the figures since, and nothing else.
extension Vault {
  /// Whether figures are to go with the next commit.
  var areUsesDue: Bool {
    useTimes.isWanted.load(ordering: .relaxed)
      || Clock.boot() - useTimes.lastStored.load(ordering: .relaxed) >= settings.useIntervalNanoseconds
  }

  /// Has the next commit store what changed. On the committing thread alone.
  func gatherUses() {
    guard areUsesDue else { return }
    useTimes.isWanted.store(false, ordering: .relaxed)
    useTimes.lastStored.store(Clock.boot(), ordering: .relaxed)
    let changed = tree.withLock { rules.uses }.compactMap { id, use in use.takeChanged().map { (RowKey(.use, id.value), $0) } }
    guard !changed.isEmpty else { return }
    tree.withLock {
      // A grant that is about to go takes its figures with it.
      for (key, use) in changed where committer.rules[key] == nil { committer.rules[key] = .some(use.encode()) }
    }
  }

  /// Has the next commit store all figures, due or not.
  package func storeUses() { useTimes.isWanted.store(true, ordering: .relaxed) }

  /// Says since when this vault counts, where it has never counted. For the next commit.
  func beginCounting() {
    let now = latestTime()
    tree.withLock {
      guard rules.countedSince == nil else { return }
      rules.countedSince = now
      committer.rules[Self.countingKey] = .some(Use(count: 0, last: now).encode())
    }
  }

  /// No rule has this number.
  static let countingKey = RowKey(.use, 0)
}

/// When figures were last stored.
final class UseTimes: Sendable {
  /// Boot clock.
  let lastStored = Atomic<Int64>(Clock.boot())
  let isWanted = Atomic<Bool>(false)
}
