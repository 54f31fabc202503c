import Platform
package import VaultFormat

/// How long what the system said of a user is believed.
package struct IdentitySettings: Sendable {
  /// So long it is used as it is; the first ask after that refreshes it in the background.
  package var freshNanoseconds: Int64 = 5_000_000_000
  /// Not refreshed for so long, it must be established anew, and who asks waits for that.
  package var staleNanoseconds: Int64 = 30_000_000_000
  /// Nobody waits longer for the system.
  package var deadlineNanoseconds = 2_000_000_000
  /// A refresh that failed or hangs is tried again after this.
  package var retryNanoseconds: Int64 = 1_000_000_000
  /// Questions that may be under way, or hang, at once.
  package var threadCountMax = 8

  package init() {}
}

/// Who the system says somebody is. All functions may be called from any thread, and none waits longer than the deadline.
///
/// What was known stays in use for some seconds while the system does not answer; that a user or a group is gone counts as soon as the
/// system has said so.
package final class Identities: Sendable {
  private let cache: SubjectCache
  private let pool: LookupPool
  private let health: IdentityHealth

  /// - Parameters:
  ///   - resolver: asks the user database; tests give another.
  ///   - clock: boot time in nanoseconds, by which answers age.
  package init(
    settings: IdentitySettings = IdentitySettings(),
    resolver: @escaping IdentityResolver = { SystemResolver.resolve($0, watchedGroups: $1) },
    clock: @escaping @Sendable () -> Int64 = { Clock.boot() }
  ) {
    let cache = SubjectCache(settings: settings, clock: clock)
    self.cache = cache
    let health = IdentityHealth()
    self.health = health
    pool = LookupPool(
      deadlineNanoseconds: settings.deadlineNanoseconds, threadCountMax: settings.threadCountMax,
      resolver: { query in
        let asked = clock()
        let answer = resolver(query, cache.watchedGroups)
        health.take(answer)
        if case .uid(let uid) = query { cache.take(answer, for: uid, asked: asked) }
        return answer
      })
  }

  deinit { pool.close() }

  /// Why users or groups could not be asked for, the last time; nil where they could.
  package var trouble: (reason: String, since: Int64)? { health.trouble }

  /// Groups that barriers name (`RightsTable.groupsInBarriers`): a user of whom it cannot be told whether they are in one is
  /// `unavailable`. Counts from the next time a user is established; give it at every change of rules.
  package func watch(_ groups: [Principal]) { cache.watch(groups) }

  /// The user of a uid with their groups; the same object until something changes.
  /// - Throws: `unknownUser`, `timedOut` or `unavailable`: refuse.
  package func subject(uid: UInt32) throws(IdentityError) -> Subject {
    switch cache.find(uid) {
    case .known(let subject): return subject
    case .unknown: throw .unknownUser
    case .ageing(let subject):
      pool.start(.uid(uid))
      return subject
    case .absent: break
    }
    switch try ask(.uid(uid)) {
    // The cache has taken it before it came here, and keeps one object for one state.
    case .user(let user, let groups): return cache.last(uid) ?? Subject(user: user, groups: groups)
    case .failed(let code): throw .unavailable(code)
    case .unknown, .group: throw .unknownUser
    }
  }

  /// The subject that a question about `principal` means: a user with their groups; for a group, someone who is in it and nothing else.
  /// - Throws: `unknownUser` also where the uid now belongs to another name.
  package func subject(for principal: Principal) throws(IdentityError) -> Subject {
    guard principal.kind == .user else { return Subject(alone: principal) }
    let subject = try subject(uid: principal.id)
    guard subject.user.isExactly(principal) else { throw .unknownUser }
    return subject
  }

  /// Reads `user:NAME` or `group:NAME` and gives it the id that the system has for it now.
  /// - Throws: `badSyntax`, `unknownUser`, `unknownGroup`, `sharesID`, or that the system did not answer.
  package func principal(named text: String) throws(IdentityError) -> Principal {
    let (kind, name) = try Self.parse(text)
    switch kind {
    case .user:
      guard case .user(let named, _) = try answer(.userName(name), none: .unknownUser) else { throw .unknownUser }
      guard case .user(let principal, _) = try answer(.uid(named.id), none: .unknownUser) else { throw .unknownUser }
      guard principal.isExactly(named) else { throw .sharesID(with: principal.name) }
      return principal
    case .group:
      guard case .group(let named) = try answer(.groupName(name), none: .unknownGroup) else { throw .unknownGroup }
      guard case .group(let principal) = try answer(.gid(named.id), none: .unknownGroup) else { throw .unknownGroup }
      guard principal.isExactly(named) else { throw .sharesID(with: principal.name) }
      return principal
    }
  }

  /// Whether a principal in a rule is still somebody. Asks the system anew.
  package func state(of principal: Principal) throws(IdentityError) -> PrincipalState {
    let holder: Principal?
    switch try ask(principal.kind == .user ? .uid(principal.id) : .gid(principal.id)) {
    case .user(let user, _): holder = user
    case .group(let group): holder = group
    case .unknown: holder = nil
    case .failed(let code): throw .unavailable(code)
    }
    guard let holder else { return .gone }
    return holder.isExactly(principal) ? .current : .recycled(holder)
  }

  /// Splits `user:NAME`. A name is 1…255 bytes without control characters, `:`, `/` and `,`, and begins and ends with no space.
  package static func parse(_ text: String) throws(IdentityError) -> (kind: Principal.Kind, name: String) {
    let kinds: [(prefix: String, kind: Principal.Kind)] = [("user:", .user), ("group:", .group)]
    guard let match = kinds.first(where: { text.utf8.starts(with: $0.prefix.utf8) }) else { throw .badSyntax }
    let name = String(decoding: text.utf8.dropFirst(match.prefix.utf8.count), as: UTF8.self)
    guard (1...255).contains(name.utf8.count), name.first != " ", name.last != " " else { throw .badSyntax }
    let isClean = name.unicodeScalars.allSatisfy { scalar in
      scalar.properties.generalCategory != .control && scalar != ":" && scalar != "/" && scalar != ","
    }
    guard isClean else { throw .badSyntax }
    return (match.kind, name)
  }

  private func ask(_ query: IdentityQuery) throws(IdentityError) -> IdentityAnswer {
    guard let answer = pool.ask(query) else {
      health.note("no answer within the deadline")
      throw .timedOut
    }
    return answer
  }

  private func answer(_ query: IdentityQuery, none: IdentityError) throws(IdentityError) -> IdentityAnswer {
    switch try ask(query) {
    case .unknown: throw none
    case .failed(let code): throw .unavailable(code)
    case let answer: return answer
    }
  }
}

/// Whether a principal in a rule is still somebody.
package enum PrincipalState: Hashable, Sendable {
  case current
  /// The id belongs to nobody: an orphan.
  case gone
  /// The id now belongs to another name, who inherits nothing: an orphan.
  case recycled(Principal)
}
