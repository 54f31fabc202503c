import Access
import Platform
import VaultFormat

/// What each user may do, as the rights and the user's groups stand: made once, and again when either changes or time does.
final class ViewCache: @unchecked Sendable {
  private struct Entry {
    let subject: Subject
    let view: SubjectView
  }

  /// Sharded by uid; `entries[i]` belongs to `locks[i]`.
  private static let shardCount = 16
  private let locks: [Lock] = (0..<shardCount).map { _ in Lock() }
  private let entries: UnsafeMutablePointer<[UInt32: Entry]>

  init() {
    entries = .allocate(capacity: Self.shardCount)
    entries.initialize(repeating: [:], count: Self.shardCount)
  }

  deinit {
    entries.deinitialize(count: Self.shardCount)
    entries.deallocate()
  }

  func view(of subject: Subject, in rights: RightsTable, now: Int64) -> SubjectView {
    let uid = subject.user.id
    let shard = Int(uid) % Self.shardCount
    let known = locks[shard].withLock { entries[shard][uid] }
    if let known, known.subject === subject, known.view.table.hasSameRules(as: rights), known.view.isValid(at: now) {
      return known.view
    }
    let view = rights.view(for: subject, now: now)
    let entry = Entry(subject: subject, view: view)
    locks[shard].withLock {
      if entries[shard].count > 4096 { entries[shard] = [:] }
      entries[shard][uid] = entry
    }
    return view
  }
}
