import Platform
import Synchronization
import Testing
import Vault
import VaultFormat

@testable import VaultFS

/// Handles: whose rights count, and for how long a judgement is kept.
@Suite struct HandleTests {
  private let test: TestFiles
  private let folder: Node
  private let aliceGrant: Grant

  init() throws {
    test = try TestFiles()
    folder = try test.make(.folder, "a")
    aliceGrant = try test.give([.list, .read, .add, .edit], to: TestFiles.alice, on: folder)
    try test.give([.list, .read, .add, .edit], to: TestFiles.bob, on: folder)
    try test.make(.document, "d", in: folder)
  }

  private func open(_ caller: Caller) throws -> (number: FileNumber, handle: HandleID) {
    let number = try test.number(caller, "d", in: folder)
    return (number, try test.files.open(caller, number, OpenAccess(reads: true, writes: true)))
  }

  @Test func attributesThroughAnothersHandleNeedBothUsersRights() throws {
    let (number, handle) = try open(TestFiles.alice)
    var change = AttributeChange()
    change.mode = 0o600
    _ = try test.files.attributes(TestFiles.bob, of: number, handle: handle)
    _ = try test.files.setAttributes(TestFiles.bob, of: number, handle: handle, change)
    try test.vault.change([.remove(.grant(aliceGrant))])
    #expect(test.failure { _ = try test.files.attributes(TestFiles.bob, of: number, handle: handle) } == .accessDenied)
    #expect(test.failure { _ = try test.files.setAttributes(TestFiles.bob, of: number, handle: handle, change) } == .accessDenied)
    // By number it is Bob's own.
    _ = try test.files.attributes(TestFiles.bob, of: number)
    test.files.release(handle, lockOwner: nil)
  }

  @Test func foldersThroughAnothersHandleNeedBothUsersRights() throws {
    let handle = try test.files.openFolder(TestFiles.alice, FileNumber(folder.id.value))
    var names = 0
    try test.files.list(TestFiles.bob, handle, after: 0) { _ in
      names += 1
      return true
    }
    #expect(names == 1)
    let record = try #require(try test.records().last { $0.action == .list })
    #expect(record.actor?.uid == TestFiles.bob.uid)
    #expect(record.opener?.uid == TestFiles.alice.uid)
    try test.vault.change([.remove(.grant(aliceGrant))])
    #expect(test.failure { try test.files.list(TestFiles.bob, handle, after: 0) { _ in true } } == .accessDenied)
    test.files.releaseFolder(handle)
  }

  @Test func copiesThroughAnothersHandleNameBoth() throws {
    let (_, handle) = try open(TestFiles.alice)
    try test.bytes("content") { _ = try test.files.write(TestFiles.alice, handle, $0, at: 0, appends: false) }
    let target = try test.create(TestFiles.bob, "copy", in: folder)
    #expect(try test.files.copy(TestFiles.bob, from: handle, at: 0, to: target, at: 0, count: 7) == 7)
    let read = try #require(try test.records().last { $0.action == .read })
    #expect(read.actor?.uid == TestFiles.bob.uid)
    #expect(read.opener?.uid == TestFiles.alice.uid)
    #expect(read.details.contains(Record.Detail("to-handle", String(target.value))))
    #expect(
      test.failure { _ = try test.files.copy(TestFiles.bob, from: handle, at: 0, to: target, at: 0, count: .max) }
        == .fileTooLarge)
    test.files.release(handle, lockOwner: nil)
    test.files.release(target, lockOwner: nil)
  }

  @Test func judgementsEndByEitherClock() throws {
    let (_, handle) = try open(TestFiles.alice)
    let open = try #require(test.files.handles[handle])
    let generation = test.vault.rightsGeneration
    let now = test.vault.latestTime()
    let boot = Clock.boot()
    let late = test.files.settings.permitNanoseconds
    #expect(open.isPermitted(.read, generation: generation, now: now, boot: boot - late / 2))
    #expect(!open.isPermitted(.read, generation: generation, now: now, boot: boot + late))
    #expect(!open.isPermitted(.read, generation: generation, now: now + late, boot: boot - late / 2))
    #expect(!open.isPermitted(.read, generation: generation + 1, now: now, boot: boot - late / 2))
    _ = open.node.placeGeneration.add(1, ordering: .releasing)
    #expect(!open.isPermitted(.read, generation: generation, now: now, boot: boot - late / 2))
    test.files.release(handle, lockOwner: nil)
  }

  /// What was judged to create goes on with the handle, no longer than any judgement.
  @Test func aCreatorsJudgementEndsWithTheRightAndWithThePlace() throws {
    let adding = try test.make(.folder, "adding")
    let other = try test.make(.folder, "other")
    let grant = try test.give([.list, .add], to: TestFiles.carol, on: adding)
    func write(_ handle: HandleID) -> FSError? {
      test.failure { try test.bytes("content") { _ = try test.files.write(TestFiles.carol, handle, $0, at: 0, appends: false) } }
    }
    let first = try test.create(TestFiles.carol, "first", in: adding)
    let second = try test.create(TestFiles.carol, "second", in: adding)
    #expect(write(first) == nil && write(second) == nil)
    let third = try test.create(TestFiles.carol, "third", in: adding)
    for handle in [second, third] {
      let node = try #require(test.files.handles[handle]).node
      #expect(try test.vault.rename(node, to: Name("\(handle.value)")!, in: other, over: nil, mode: .keepExisting))
    }
    #expect(write(first) == nil && write(second) == .accessDenied && write(third) == .accessDenied)
    let fourth = try test.create(TestFiles.carol, "fourth", in: adding)
    try test.vault.change([.remove(.grant(grant))])
    #expect(write(first) == .accessDenied && write(fourth) == .accessDenied)
    for handle in [first, second, third, fourth] { test.files.release(handle, lockOwner: nil) }
  }

  #if DEBUG
    @Test func aCreationThatCouldNotBeRecordedIsTakenBack() throws {
      _ = try test.number(TestFiles.alice, "d", in: folder)
      // The trail seems well until its next write.
      Seam.setFault(under: test.folder + "/vault/trail") { call, _ in
        "\(call)".hasPrefix("pwrite") || "\(call)" == "write" ? 5 : nil
      }
      let failure = test.failure { _ = try test.create(TestFiles.alice, "new", in: folder) }
      Seam.setFault(under: test.folder + "/vault/trail", nil)
      #expect(failure == .io)
      #expect(try test.vault.child(of: folder, named: Name("new")!) == nil)
      #expect(test.files.openHandleCount == 0)
    }
  #endif
}
