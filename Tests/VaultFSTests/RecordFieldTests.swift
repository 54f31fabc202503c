import Access
import Glibc
import Platform
import Testing
import Trail
import Vault
import VaultFormat

@testable import VaultFS

/// What each kind of record says: the fields that a reviewer relies on. AUDIT-START, AUDIT-STOP and UNLOCK are made by nothing yet.
@Suite struct RecordFieldTests {
  private static let reader = Caller(uid: TestFiles.alice.uid, gid: TestFiles.alice.gid, thread: getpid())
  private static let other = Caller(uid: TestFiles.bob.uid, gid: TestFiles.bob.gid, thread: getpid())
  private static let steward = Caller(uid: 0, gid: 0, thread: getpid())

  private let test: TestFiles
  private let folder: Node
  private let grant: Grant
  private let begun: Int64
  private let begunWall: Int64

  init() throws {
    test = try TestFiles()
    folder = try test.make(.folder, "a")
    grant = try test.give([.list, .read, .add, .edit, .remove], to: TestFiles.alice, on: folder)
    (begun, begunWall) = (Clock.boot(), Clock.wall())
  }

  // MARK: What is expected

  /// The records since the test began, once time, sequence and actor of each are looked at.
  private func made(_ action: Record.Action) throws -> [Record] {
    let entries = try test.entries()
    #expect(entries.map(\.sequence) == entries.map(\.sequence).sorted())
    #expect(Set(entries.map(\.sequence)).count == entries.count)
    let here = entries.map(\.record).filter { $0.boot >= begun }
    #expect(here.map(\.boot) == here.map(\.boot).sorted())
    for record in here { #expect(record.boot <= Clock.boot() && record.wall >= begunWall && record.wall <= Clock.wall()) }
    return here.filter { $0.action == action }
  }

  private func one(_ action: Record.Action, _ place: SourceLocation = #_sourceLocation) throws -> Record {
    let found = try made(action)
    #expect(found.count == 1, sourceLocation: place)
    return try #require(found.last, sourceLocation: place)
  }

  private static func text(_ path: String) -> String? {
    guard let stream = fopen(path, "r") else { return nil }
    defer { fclose(stream) }
    var bytes = [CChar](repeating: 0, count: 64)
    return fgets(&bytes, 64, stream).flatMap { String(validatingCString: $0) }
  }

  /// Who did it, with all that /proc says of this process.
  private func expect(
    _ record: Record, by caller: Caller, _ name: String, _ place: SourceLocation = #_sourceLocation
  ) {
    let resolved = realpath("/proc/self/exe", nil)
    defer { free(resolved) }
    let program = resolved.flatMap { String(validatingCString: $0) }
    let login = Self.text("/proc/self/loginuid").flatMap(UInt32.init).flatMap { $0 == .max ? nil : $0 }
    let expected = Record.Actor(uid: caller.uid, name: name, pid: getpid(), program: program, loginUID: login)
    #expect(program != nil && record.actor == expected, sourceLocation: place)
  }

  private func expect(
    _ record: Record, at node: NodeID?, _ path: String?, size: UInt64? = nil, _ place: SourceLocation = #_sourceLocation
  ) {
    #expect(record.object?.node == node, sourceLocation: place)
    #expect(record.object.map { String(decoding: $0.path, as: UTF8.self) } == path, sourceLocation: place)
    #expect(record.object?.size == size, sourceLocation: place)
  }

  private func expect(
    _ record: Record, _ decision: Record.Decision?, _ outcome: Record.Outcome = .done, errno: Int32 = 0,
    _ place: SourceLocation = #_sourceLocation
  ) {
    #expect(record.outcome == outcome && record.errno == errno, sourceLocation: place)
    #expect(record.decision == decision, sourceLocation: place)
  }

  private func detail(_ record: Record, _ key: String) -> String? { record.details.first { $0.key == key }?.value }

  private func read(_ caller: Caller, _ handle: HandleID, _ offset: UInt64, _ count: Int, throughPages: Bool = false) throws {
    try withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) {
      _ = try test.files.read(caller, handle, at: offset, into: $0, throughPages: throughPages)
    }
  }

  // MARK: Content

  @Test func aHandleNamesWhoOpenedWhatAndEachRange() throws {
    let maker = try test.create(Self.reader, "d", in: folder)
    try test.bytes("0123456789") { _ = try test.files.write(Self.reader, maker, $0, at: 4, appends: false) }
    test.files.release(maker, lockOwner: nil)
    let number = try test.number(Self.reader, "d", in: folder)
    let handle = try test.files.open(Self.reader, number, OpenAccess(reads: true, writes: false))
    try read(Self.reader, handle, 2, 6)
    try read(Self.reader, handle, 4, 100)
    try read(Self.reader, handle, 0, 3, throughPages: true)
    test.files.release(handle, lockOwner: nil)

    let created = try one(.create)
    let id = try #require(created.object?.node)
    expect(created, by: Self.reader, "alice")
    expect(created, at: id, "/a/d", size: 0)
    expect(created, .grant(grant.id))
    let opened = try made(.open)
    #expect(opened.map(\.handle) == [maker, handle])
    expect(opened[0], .creator(grant.id))
    expect(opened[1], by: Self.reader, "alice")
    expect(opened[1], at: id, "/a/d", size: 14)
    expect(opened[1], .grant(grant.id))
    #expect(detail(opened[1], "mode") == "read")
    // What is OPEN's is not said again.
    let written = try one(.write)
    #expect(written.handle == maker && written.range == Record.Range(offset: 4, asked: 10, returned: 10))
    expect(written, nil)
    let reads = try made(.read)
    #expect(reads.allSatisfy { $0.handle == handle && $0.actor == nil && $0.opener == nil && $0.decision == nil })
    #expect(
      reads.map(\.range) == [Record.Range(offset: 2, asked: 6, returned: 6), Record.Range(offset: 4, asked: 100, returned: 10)])
    let pages = try one(.pages)
    #expect(pages.handle == handle && pages.range == Record.Range(offset: 0, asked: 3, returned: 3))
    let released = try made(.release)
    #expect(released.map(\.handle) == [maker, handle])
    #expect(released[0].usage == Record.Usage(readByteCount: 0, distinctByteCount: 0, writtenByteCount: 10))
    #expect(released[1].usage == Record.Usage(readByteCount: 19, distinctByteCount: 14, writtenByteCount: 0))
    #expect(released.allSatisfy { $0.object?.node == id && $0.actor?.uid == Self.reader.uid && $0.actor?.name == "alice" })
  }

  @Test func whoUsesAnothersHandleIsNamedBesideItsOpener() throws {
    let theirs = try test.give([.list, .read, .edit], to: TestFiles.bob, on: folder)
    let handle = try test.create(Self.reader, "d", in: folder)
    try test.bytes("words") { _ = try test.files.write(Self.other, handle, $0, at: 0, appends: false) }
    try read(Self.other, handle, 0, 5)
    try read(Self.other, handle, 0, 5, throughPages: true)
    var change = AttributeChange()
    change.mode = 0o600
    let number = try test.number(Self.other, "d", in: folder)
    _ = try test.files.setAttributes(Self.other, of: number, handle: handle, change)
    for record in try made(.write) + [one(.read), one(.pages)] {
      expect(record, by: Self.other, "bob")
      #expect(record.handle == handle && record.opener == Record.Actor(uid: Self.reader.uid, name: "alice", pid: 0))
      expect(record, .grant(theirs.id))
    }
    test.files.release(handle, lockOwner: nil)
  }

  @Test func aHandleNamesTheGrantThatDecidesWhereThatIsAnotherThanOpens() throws {
    let second = try test.give([.list, .read], to: TestFiles.alice, on: folder)
    try test.make(.document, "d", in: folder)
    let number = try test.number(Self.reader, "d", in: folder)
    let handle = try test.files.open(Self.reader, number, OpenAccess(reads: true, writes: false))
    try read(Self.reader, handle, 0, 1)
    try test.vault.change([.remove(.grant(grant))])
    // Judged anew, and by the judgement that is kept.
    try read(Self.reader, handle, 0, 2)
    try read(Self.reader, handle, 0, 3)
    try read(Self.reader, handle, 0, 4, throughPages: true)
    test.files.release(handle, lockOwner: nil)
    expect(try one(.open), .grant(grant.id))
    let reads = try made(.read)
    #expect(reads.map(\.decision) == [nil, .grant(second.id), .grant(second.id)])
    expect(try one(.pages), .grant(second.id))
    #expect(reads.allSatisfy { $0.actor == nil && $0.opener == nil && $0.handle == handle })
    #expect(reads.map(\.range?.asked) == [1, 2, 3])
  }

  @Test func aHandleThatReadsAndWritesNamesTheGrantOfEach() throws {
    let reading = try test.give([.list, .read], to: TestFiles.bob, on: folder)
    let writing = try test.give([.edit], to: TestFiles.bob, on: folder)
    try test.make(.document, "d", in: folder)
    let number = try test.number(Self.other, "d", in: folder)
    let handle = try test.files.open(Self.other, number, OpenAccess(reads: true, writes: true))
    try test.bytes("words") { _ = try test.files.write(Self.other, handle, $0, at: 0, appends: false) }
    try read(Self.other, handle, 0, 5)
    test.files.release(handle, lockOwner: nil)
    expect(try one(.open), .grant(writing.id))
    expect(try one(.write), nil)
    expect(try one(.read), .grant(reading.id))
  }

  #if DEBUG
    @Test func anOpenThatCouldNotTruncateIsClosedOnRecord() throws {
      let number = try filled("d")
      // Content that cannot be sealed: the commit fails, and changes are refused from then on.
      Seam.setFault(under: test.folder + "/vault/packs") { _, _ in EIO }
      #expect(throws: (any Error).self) { try test.vault.sync() }
      let failure = test.failure {
        _ = try test.files.open(Self.reader, number, OpenAccess(reads: false, writes: true, truncates: true))
      }
      Seam.setFault(under: test.folder + "/vault/packs", nil)
      #expect(failure == .io)
      let opened = try #require(try made(.open).last)
      #expect(detail(opened, "mode") == "write,truncate")
      let written = try #require(try made(.write).last)
      #expect(written.handle == opened.handle && detail(written, "kind") == "truncate")
      expect(written, nil, .failed, errno: EIO)
      #expect(try made(.release).last?.handle == opened.handle)
      #expect(test.files.openHandleCount == 0)
    }
  #endif

  /// A document of alice's with a few bytes.
  private func filled(_ name: String) throws -> FileNumber {
    let maker = try test.create(Self.reader, name, in: folder)
    try test.bytes("words") { _ = try test.files.write(Self.reader, maker, $0, at: 0, appends: false) }
    test.files.release(maker, lockOwner: nil)
    return try test.number(Self.reader, name, in: folder)
  }

  @Test func attributesWhoseNamesAreNoTextAreToldApart() throws {
    let number = try filled("d")
    for byte: UInt8 in [0xfe, 0xff, 0x5c] {
      try test.bytes("v") {
        try test.files.setXattr(Self.reader, number, Array("user.".utf8) + [byte], $0, mode: .either)
      }
    }
    let names = try made(.write).filter { detail($0, "kind") == "xattr" }.map { detail($0, "name") }
    #expect(names == [#"user.\xfe"#, #"user.\xff"#, #"user.\\"#])
  }

  // MARK: The tree, and refusals

  @Test func changesOfTheTreeNameBothSidesAndTheGrant() throws {
    test.files.release(try test.create(Self.reader, "d", in: folder), lockOwner: nil)
    let listing = try test.files.openFolder(Self.reader, FileNumber(folder.id.value))
    try test.files.list(Self.reader, listing, after: 0) { _ in true }
    test.files.releaseFolder(listing)
    try test.rename(Self.reader, "d", in: folder, to: "e", in: folder)
    try test.bytes("e") { try test.files.unlink(Self.reader, in: FileNumber(folder.id.value), $0) }

    let node = try #require(try one(.create).object?.node)
    let listed = try one(.list)
    expect(listed, at: folder.id, "/a")
    #expect(listed.count == 1)
    let renamed = try one(.rename)
    expect(renamed, at: node, "/a/d", size: 0)
    #expect(renamed.target == Record.Object(node: node, path: Array("/a/e".utf8)))
    let removed = try one(.remove)
    expect(removed, at: node, "/a/e", size: 0)
    #expect(detail(removed, "kind") == "document")
    for record in [listed, renamed, removed] {
      expect(record, by: Self.reader, "alice")
      expect(record, .grant(grant.id))
    }
  }

  @Test func anExchangeBetweenFoldersNamesBothGrantsOfBothMoves() throws {
    let (one, other) = (try test.make(.folder, "one"), try test.make(.folder, "other"))
    let rights: Rights = [.list, .read, .add, .remove]
    let grants = [try test.give(rights, to: TestFiles.bob, on: one), try test.give(rights, to: TestFiles.bob, on: other)]
    let nodes = [try test.make(.document, "x", in: one), try test.make(.document, "y", in: other)]
    try test.rename(Self.other, "x", in: one, to: "y", in: other, .exchange)
    let moves = try made(.rename)
    try #require(moves.count == 2)
    for (index, move) in moves.enumerated() {
      expect(move, by: Self.other, "bob")
      expect(move, at: nodes[index].id, ["/one/x", "/other/y"][index], size: 0)
      #expect(move.target == Record.Object(node: nodes[index].id, path: Array(["/other/y", "/one/x"][index].utf8)))
      expect(move, .grant(grants[index].id))
      #expect(detail(move, "target-grant") == String(grants[1 - index].id.value))
    }
  }

  @Test func refusalsNameWhatWasMissingOrStoodInTheWay() throws {
    try test.give([.list], to: TestFiles.bob, on: folder)
    let walled = try test.make(.folder, "walled", in: folder)
    let document = try test.make(.document, "d", in: folder)
    try test.give([.list, .read], to: TestFiles.bob, on: walled)
    let number = try test.number(Self.other, "d", in: folder)
    #expect(test.failure { _ = try test.files.open(Self.other, number, OpenAccess(reads: true, writes: false)) } == .accessDenied)
    let inside = try test.files.openFolder(Self.other, FileNumber(walled.id.value))
    try test.bar(TestFiles.bob, at: walled)
    let barrier = try #require(test.vault.barriers.first)
    #expect(test.failure { try test.files.list(Self.other, inside, after: 0) { _ in true } } == .accessDenied)
    #expect(test.files.refuse(Self.reader, in: FileNumber(folder.id.value), .hardLink) == .notPermitted)
    test.files.releaseFolder(inside)

    let denied = try made(.deny)
    try #require(denied.count == 3)
    expect(denied[0], at: document.id, "/a/d", size: 0)
    expect(denied[0], .missing(.read), .refused, errno: EACCES)
    expect(denied[1], at: walled.id, "/a/walled")
    expect(denied[1], .barrier(barrier.id), .refused, errno: EACCES)
    expect(denied[2], by: Self.reader, "alice")
    expect(denied[2], .neverAllowed, .refused, errno: EPERM)
    for record in denied.prefix(2) { expect(record, by: Self.other, "bob") }
    #expect(denied.map { detail($0, "operation") } == ["open", "list", "link"])
  }

  // MARK: Rights

  @Test func rulesAreNamedWithTheirNumberTheirPlaceAndWhy() throws {
    let files = test.files
    let path = Array("/a".utf8)
    let right = try #require(test.vault.grants.first { $0.principal.name == "root" }).id
    let given = try files.addGrant(Self.steward, on: path, to: "user:bob", [.list, .read], from: nil, until: nil, reason: "work")
    let barrier = try files.addBarrier(
      Self.steward, on: path, against: "user:carol", name: "wall", from: nil, until: nil, reason: "work")
    let boundary = try files.setBoundary(Self.steward, on: path, reason: "work")
    _ = try files.clearBoundary(Self.steward, on: path, reason: "work")
    _ = try files.removeBarrier(Self.steward, barrier.id, reason: "work")
    _ = try files.revokeGrant(Self.steward, given.id, reason: "work")
    let review = try files.openReview(
      Self.steward, of: path, due: test.vault.latestTime() + 1_000_000_000_000, reason: "work", suspendsWhenDue: false)
    _ = try files.closeReview(Self.steward, review.review.id, reason: "work")
    let duty = try files.addDuty(Self.steward, .recordsOfficer, to: "user:carol", reason: "work")
    _ = try files.removeDuty(Self.steward, .recordsOfficer, from: "user:carol", reason: "work")

    let rules: [(Record.Action, RuleID, [String?])] = [
      (.grant, given.id, [nil]), (.revoke, given.id, [nil]), (.barrier, barrier.id, ["raised", "lifted"]),
      (.boundary, boundary.id, ["set", "cleared"]), (.certify, review.review.id, ["opened", "suspended", "closed"]),
      (.duty, duty.id, ["given", "taken"]),
    ]
    for (action, rule, changes) in rules {
      let records = try made(action)
      #expect(records.map { detail($0, "change") } == changes)
      for record in records {
        expect(record, by: Self.steward, "root")
        #expect(
          detail(record, action == .certify ? "review" : "rule") == String(rule.value) && detail(record, "reason") == "work")
        // Duties are the vault's, and given by whoever has one.
        expect(record, at: action == .duty ? nil : folder.id, action == .duty ? nil : "/a")
        expect(record, action == .duty ? nil : .grant(right))
      }
    }
    for action in [Record.Action.grant, .revoke] {
      let record = try one(action)
      #expect(detail(record, "to") == "user:bob" && detail(record, "rights") == "list,read")
    }
  }

  @Test func rulesThatGoWithAFolderAreNamedToo() throws {
    let inner = try test.make(.folder, "inner", in: folder)
    let rule = try test.give([.list], to: TestFiles.bob, on: inner)
    try test.bytes("inner") { try test.files.removeFolder(Self.reader, in: FileNumber(folder.id.value), $0) }
    let record = try one(.revoke)
    expect(record, by: Self.reader, "alice")
    expect(record, at: inner.id, "/a/inner")
    expect(record, .grant(grant.id))
    #expect(
      record.details == [
        Record.Detail("rule", String(rule.id.value)), Record.Detail("reason", "folder removed"), Record.Detail("to", "user:bob"),
        Record.Detail("rights", "list"),
      ])
  }

  // MARK: The vault as a whole

  @Test func whatTheMountDoesNamesWhoRunsIt() throws {
    let files = test.files
    try files.recordMount([("mountpoint", "/mnt"), ("commit-interval", "5 s")])
    // As commands to the mount have it done.
    for action in [Record.Action.key, .reviewer, .review] {
      try files.append(files.record(action, Self.steward, [("change", "add")]))
      expect(try one(action), by: Self.steward, "root")
      #expect(detail(try one(action), "change") == "add")
    }
    files.recordDamage(count: 3, Self.steward)
    files.recordUnmount()
    let alert = try one(.alert)
    expect(alert, by: Self.steward, "root")
    #expect(alert.count == 3 && detail(alert, "kind") == "damage")
    let runner = Caller(uid: getuid(), gid: getgid(), thread: 0)
    for action in [Record.Action.mount, .unmount] {
      expect(try one(action), by: runner, getuid() == 0 ? "root" : "")
      expect(try one(action), nil)
    }
    #expect(try one(.mount).details == [Record.Detail("mountpoint", "/mnt"), Record.Detail("commit-interval", "5 s")])
  }

  @Test func theFirstGrantsAndDutiesNameTheProgramThatMadeTheVault() throws {
    let made = try test.entries().map(\.record).filter { detail($0, "operation") == "init" }
    #expect(Set(made.map(\.action)) == [.grant, .duty])
    for record in made { expect(record, by: Caller(uid: getuid(), gid: 0, thread: 0), Administration.founder.name) }
  }

  @Test func aCrashAndARestorationSayWhatTheyFound() throws {
    try test.vault.sync()
    let end = try #require(try test.entries().last).sequence
    try test.reopened { _ in }
    let crashed = try #require(try test.entries(of: "copy").last { $0.record.action == .recovery })
    #expect(crashed.sequence > end && crashed.record.actor == nil && crashed.record.boot >= begun)
    #expect(detail(crashed.record, "dropped-bytes") == "0")
    #expect(UInt64(detail(crashed.record, "recovered-to") ?? "") ?? 0 >= end)
    try test.restoreCopy(by: .thisProcess(name: "root"), reason: "the disk burnt")
    let restored = try #require(try test.entries(of: "copy").last { $0.record.action == .restore })
    expect(restored.record, by: Caller(uid: getuid(), gid: 0, thread: 0), "root")
    #expect(restored.sequence > crashed.sequence && detail(restored.record, "reason") == "the disk burnt")
    #expect(detail(restored.record, "from")?.contains(":") == true)
    #expect(detail(restored.record, "catalog-commit") == detail(restored.record, "trail-commit"))
  }
}
