import Access
import Platform
import Synchronization
import Testing
import Vault
import VaultFormat

@testable import VaultFS

/// What POSIX and Linux say of operations, where it is not a matter of rights.
@Suite struct PosixMeaningTests {
  private let test: TestFiles
  private let folder: Node
  private let alice = TestFiles.alice

  init() throws {
    test = try TestFiles()
    folder = try test.make(.folder, "a")
    try test.give([.list, .read, .add, .edit, .remove], to: alice, on: folder)
  }

  private func attributes(_ name: String) throws -> FileAttributes {
    try test.files.attributes(alice, of: try test.number(alice, name, in: folder))
  }

  // MARK: Moving folders

  /// A folder above the target of a move once counted as one that carries rules, and could then leave its own folder no more.
  @Test func aFolderIntoWhichAnotherMovedMovesOn() throws {
    let (one, other) = (try test.make(.folder, "one", in: folder), try test.make(.folder, "other", in: folder))
    try test.make(.folder, "inner", in: one)
    try test.rename(alice, "inner", in: one, to: "inner", in: other)
    try test.rename(alice, "one", in: folder, to: "one", in: other)
    try test.make(.folder, "third", in: folder)
    let third = try #require(try test.vault.child(of: folder, named: Name("third")!))
    try test.rename(alice, "other", in: folder, to: "other", in: third)
  }

  @Test func aFolderThatRulesHaveLeftMovesAgain() throws {
    let (one, other) = (try test.make(.folder, "one", in: folder), try test.make(.folder, "other", in: folder))
    let ruled = try test.make(.folder, "ruled", in: one)
    try test.give([.list, .read], to: TestFiles.bob, on: ruled)
    #expect(test.failure { try test.rename(alice, "one", in: folder, to: "one", in: other) } == .crossDevice)
    // Moved by somebody who holds `grant`, as row 20 says.
    try test.give([.list, .read, .add, .edit, .remove, .grant], to: TestFiles.carol, on: folder)
    try test.rename(TestFiles.carol, "ruled", in: one, to: "ruled", in: folder)
    try test.rename(alice, "one", in: folder, to: "one", in: other)
    #expect(test.failure { try test.rename(alice, "ruled", in: folder, to: "ruled", in: other) } == .crossDevice)
    // Bob's rights went with the folder.
    _ = try test.number(TestFiles.bob, "ruled", in: folder)
    try test.bytes("ruled") { try test.files.removeFolder(alice, in: FileNumber(folder.id.value), $0) }
    #expect(test.failure { _ = try test.number(TestFiles.bob, "one", in: other) } == .noEntry)
  }

  // MARK: Attributes

  @Test func whatIsRemovedAndOpenHasNoLinks() throws {
    let handle = try test.create(alice, "d", in: folder)
    let number = try test.number(alice, "d", in: folder)
    #expect(try test.files.attributes(alice, of: number).linkCount == 1)
    try test.bytes("d") { try test.files.unlink(alice, in: FileNumber(folder.id.value), $0) }
    #expect(try test.files.attributes(alice, of: number).linkCount == 0)
    #expect(try test.files.attributes(alice, of: number, handle: handle).linkCount == 0)
    test.files.release(handle, lockOwner: nil)
  }

  @Test func anExtendedAttributeThatIsRefusedMovesNoTime() throws {
    test.files.release(try test.create(alice, "d", in: folder), lockOwner: nil)
    let number = try test.number(alice, "d", in: folder)
    let before = try attributes("d").changed
    let name = Array("user.absent".utf8)
    #expect(test.failure { try test.files.removeXattr(alice, number, name) } == .noData)
    #expect(
      test.failure { try test.bytes("x") { try test.files.setXattr(alice, number, name, $0, mode: .replace) } } == .noData)
    #expect(try attributes("d").changed == before)
    try test.bytes("x") { try test.files.setXattr(alice, number, name, $0, mode: .create) }
    #expect(try attributes("d").changed > before)
  }

  @Test func holesOfAClosedDocumentTakeNoBlocks() throws {
    let handle = try test.create(alice, "sparse", in: folder)
    let (size, written): (UInt64, Int) = (40 << 20, 100_000)
    let bytes = [UInt8](repeating: 7, count: written)
    for offset in [0, 20 << 20, size - UInt64(written)] {
      _ = try bytes.withUnsafeBytes { try test.files.write(alice, handle, $0, at: offset, appends: false) }
    }
    test.files.release(handle, lockOwner: nil)
    let whole = try test.create(alice, "hole", in: folder)
    try test.files.allocate(alice, whole, .extend, at: 0, count: size)
    test.files.release(whole, lockOwner: nil)
    try test.files.sync()
    for _ in 0..<2 {
      #expect(try attributes("sparse").size == size)
      #expect(try attributes("sparse").blockCount == UInt64(3 * written + 511) / 512)
      #expect(try attributes("hole").size == size)
      #expect(try attributes("hole").blockCount == 0)
    }
  }

  // MARK: Locks

  /// flock(2): a lock that becomes another kind is given up first. Two who hold it shared and both want it alone would wait for ever.
  @Test func aFlockThatChangesIsGivenUpFirst() throws {
    let handles = [try test.create(alice, "d", in: folder), try test.create(alice, "e", in: folder)]
    let (one, other, range) = (UInt64(1), UInt64(2), LockRange.whole(.flock))
    for owner in [one, other] { _ = try test.files.lock(alice, handles[0], owner: owner, range, .shared, whenHeld: nil) }
    let held = Atomic<UInt64>(0)
    for owner in [one, other] {
      if case .held = try test.files.lock(
        alice, handles[0], owner: owner, range, .exclusive, whenHeld: { _ in held.add(owner, ordering: .relaxed) })
      {
        held.add(owner, ordering: .relaxed)
      }
    }
    #expect(held.load(ordering: .relaxed) == one, "the first to ask has it, since the second gave its own up")
    try test.files.unlock(handles[0], owner: one, range)
    #expect(held.load(ordering: .relaxed) == one + other)
    try test.files.unlock(handles[0], owner: other, range)

    // Refused at once, the old one is gone as well.
    for owner in [one, other] { _ = try test.files.lock(alice, handles[1], owner: owner, range, .shared, whenHeld: nil) }
    #expect(
      test.failure { _ = try test.files.lock(alice, handles[1], owner: one, range, .exclusive, whenHeld: nil) } == .wouldBlock)
    guard case .held = try test.files.lock(alice, handles[1], owner: other, range, .exclusive, whenHeld: nil) else {
      Issue.record("the shared lock of the first is still there")
      return
    }
    for handle in handles { test.files.release(handle, lockOwner: nil) }
  }

  /// Many who wait and may not any more are refused one after the other, and whoever waits behind them comes in.
  @Test(arguments: [LockRange.whole(.posix), .whole(.flock)]) func aLockThatWaitedNeedsItsRightStill(range: LockRange) throws {
    let grant = try test.give([.list, .read, .edit], to: TestFiles.bob, on: folder)
    let mine = try test.create(alice, "d", in: folder)
    let number = try test.number(TestFiles.bob, "d", in: folder)
    let theirs = try test.files.open(TestFiles.bob, number, OpenAccess(reads: true, writes: true))
    let held = Atomic<UInt64>(0)
    let refused = Atomic<UInt64>(0)
    _ = try test.files.lock(alice, mine, owner: 1, range, .exclusive, whenHeld: nil)
    for owner in UInt64(2)...102 {
      let (caller, handle) = owner == 102 ? (alice, mine) : (TestFiles.bob, theirs)
      let outcome = try test.files.lock(caller, handle, owner: owner, range, .exclusive) { failure in
        if failure == nil { held.add(owner, ordering: .relaxed) }
        if failure == .accessDenied { refused.add(1, ordering: .relaxed) }
      }
      guard case .waits = outcome else {
        Issue.record("two hold it")
        return
      }
    }
    try test.vault.change([.remove(.grant(grant))])
    #expect(refused.load(ordering: .relaxed) == 0)
    try test.files.unlock(mine, owner: 1, range)
    #expect(refused.load(ordering: .relaxed) == 100 && held.load(ordering: .relaxed) == 102)
    #expect(test.files.locks.count == 1)
    for handle in [mine, theirs] { test.files.release(handle, lockOwner: nil) }
    #expect(test.files.locks.count == 0)
  }

  @Test func aUserHoldsSoManyRangesAndNoMore() throws {
    let locks = LockTable(rangeCountMax: 4)
    func wanted(_ first: UInt64, _ last: UInt64, _ caller: Caller, handle: UInt64 = 1) -> LockTable.Held {
      LockTable.Held(
        range: LockRange(first: first, last: last, style: .posix), owner: UInt64(caller.uid), kind: .shared, process: 1,
        uid: caller.uid, handle: HandleID(handle))
    }
    let (one, other) = (NodeID(5), NodeID(6))
    // Neighbours are one range, from whichever side they come.
    for first: UInt64 in [20, 40, 30, 0, 10] { #expect(try locks.take(one, wanted(first, first + 9, alice), wait: nil)) }
    #expect(locks.count == 1)
    for first: UInt64 in [100, 200, 300] { #expect(try locks.take(other, wanted(first, first, alice, handle: 2), wait: nil)) }
    #expect(test.failure { _ = try locks.take(other, wanted(400, 400, alice), wait: nil) } == .tooManyLocks)
    #expect(try locks.take(other, wanted(400, 400, TestFiles.bob), wait: nil))
    // Two of one would be too many; less of one is not.
    let owner = UInt64(alice.uid)
    func giveUp(_ first: UInt64, _ last: UInt64) -> FSError? {
      test.failure { try locks.giveUp(one, owner: owner, range: LockRange(first: first, last: last, style: .posix)) }
    }
    #expect(giveUp(20, 29) == .tooManyLocks && giveUp(0, 9) == nil)
    locks.release(other, handle: HandleID(2), owner: nil)
    #expect(giveUp(20, 29) == nil && locks.count == 3)
    locks.dropPosix(one, owner: owner)
    for index in 0..<4 { #expect(try locks.take(one, wanted(UInt64(index) * 10, UInt64(index) * 10, alice), wait: nil)) }
    #expect(test.failure { _ = try locks.take(one, wanted(90, 90, alice), wait: nil) } == .tooManyLocks)
  }

  // MARK: Names

  @Test func aNameThatBecameASymlinkIsNotOpened() throws {
    try test.make(.symlink, "link", in: folder)
    #expect(test.failure { _ = try test.create(alice, "link", in: folder) } == .tooManySymlinks)
    #expect(FSError.tooManySymlinks.errno == 40)
  }
}
