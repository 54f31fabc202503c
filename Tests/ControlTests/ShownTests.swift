import Access
import Keys
import Sodium
import TestKit
import Testing
import Trail
import Vault
import VaultFS
import VaultFormat

@testable import Control

private let root = Principal(kind: .user, name: "root", id: 0)
private let mona = Principal(kind: .user, name: "mona", id: 1000)
private let anna = Principal(kind: .user, name: "anna", id: 1001)
private let otto = Principal(kind: .user, name: "otto", id: 1002)

/// What the control socket shows, and takes, from whom: mona manages everything, anna is an administrator without any grant, uid 0 mounts
/// without any, and otto keeps the machine and can read `/secret/merger`, which he should not.
@Suite struct ShownTests {
  private let folder = TemporaryFolder()
  private let vault: Vault
  private let handler: RequestHandler
  private let place: Node
  private let reviewers: [ReviewerIdentity]

  init() throws {
    let phrase = "correct horse"
    let secret = try SlotSecret(.passphrase, try SecretBytes(count: phrase.utf8.count) { $0.copyBytes(from: phrase.utf8) })
    let reviewers = [try ReviewerIdentity.make(label: "one"), try ReviewerIdentity.make(label: "two")]
    let path = folder.path + "/vault"
    _ = try Vault.create(
      at: path,
      Vault.NewVault(
        reviewers: zip(reviewers, ["one", "two"]).map { Reviewer(publicKey: $0.publicKey, label: $1, added: 1) },
        administrators: [mona],
        slotLabel: "test"),
      secret: secret, strength: .interactive)
    let vault = try Vault.unlock(at: path, root: Vault.readFile(at: path, secret: secret).takeRoot())
    let secretFolder = try vault.create(.folder, named: Name("secret")!, in: vault.node(.root), mode: 0o755, uid: 0, gid: 0)
    place = try vault.create(.folder, named: Name("merger")!, in: secretFolder, mode: 0o755, uid: 0, gid: 0)
    func duty(_ kind: Duty.Kind, _ principal: Principal) throws -> RuleEdit {
      .addDuty(
        Duty(id: try vault.newRuleID(), kind: kind, principal: principal, giver: mona, reason: "r", given: vault.latestTime()))
    }
    let reading = Grant(
      id: try vault.newRuleID(), folder: place.id, principal: otto, rights: [.list, .read], giver: mona, reason: "r",
      given: vault.latestTime())
    try vault.change([try duty(.administrator, anna), try duty(.operator, otto), .add(.grant(reading))])
    self.vault = vault
    self.reviewers = reviewers
    handler = Self.handler(VaultFS(vault: vault, identities: Identities(resolver: { query, _ in Self.answer(query) })))
  }

  private static func handler(_ files: VaultFS) -> RequestHandler {
    RequestHandler(
      files,
      MountFacts(
        mountpoint: "/m", mounted: WallTime(nanoseconds: 0), uid: 0, pid: 1, privateUser: nil, configuration: [:])
    ) {}
  }

  private static func answer(_ query: IdentityQuery) -> IdentityAnswer {
    let found = [root, mona, anna, otto].first {
      switch query {
      case .uid(let uid): $0.id == uid
      case .userName(let name): $0.name == name
      default: false
      }
    }
    return found.map { .user($0, groups: []) } ?? .unknown
  }

  private func caller(_ principal: Principal) -> Caller { Caller(uid: principal.id, gid: 1000, thread: 0) }

  // MARK: Paths

  @Test func conflictsTellThePathOnlyToWhoeverSeesTheFolder() throws {
    defer { try? vault.close() }
    func conflict(_ asker: Principal, seesAll: Bool) throws -> ConflictReport {
      let found = try handler.files.conflicts(caller(asker), operators: [0], seesAll: seesAll)
      #expect(found.count == 1)
      return RuleReporter(handler.files).report(try #require(found.first), shownTo: caller(asker))
    }
    for (asker, isKeeper) in [(anna, false), (root, true)] {
      let report = try conflict(asker, seesAll: isKeeper)
      #expect(report.path == nil, "\(asker)")
      #expect(report.node == place.id.value && report.grant != nil && report.principal.name == "otto", "\(asker)")
    }
    #expect(try conflict(mona, seesAll: false).path?.text == "/secret/merger")
  }

  @Test func anOwnerWhoSeesTheFolderNoMoreLiftsABarrierWithoutItsPath() throws {
    defer { try? vault.close() }
    let files = handler.files
    let path = Array("/secret/merger".utf8)
    let grant = try files.addGrant(
      caller(mona), on: path, to: "user:anna", [.list, .grant], from: nil, until: nil, reason: "r")
    let barrier = try files.addBarrier(
      caller(anna), on: path, against: "user:otto", name: "wall", from: nil, until: nil, reason: "r")
    var reporter = RuleReporter(files)
    #expect(reporter.report(barrier, shownTo: caller(anna)).path?.text == "/secret/merger")
    _ = try files.revokeGrant(caller(mona), grant.id, reason: "r")
    let lifted = try files.removeBarrier(caller(anna), barrier.id, reason: "r")
    #expect(lifted.id == barrier.id)
    #expect(reporter.report(lifted, shownTo: caller(anna)).path == nil)
  }

  // MARK: The notice that somebody reads the trail

  private func notes() throws -> [Record] {
    var records: [Record] = []
    try TrailReader(vault.folder.trailPath, identity: reviewers[0]).forEach { (entry) throws(TrailError) in
      if entry.record.action == .review { records.append(entry.record) }
      return true
    }
    return records
  }

  private func note(_ fingerprint: String, _ command: String = "query", _ filters: [String: String] = [:]) throws {
    try handler.noteReview(ReviewNotice(fingerprint: fingerprint, command: command, filters: filters), caller(otto))
  }

  @Test func onlyWhatAReviewersProgramSaysBecomesARecord() throws {
    defer { try? vault.close() }
    let stranger = try ReviewerIdentity.make(label: "stranger")
    for fingerprint in ["", "f", String(repeating: "a", count: 40_000), stranger.fingerprint] {
      #expect(throws: ControlFailure.self) { try note(fingerprint) }
    }
    for command in ["", "read", String(repeating: "query", count: 8_000)] {
      #expect(throws: ControlFailure.self) { try note(reviewers[0].fingerprint, command) }
    }
    #expect(try notes().isEmpty)
    for command in ReviewNotice.commands { try note(reviewers[0].fingerprint, command) }
    #expect(try notes().count == ReviewNotice.commands.count)
    #expect(try notes().allSatisfy { $0.actor?.uid == otto.id })
  }

  @Test func filtersAreCutBetweenCharacters() throws {
    defer { try? vault.close() }
    try note(
      reviewers[0].fingerprint, "query",
      ["user": "zhang", String(repeating: "k", count: 100): "", "path": "/" + String(repeating: "档", count: 10_000)])
    let details = try #require(try notes().first).details
    #expect(details.count == 5)
    #expect(details.first { $0.key == "filter-user" }?.value == "zhang")
    // A slash and 85 characters of three bytes.
    #expect(details.first { $0.key == "filter-path" }?.value == "/" + String(repeating: "档", count: 85))
    #expect(details.contains { $0.key == "filter-" + String(repeating: "k", count: 32) })
    #expect(RequestHandler.cut("ab档", 4) == "ab" && RequestHandler.cut("ab档", 5) == "ab档")
  }

  @Test func whoeverWasRetiredStillTellsThatTheyRead() throws {
    defer { try? vault.close() }
    _ = try handler.retireReviewer(ReviewerRetireRequest(reviewer: "two"), caller(mona))
    try note(reviewers[1].fingerprint)
    // As after a remount: the headers of earlier segments name them.
    let later = Self.handler(handler.files)
    try later.noteReview(
      ReviewNotice(fingerprint: reviewers[1].fingerprint, command: "verify", filters: [:]), caller(otto))
    #expect(try notes().count == 2)
  }
}

extension ReviewerIdentity {
  fileprivate var fingerprint: String { TrailReviewers.fingerprint(of: publicKey) }
}
