import Access
import Platform
import VaultFormat

/// A subject, and what the rights say of them. One object, so that a judge of one request holds one reference.
final class KnownSubject: Sendable {
  let subject: Subject
  let view: SubjectView
  /// Of the same rules as the view's table, perhaps under a later generation.
  let rights: RightsTable

  init(_ subject: Subject, view: SubjectView, rights: RightsTable) {
    self.subject = subject
    self.view = view
    self.rights = rights
  }
}

/// What each user may do, as the rights and the user's groups stand: made once, and again when either changes or time does.
final class ViewCache: @unchecked Sendable {
  /// Sharded by uid; `entries[i]` belongs to `locks[i]`.
  private static let shardCount = 16
  private let locks: [Lock] = (0..<shardCount).map { _ in Lock() }
  private let entries: UnsafeMutablePointer<[UInt32: KnownSubject]>

  init() {
    entries = .allocate(capacity: Self.shardCount)
    entries.initialize(repeating: [:], count: Self.shardCount)
  }

  deinit {
    entries.deinitialize(count: Self.shardCount)
    entries.deallocate()
  }

  /// What was kept of a subject, where that is of the rules' present generation and holds now.
  func known(_ subject: Subject, generation: UInt64, now: Int64) -> KnownSubject? {
    let uid = subject.user.id
    let shard = Int(uid) % Self.shardCount
    guard let known = locks[shard].withLock({ entries[shard][uid] }) else { return nil }
    return known.subject === subject && known.rights.generation == generation && known.view.isValid(at: now) ? known : nil
  }

  /// The same under `rights`; what was kept serves again where only their generation is another.
  func known(_ subject: Subject, in rights: RightsTable, now: Int64) -> KnownSubject {
    let uid = subject.user.id
    let shard = Int(uid) % Self.shardCount
    let known = locks[shard].withLock { entries[shard][uid] }
    var view: SubjectView?
    if let known, known.subject === subject, known.view.table.hasSameRules(as: rights), known.view.isValid(at: now) {
      view = known.view
    }
    let fresh = KnownSubject(subject, view: view ?? rights.view(for: subject, now: now), rights: rights)
    locks[shard].withLock {
      if entries[shard].count > 4096 { entries[shard] = [:] }
      entries[shard][uid] = fresh
    }
    return fresh
  }
}
