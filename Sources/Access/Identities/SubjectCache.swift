import Platform
import VaultFormat

/// What the system said of each uid, and when. In shards, so that users do not wait for each other.
final class SubjectCache: Sendable {
  enum Found {
    case known(Subject)
    /// The system said that there is no such user.
    case unknown
    /// Known, and to be refreshed in the background by whoever got this answer.
    case ageing(Subject)
    case absent
  }

  private struct Entry {
    /// Nil: no such user.
    var subject: Subject?
    /// Boot time when the system was asked, not when it answered.
    var established: Int64
    var nextRefresh: Int64
  }

  /// One part of the users; `lock` guards the rest.
  private final class Shard: @unchecked Sendable {
    let lock = Lock()
    var entries: [UInt32: Entry] = [:]
  }

  private static let shardCount = 16
  private static let entryCountMaxPerShard = 4096

  private let settings: IdentitySettings
  private let clock: @Sendable () -> Int64
  private let shards = (0..<shardCount).map { _ in Shard() }
  private let watched = Watched()

  private final class Watched: @unchecked Sendable {
    let lock = Lock()
    var groups: [Principal] = []
  }

  init(settings: IdentitySettings, clock: @escaping @Sendable () -> Int64) {
    self.settings = settings
    self.clock = clock
  }

  var watchedGroups: [Principal] { watched.lock.withLock { watched.groups } }

  func watch(_ groups: [Principal]) { watched.lock.withLock { watched.groups = groups } }

  func find(_ uid: UInt32) -> Found {
    let now = clock()
    let shard = shard(of: uid)
    return shard.lock.withLock {
      guard let entry = shard.entries[uid] else { return .absent }
      let age = now - entry.established
      guard age < settings.freshNanoseconds else {
        guard age < settings.staleNanoseconds, let subject = entry.subject else { return .absent }
        guard now >= entry.nextRefresh else { return .known(subject) }
        shard.entries[uid]!.nextRefresh = now + settings.retryNanoseconds
        return .ageing(subject)
      }
      return entry.subject.map(Found.known) ?? .unknown
    }
  }

  /// What the system answered to a question asked at `asked`. An answer that says nothing changes nothing: what is known grows older.
  func take(_ answer: IdentityAnswer, for uid: UInt32, asked: Int64) {
    let shard = shard(of: uid)
    shard.lock.withLock {
      let subject: Subject?
      switch answer {
      case .user(let user, let groups):
        let fresh = Subject(user: user, groups: groups)
        let known = shard.entries[uid]?.subject
        subject = known == fresh ? known : fresh
      case .unknown: subject = nil
      case .group, .failed: return
      }
      if shard.entries.count >= Self.entryCountMaxPerShard, shard.entries[uid] == nil {
        shard.entries = shard.entries.filter { asked - $0.value.established < settings.freshNanoseconds }
        if shard.entries.count >= Self.entryCountMaxPerShard { shard.entries.removeAll() }
      }
      shard.entries[uid] = Entry(subject: subject, established: asked, nextRefresh: asked + settings.freshNanoseconds)
    }
  }

  /// The last that was established, however long ago.
  func last(_ uid: UInt32) -> Subject? {
    let shard = shard(of: uid)
    return shard.lock.withLock { shard.entries[uid]?.subject }
  }

  private func shard(of uid: UInt32) -> Shard { shards[Int(uid) % Self.shardCount] }
}
