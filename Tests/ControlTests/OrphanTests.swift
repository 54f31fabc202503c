import Access
import Keys
import Platform
import Sodium
import TestKit
import Testing
import Trail
import Vault
import VaultFS
import VaultFormat

@testable import Control

/// What the system knows, and whether it answers at all.
private final class Directory: @unchecked Sendable {
  private let lock = Lock()
  private var principals: [Principal] = []
  private var isDown = false

  init(_ principals: Principal...) { self.principals = principals }

  func become(_ principals: Principal..., isDown: Bool = false) {
    lock.withLock { (self.principals, self.isDown) = (principals, isDown) }
  }

  func answer(_ query: IdentityQuery) -> IdentityAnswer {
    let (principals, isDown) = lock.withLock { (self.principals, self.isDown) }
    // Whoever asks is always known.
    if isDown, query != .uid(0) { return .failed(5) }
    let found = principals.first {
      switch query {
      case .uid(let uid): $0.kind == .user && $0.id == uid
      case .userName(let name): $0.kind == .user && $0.name == name
      case .gid(let gid): $0.kind == .group && $0.id == gid
      case .groupName(let name): $0.kind == .group && $0.name == name
      }
    }
    guard let found else { return .unknown }
    return found.kind == .group ? .group(found) : .user(found, groups: principals.filter { $0.kind == .group })
  }
}

private let root = Principal(kind: .user, name: "root", id: 0)
private let anna = Principal(kind: .user, name: "anna", id: 1000)
private let staff = Principal(kind: .group, name: "staff", id: 2000)

/// Grants to anna (1) and to staff (2) at the root, and a wall against staff (3) in a folder, asked about by root.
@Suite struct OrphanTests {
  private let folder = TemporaryFolder()
  private let directory = Directory(root, anna, staff)
  private let vault: Vault
  private let handler: RequestHandler
  private let caller = Caller(uid: 0, gid: 0, thread: 0)
  private let grants: [Grant]
  private let wall: Barrier

  init() throws {
    let phrase = "correct horse"
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: phrase.utf8.count) { $0.copyBytes(from: phrase.utf8) })
    let reviewer = try ReviewerIdentity.make(label: "test")
    let path = folder.path + "/vault"
    _ = try Vault.create(
      at: path,
      Vault.NewVault(
        reviewers: [Reviewer(publicKey: reviewer.publicKey, label: "test", added: 1)], administrators: [root],
        slotLabel: "test"),
      secret: secret, strength: .interactive)
    let vault = try Vault.unlock(at: path, root: Vault.readFile(at: path, secret: secret).takeRoot())
    let directory = directory
    let files = VaultFS(vault: vault, identities: Identities(resolver: { query, _ in directory.answer(query) }))
    let place = try vault.create(.folder, named: Name("a")!, in: vault.node(.root), mode: 0o755, uid: 0, gid: 0)
    grants = try [anna, staff].map {
      Grant(
        id: try vault.newRuleID(), folder: .root, principal: $0, rights: [.list, .read], giver: Administration.founder,
        reason: "r", given: vault.latestTime())
    }
    wall = Barrier(
      id: try vault.newRuleID(), folder: place.id, principal: staff, owner: Administration.founder, name: "wall", reason: "r",
      raised: vault.latestTime())
    try vault.change(grants.map { .add(.grant($0)) } + [.add(.barrier(wall))])
    let facts = MountFacts(
      mountpoint: "/m", mounted: WallTime(nanoseconds: 0), uid: 0, pid: 1, privateUser: nil, configuration: [:])
    handler = RequestHandler(files, facts) {}
    self.vault = vault
  }

  private func orphans() throws -> [String: Bool?] {
    let reports = try handler.who(WhoRequest(path: .root), caller)
    return Dictionary(uniqueKeysWithValues: reports.map { ($0.principal.description, $0.isOrphan) })
  }

  private func states() throws -> [RuleState] {
    var reporter = RuleReporter(handler.files)
    return grants.map { reporter.report($0).state } + [reporter.report(wall, shownTo: caller).state]
  }

  /// By number of the rule, why it does not give or stand in the way.
  private func nearMisses(_ name: String) throws -> [RuleID: ExplanationReport.Rule.Effect] {
    let request = ExplainRequest(principal: PrincipalName(name)!, right: .read, path: VaultPath(text: "/a")!)
    let report = try handler.explain(request, caller)
    return Dictionary(uniqueKeysWithValues: report.nearMisses.map { ($0.id, $0.effect) })
  }

  @Test func whoeverIsStillThereIsNoOrphan() throws {
    defer { try? vault.close() }
    #expect(try orphans() == ["user:root": false, "user:anna": false, "group:staff": false])
    #expect(try states() == [.live, .live, .live])
  }

  @Test func theGoneTheRenamedAndTheRecycledAreReported() throws {
    defer { try? vault.close() }
    // The account is gone, the group has another name, and somebody else has the uid.
    directory.become(
      root, Principal(kind: .user, name: "otto", id: 1000), Principal(kind: .group, name: "crew", id: 2000))
    #expect(try orphans() == ["user:root": false, "user:anna": true, "group:staff": true])
    #expect(try states() == [.orphaned, .orphaned, .orphaned])
    let expected: [RuleID: ExplanationReport.Rule.Effect] = [
      grants[0].id: .orphaned, grants[1].id: .orphaned, wall.id: .orphaned,
    ]
    #expect(try nearMisses("user:otto") == expected)
    // The name was made again with another id.
    directory.become(root, Principal(kind: .user, name: "anna", id: 1007), Principal(kind: .group, name: "crew", id: 2001))
    #expect(try orphans() == ["user:root": false, "user:anna": true, "group:staff": true])
    #expect(try nearMisses("user:anna") == [grants[0].id: .orphaned])
  }

  /// A second name of an id that is still the first one's: somebody else's rule, and no orphan.
  @Test func aRuleForSomebodyElseIsNoOrphan() throws {
    defer { try? vault.close() }
    directory.become(root, anna, staff, Principal(kind: .user, name: "anna", id: 1007))
    // `anna` means the first; her twin is asked about by uid alone.
    #expect(try orphans()["user:anna"] == false)
  }

  @Test func whereTheSystemDoesNotAnswerNothingIsCalledAnOrphan() throws {
    defer { try? vault.close() }
    directory.become(root, isDown: true)
    #expect(try orphans() == ["user:root": false, "user:anna": nil, "group:staff": nil])
    #expect(try states() == [.live, .live, .live])
  }
}
