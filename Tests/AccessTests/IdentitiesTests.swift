import Access
import Glibc
import Platform
import Testing
import VaultFormat

/// A user database that answers, refuses, or hangs until released; and a clock that stands.
private final class FakeSystem: @unchecked Sendable {
  /// Guards all that follows.
  private let lock = Lock()
  private let released = Condition()
  private var answers: [IdentityQuery: IdentityAnswer] = [:]
  private var hanging: Set<IdentityQuery> = []
  private var counts: [IdentityQuery: Int] = [:]
  private var watched: [Principal] = []
  private var time: Int64 = 1_000_000_000_000

  func set(_ query: IdentityQuery, _ answer: IdentityAnswer) { lock.withLock { answers[query] = answer } }
  func hang(_ query: IdentityQuery) { lock.withLock { _ = hanging.insert(query) } }
  func release() {
    lock.withLock {
      hanging.removeAll()
      released.broadcast()
    }
  }
  func count(_ query: IdentityQuery) -> Int { lock.withLock { counts[query] ?? 0 } }
  var watchedGroups: [Principal] { lock.withLock { watched } }
  func advance(seconds: Int64) { lock.withLock { time += seconds * 1_000_000_000 } }

  func resolve(_ query: IdentityQuery, _ watchedGroups: [Principal]) -> IdentityAnswer {
    lock.withLock {
      counts[query, default: 0] += 1
      watched = watchedGroups
      while hanging.contains(query) { released.wait(lock) }
      return answers[query] ?? .unknown
    }
  }

  /// Without `retrySeconds` every ask of something ageing starts a refresh, unless one is under way.
  func identities(deadlineMilliseconds: Int = 60_000, threadCountMax: Int = 8, retrySeconds: Int64 = 0) -> Identities {
    var settings = IdentitySettings()
    settings.retryNanoseconds = retrySeconds * 1_000_000_000
    settings.deadlineNanoseconds = deadlineMilliseconds * 1_000_000
    settings.threadCountMax = threadCountMax
    return Identities(settings: settings, resolver: { self.resolve($0, $1) }, clock: { self.lock.withLock { self.time } })
  }

  /// Until the database was asked so often and has answered; fails the test rather than wait for ever.
  func wait(until isDone: () -> Bool) {
    for _ in 0..<5_000 where !isDone() { usleep(2_000) }
    #expect(isDone())
  }
}

@Suite struct IdentitiesTests {
  private let system = FakeSystem()
  private let query = IdentityQuery.uid(1000)

  private func refusal<Value>(_ body: () throws(IdentityError) -> Value) -> IdentityError? {
    do throws(IdentityError) { _ = try body() } catch { return error }
    return nil
  }

  private func refusal(_ identities: Identities, uid: UInt32) -> IdentityError? {
    refusal { () throws(IdentityError) in try identities.subject(uid: uid) }
  }

  @Test func theSameObjectUntilSomethingChanges() throws {
    system.set(query, .user(alice, groups: [staff, board]))
    let identities = system.identities()
    let first = try identities.subject(uid: 1000)
    #expect(first.user == alice && Set(first.groups) == [staff, board])
    system.advance(seconds: 4)
    #expect(try identities.subject(uid: 1000) === first)
    #expect(system.count(query) == 1)

    // Ageing: answered at once, refreshed behind the caller's back; the same groups in another order are the same object.
    system.set(query, .user(alice, groups: [board, staff]))
    system.advance(seconds: 2)
    #expect(try identities.subject(uid: 1000) === first)
    system.wait { system.count(query) >= 2 }
    #expect(try identities.subject(uid: 1000) === first)

    system.set(query, .user(alice, groups: [board]))
    system.advance(seconds: 6)
    #expect(try identities.subject(uid: 1000) === first)
    system.wait { (try? identities.subject(uid: 1000)) !== first }
    let second = try identities.subject(uid: 1000)
    #expect(second.groups == [board] && second.number != first.number)
  }

  @Test func unknownUsersAreRefusedAndAskedForAgainLater() {
    let identities = system.identities()
    #expect(refusal(identities, uid: 1000) == .unknownUser)
    #expect(refusal(identities, uid: 1000) == .unknownUser)
    #expect(system.count(query) == 1)
    system.set(query, .user(alice, groups: []))
    system.advance(seconds: 5)
    #expect(refusal(identities, uid: 1000) == nil)
    #expect(system.count(query) == 2)
  }

  @Test func aUserWhoIsGoneIsRefusedAsSoonAsTheSystemSaysSo() throws {
    system.set(query, .user(alice, groups: []))
    let identities = system.identities()
    _ = try identities.subject(uid: 1000)
    system.set(query, .unknown)
    system.advance(seconds: 6)
    _ = try identities.subject(uid: 1000)
    system.wait { refusal(identities, uid: 1000) == .unknownUser }
  }

  @Test func failuresLeaveWhatIsKnownInUseForThirtySeconds() throws {
    system.set(query, .user(alice, groups: [staff]))
    let identities = system.identities()
    let subject = try identities.subject(uid: 1000)
    system.set(query, .failed(EIO))
    for _ in 0..<4 {
      system.advance(seconds: 7)
      #expect(try identities.subject(uid: 1000) === subject)
    }
    system.wait { system.count(query) >= 2 }
    system.advance(seconds: 2)
    #expect(refusal(identities, uid: 1000) == .unavailable(EIO))
    system.set(query, .user(alice, groups: [staff]))
    #expect(try identities.subject(uid: 1000) === subject, "the same state again")
  }

  @Test func aFailedRefreshIsNotTriedAgainAtOnce() throws {
    system.set(query, .user(alice, groups: []))
    let identities = system.identities(retrySeconds: 1)
    let subject = try identities.subject(uid: 1000)
    system.set(query, .failed(EIO))
    system.advance(seconds: 6)
    for _ in 0..<200 { #expect(try identities.subject(uid: 1000) === subject) }
    #expect(system.count(query) <= 2)
  }

  @Test func aHangingSystemHoldsNobodyBeyondTheDeadline() throws {
    system.set(query, .user(alice, groups: []))
    system.hang(query)
    let identities = system.identities(deadlineMilliseconds: 20)
    #expect(refusal(identities, uid: 1000) == .timedOut)
    // Asked once, and from now on refused without waiting: the deadline is that of the question.
    for _ in 0..<100 { #expect(refusal(identities, uid: 1000) == .timedOut) }
    #expect(system.count(query) == 1)

    // Others are not held up.
    system.set(.uid(1001), .user(bob, groups: []))
    let patient = system.identities()
    #expect(try patient.subject(uid: 1001).user == bob)

    system.release()
    system.wait { refusal(identities, uid: 1000) == nil }
  }

  @Test func aHangingRefreshIsRefusedOnlyAfterThirtySeconds() throws {
    system.set(query, .user(alice, groups: []))
    let identities = system.identities(deadlineMilliseconds: 20)
    // A busy machine may take longer than the deadline for the first answer.
    system.wait { refusal(identities, uid: 1000) == nil }
    let subject = try identities.subject(uid: 1000)
    system.hang(query)
    system.advance(seconds: 29)
    system.wait { (try? identities.subject(uid: 1000)) === subject && system.count(query) == 2 }
    for _ in 0..<50 { #expect(try identities.subject(uid: 1000) === subject) }
    system.advance(seconds: 2)
    #expect(refusal(identities, uid: 1000) == .timedOut)
    #expect(system.count(query) == 2, "one question at a time")
    system.release()
    system.wait { refusal(identities, uid: 1000) == nil }
  }

  @Test func whenAllThreadsHangOthersTimeOutToo() {
    for uid: UInt32 in 1...3 { system.hang(.uid(uid)) }
    system.set(query, .user(alice, groups: []))
    let identities = system.identities(deadlineMilliseconds: 20, threadCountMax: 3)
    for uid: UInt32 in 1...3 { #expect(refusal(identities, uid: uid) == .timedOut) }
    #expect(refusal(identities, uid: 1000) == .timedOut)
    #expect(system.count(query) == 0)
    system.release()
    system.wait { refusal(identities, uid: 1000) == nil }
  }

  @Test func manyWhoAskAtOnceAskOnce() throws {
    system.set(query, .user(alice, groups: []))
    system.hang(query)
    let identities = system.identities(deadlineMilliseconds: 20)
    // None of them gets an answer, so none can come late and ask once more.
    let refused = Found<IdentityError>()
    for thread in (0..<6).map({ _ in Thread(name: "asks") { refused.add(refusal(identities, uid: 1000)) } }) { thread.join() }
    #expect(refused.all == Array(repeating: .timedOut, count: 6))
    system.wait { system.count(query) == 1 }
    system.release()
    system.wait { refusal(identities, uid: 1000) == nil }
    let found = Found<Subject>()
    for thread in (0..<6).map({ _ in Thread(name: "asks") { found.add(try? identities.subject(uid: 1000)) } }) { thread.join() }
    #expect(found.all.count == 6 && found.all.allSatisfy { $0 === found.all[0] })
  }

  private final class Found<Element>: @unchecked Sendable {
    /// Guards `found`.
    private let lock = Lock()
    private var found: [Element] = []
    func add(_ element: Element?) { lock.withLock { if let element { found.append(element) } } }
    var all: [Element] { lock.withLock { found } }
  }

  @Test func watchedGroupsReachTheResolver() throws {
    system.set(query, .user(alice, groups: []))
    let identities = system.identities()
    identities.watch([board])
    _ = try identities.subject(uid: 1000)
    #expect(system.watchedGroups == [board])
  }

  @Test func thatTheSystemDoesNotAnswerIsKnownUntilItDoes() throws {
    system.set(query, .user(alice, groups: []))
    system.set(.userName("broken"), .failed(EIO))
    let identities = system.identities()
    _ = try identities.subject(uid: 1000)
    #expect(identities.trouble == nil)
    #expect(refusal { () throws(IdentityError) in try identities.principal(named: "user:broken") } == .unavailable(EIO))
    let trouble = try #require(identities.trouble)
    #expect(trouble.reason == String(cString: strerror(EIO)))
    _ = try? identities.principal(named: "user:broken")
    #expect(identities.trouble?.since == trouble.since)
    // That it knows nobody of the name is an answer.
    #expect(refusal { () throws(IdentityError) in try identities.principal(named: "user:nobody-here") } == .unknownUser)
    #expect(identities.trouble == nil)
  }

  @Test func principalsGetTheIDTheyHaveNow() throws {
    let wang = Principal(kind: .user, name: "王小明", id: 1234)
    system.set(.userName("王小明"), .user(wang, groups: []))
    system.set(.uid(1234), .user(wang, groups: [staff]))
    system.set(.groupName("staff"), .group(staff))
    system.set(.gid(2000), .group(staff))
    system.set(.userName("toor"), .user(Principal(kind: .user, name: "toor", id: 0), groups: []))
    system.set(.uid(0), .user(Principal(kind: .user, name: "root", id: 0), groups: []))
    system.set(.userName("broken"), .failed(EIO))
    let identities = system.identities()
    #expect(try identities.principal(named: "user:王小明") == wang)
    #expect(try identities.principal(named: "group:staff") == staff)
    func refusal(_ text: String) -> IdentityError? {
      self.refusal { () throws(IdentityError) in try identities.principal(named: text) }
    }
    #expect(refusal("user:nobody-here") == .unknownUser)
    #expect(refusal("group:nobody-here") == .unknownGroup)
    #expect(refusal("user:toor") == .sharesID(with: "root"))
    #expect(refusal("user:broken") == .unavailable(EIO))
    for text in [
      "", "alice", "user:", "User:alice", "user: alice", "user:al:ice", "user:a/b", "user:a\nb", "group:a,b", "user:\u{0}",
    ] {
      #expect(refusal(text) == .badSyntax)
    }
    #expect(refusal("user:" + String(repeating: "a", count: 256)) == .badSyntax)
    #expect(refusal("user:" + String(repeating: "a", count: 255)) == .unknownUser)
    #expect(refusal("user:CORP\\wang xiaoming") == .unknownUser, "as Active Directory writes names")
  }

  @Test func subjectsForQuestionsAndTheStateOfPrincipals() throws {
    system.set(query, .user(alice, groups: [staff]))
    system.set(.gid(2000), .group(Principal(kind: .group, name: "personnel", id: 2000)))
    let identities = system.identities()
    #expect(try identities.subject(for: alice).groups == [staff])
    #expect(try identities.subject(for: staff).user == staff)
    let former = Principal(kind: .user, name: "former", id: 1000)
    #expect(refusal { () throws(IdentityError) in try identities.subject(for: former) } == .unknownUser)
    #expect(try identities.state(of: alice) == .current)
    #expect(try identities.state(of: former) == .recycled(alice))
    #expect(try identities.state(of: bob) == .gone)
    #expect(try identities.state(of: staff) == .recycled(Principal(kind: .group, name: "personnel", id: 2000)))
  }

  /// The real user database of the machine that runs the tests: root is there on any.
  @Test func theSystemKnowsRoot() throws {
    let identities = Identities()
    let root = try identities.subject(uid: 0)
    #expect(root.user == Principal(kind: .user, name: "root", id: 0))
    #expect(root.groups.contains(Principal(kind: .group, name: "root", id: 0)))
    #expect(try identities.principal(named: "user:root") == root.user)
    #expect(try identities.principal(named: "group:root").id == 0)
    #expect(refusal(identities, uid: 4_000_000_123) == .unknownUser)
    #expect(refusal { () throws(IdentityError) in try identities.principal(named: "user:no-such-user-here") } == .unknownUser)
  }
}
