import Glibc
import Platform
import Testing
import Vault
import VaultFormat

@testable import VaultFS

/// Statements of the catalog that one operation runs: none for what is in memory, one for what is not.
@Suite struct StatementCountTests {
  private let test: TestFiles
  private let alice = TestFiles.alice
  private let documentCount = 2500

  /// A folder of 2,500 empty documents and three folders, as a mount finds it: nothing of it is in memory.
  init() throws {
    test = try TestFiles()
    let folder = try test.make(.folder, "a")
    try test.give([.list, .read, .add, .edit, .remove], to: alice, on: folder)
    for number in 0..<documentCount { try test.make(.document, "\(number)", in: folder) }
    for number in 0..<3 { try test.make(.folder, "f\(number)", in: folder) }
    try test.remount()
  }

  private func folder() throws -> Node { try #require(try test.vault.child(of: test.vault.node(.root), named: Name("a")!)) }

  private func statements(_ body: () throws -> Void) rethrows -> Int {
    let before = test.vault.statementCount
    try body()
    return Int(test.vault.statementCount - before)
  }

  private func list(_ folder: Node) throws -> Int {
    let handle = try test.files.openFolder(alice, FileNumber(folder.id.value))
    defer { test.files.releaseFolder(handle) }
    var shown = 0
    var offset: UInt64 = 0
    while true {
      // As many as 32 KiB hold.
      var room = 680
      try test.files.list(alice, handle, after: offset) { entry in
        guard room > 0 else { return false }
        room -= 1
        offset = entry.offset
        return true
      }
      shown += 680 - room
      if room == 680 { return shown }
    }
  }

  private struct Listing: Equatable {
    var entries = 0
    var statements = 0
  }

  private func listing(_ folder: Node) throws -> Listing {
    var listing = Listing()
    listing.statements = try statements { listing.entries = try list(folder) }
    return listing
  }

  @Test func aLookupOfWhatIsNotInMemoryIsOneAndAgainNone() throws {
    let folder = try folder()
    #expect(try statements { _ = try test.number(alice, "7", in: folder) } == 1)
    #expect(try statements { _ = try test.number(alice, "7", in: folder) } == 0)
    var failure: FSError?
    let absent = statements { failure = test.failure { _ = try test.number(alice, "none", in: folder) } }
    #expect(absent == 1 && failure == .noEntry)
  }

  @Test func openReadAttributesAndReleaseOfWhatIsInMemoryAreNone() throws {
    let folder = try folder()
    let number = try test.number(alice, "7", in: folder)
    let count = try statements {
      let handle = try test.files.open(alice, number, OpenAccess(reads: true, writes: true))
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 4096)
      defer { buffer.deallocate() }
      _ = try test.files.write(alice, handle, UnsafeRawBufferPointer(buffer), at: 0, appends: false)
      _ = try test.files.read(alice, handle, at: 0, into: buffer)
      _ = try test.files.attributes(alice, of: number)
      test.files.release(handle, lockOwner: nil)
    }
    #expect(count == 0)
  }

  @Test func createAndRenameAskOnceWhetherTheNameIsFreeAndUnlinkAsksNothing() throws {
    let folder = try folder()
    _ = try test.number(alice, "7", in: folder)
    let created = try statements { test.files.release(try test.create(alice, "new", in: folder), lockOwner: nil) }
    #expect(created == 1)
    #expect(try statements { try test.rename(alice, "7", in: folder, to: "seven", in: folder) } == 1)
    let removed = try statements {
      try test.bytes("seven") { try test.files.unlink(alice, in: FileNumber(folder.id.value), $0) }
    }
    #expect(removed == 0)
  }

  @Test func inAFolderMadeSinceNothingIsAsked() throws {
    let folder = try folder()
    let made = try test.bytes("made") { try test.files.make(.folder, alice, in: FileNumber(folder.id.value), $0, mode: 0o755) }
    let inside = try test.vault.node(made.number.node)
    #expect(try statements { test.files.release(try test.create(alice, "new", in: inside), lockOwner: nil) } == 0)
    #expect(try listing(inside) == Listing(entries: 1, statements: 0))
  }

  @Test func aListingIsOneForEachThousandEntriesAndAgainNone() throws {
    let folder = try folder()
    #expect(try listing(folder) == Listing(entries: documentCount + 3, statements: 3))
    #expect(try listing(folder) == Listing(entries: documentCount + 3, statements: 0))
    // What comes is in the next listing.
    test.files.release(try test.create(alice, "new", in: folder), lockOwner: nil)
    #expect(try listing(folder) == Listing(entries: documentCount + 4, statements: 3))
  }

  @Test func whatWasListedNeedNotBeReadAgain() throws {
    let folder = try folder()
    _ = try list(folder)
    #expect(try statements { for name in ["1", "77", "2499", "f1"] { _ = try test.number(alice, name, in: folder) } } == 0)
  }

  @Test func aCommitIsOneForEachRowAndAFewMore() throws {
    let folder = try folder()
    try test.vault.sync()
    func commit(_ names: Range<Int>) throws -> Int {
      for name in names { test.files.release(try test.create(alice, "c\(name)", in: folder), lockOwner: nil) }
      return try statements { try test.vault.sync() }
    }
    let one = try commit(0..<1)
    let many = try commit(1..<101)
    // Buckets of 256 nodes: a hundred documents touch one or two.
    #expect(one <= 10)
    #expect(many - one >= 99 && many - one <= 101)
  }
}

#if DEBUG
  /// System calls of one operation on the vault's files, by all threads.
  @Suite(.serialized) struct OperationCallTests {
    private let test: TestFiles
    private let folder: Node
    private let calls = AllCalls()
    private let alice = TestFiles.alice

    init() throws {
      test = try TestFiles()
      folder = try test.make(.folder, "a")
      try test.give([.list, .read, .add, .edit, .remove], to: alice, on: folder)
      test.files.release(try test.create(alice, "d", in: folder), lockOwner: nil)
      try test.vault.sync()
    }

    private func count(_ call: String, below path: String, _ body: () throws -> Void) rethrows -> Int {
      calls.begin(test.folder)
      defer { calls.end(test.folder) }
      try body()
      return calls.count(call, below: test.folder + "/vault/" + path)
    }

    /// Records are written one by one, so these are the records of each operation.
    @Test func recordsOfEachOperation() throws {
      let number = try test.number(alice, "d", in: folder)
      var handle: HandleID?
      func records(_ body: () throws -> Void) rethrows -> Int { try count("write", below: "trail", body) }
      let looked = try records { _ = try test.number(alice, "d", in: folder) }
      let shown = try records { _ = try test.files.attributes(alice, of: number) }
      #expect(looked == 0 && shown == 0)
      let opened = try records { handle = try test.files.open(alice, number, OpenAccess(reads: true, writes: false)) }
      let released = records { test.files.release(handle!, lockOwner: nil) }
      #expect(opened == 1 && released == 1)
      let created = try records { handle = try test.create(alice, "new", in: folder) }
      #expect(created == 2)
      test.files.release(handle!, lockOwner: nil)
      let renamed = try records { try test.rename(alice, "new", in: folder, to: "newer", in: folder) }
      let removed = try records {
        try test.bytes("newer") { try test.files.unlink(alice, in: FileNumber(folder.id.value), $0) }
      }
      #expect(renamed == 1 && removed == 1)
      let list = try test.files.openFolder(alice, FileNumber(folder.id.value))
      let listed = try records { try test.files.list(alice, list, after: 0) { _ in true } }
      #expect(listed == 1)
      test.files.releaseFolder(list)
    }

    /// Packs, the trail's segment and what names them are synced once for all that a commit holds; the catalog's own sync is SQLite's.
    @Test func aCommitSyncsOnceHoweverManyDocumentsItHolds() throws {
      let bytes = [UInt8](repeating: 7, count: 1000)
      func syncs(_ names: Range<Int>) throws -> (content: Int, trail: Int) {
        for name in names {
          let handle = try test.create(alice, "s\(name)", in: folder)
          _ = try bytes.withUnsafeBytes { try test.files.write(alice, handle, $0, at: 0, appends: false) }
          test.files.release(handle, lockOwner: nil)
        }
        calls.begin(test.folder)
        defer { calls.end(test.folder) }
        try test.vault.sync()
        let content = calls.count("fdatasync", below: test.folder + "/vault/packs")
        return (content, calls.count("fdatasync", below: test.folder + "/vault/trail"))
      }
      _ = try syncs(0..<1)
      let one = try syncs(1..<2)
      let many = try syncs(2..<202)
      #expect(one.content == 1 && many.content == 1)
      #expect(one.trail <= 2 && many.trail <= 2)
    }

    @Test func aBlobIsOpenedOnceAndAWarmReadOpensNothing() throws {
      let byteCount = 5 << 20
      let bytes = [UInt8](repeating: 7, count: byteCount)
      let made = try test.create(alice, "large", in: folder)
      _ = try bytes.withUnsafeBytes { try test.files.write(alice, made, $0, at: 0, appends: false) }
      test.files.release(made, lockOwner: nil)
      try test.vault.sync()
      try test.remount()
      let again = try #require(try test.vault.child(of: test.vault.node(.root), named: Name("a")!))
      let number = try test.number(alice, "large", in: again)
      let handle = try test.files.open(alice, number, OpenAccess(reads: true, writes: false))
      defer { test.files.release(handle, lockOwner: nil) }
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16 << 10, alignment: 4096)
      defer { buffer.deallocate() }
      func read(at offset: Int) throws { _ = try test.files.read(alice, handle, at: UInt64(offset), into: buffer) }
      let first = try count("open", below: "blobs") {
        for offset in stride(from: 0, to: byteCount, by: 64 << 10) { try read(at: offset) }
      }
      #expect(first == 2)
      for _ in 0..<4 { try read(at: 0) }
      let warm = try count("open", below: "blobs") { for _ in 0..<10 { try read(at: 0) } }
      #expect(warm == 0)
      let warmReads = try count("pread", below: "blobs") { for _ in 0..<10 { try read(at: 0) } }
      #expect(warmReads == 0)
    }
  }

  /// Counts calls through the seam, of all threads.
  private final class AllCalls: @unchecked Sendable {
    private let lock = Lock()
    private var seen: [(call: String, path: String)] = []

    func begin(_ folder: String) {
      lock.withLock { seen = [] }
      Seam.setFault(under: folder) { [self] call, path in
        lock.withLock { seen.append(("\(call)", path)) }
        return nil
      }
    }

    func end(_ folder: String) { Seam.setFault(under: folder, nil) }

    func count(_ call: String, below path: String) -> Int {
      lock.withLock { seen.count { $0.call == call && $0.path.hasPrefix(path) } }
    }
  }
#endif
