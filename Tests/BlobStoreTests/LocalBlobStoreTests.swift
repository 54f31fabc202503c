import Glibc
import Platform
import TestKit
import TestStores
import Testing
import VaultFormat

@testable import BlobStore

/// What only the local folder does: names, modes, and what it says of system calls that fail.
@Suite struct LocalBlobStoreTests {
  let folder = TemporaryFolder()
  let store: LocalBlobStore

  init() throws {
    try LocalBlobStore.create(in: folder.path)
    store = LocalBlobStore(folder: folder.path)
  }

  @Test func namesAndModes() throws {
    let id = BlobID(high: 0xab00_0000_0000_0000, low: 0x1)
    try store.putBytes(id, [1])
    try store.beginPack(PackNumber(12))
    #expect(try Files.list(folder.path) == ["blobs", "packs"])
    #expect(try Files.list(folder.path + "/blobs") == ["ab"])
    #expect(try Files.list(folder.path + "/blobs/ab") == ["ab000000000000000000000000000001"])
    #expect(try Files.list(folder.path + "/packs") == ["12"])
    for (name, mode) in [
      ("blobs", 0o40700), ("packs", 0o40700), ("blobs/ab", 0o40700), ("blobs/ab/\(id)", 0o100600), ("packs/12", 0o100600),
    ] as [(String, mode_t)] {
      var status = stat()
      #expect(lstat(folder.path + "/" + name, &status) == 0 && status.st_mode == mode, "\(name)")
    }
  }

  @Test func foreignNamesAreNoObjects() throws {
    for name in ["blobs/zz", "blobs/AB", "blobs/ab"] { try Files.makeFolder(folder.path + "/" + name, mode: 0o700) }
    for name in [
      "blobs/ab/ab000000000000000000000000000001.new", "blobs/ab/AB000000000000000000000000000001", "blobs/ab/x",
      "blobs/ab/cd000000000000000000000000000001", "packs/0", "packs/01", "packs/1.new", "packs/-1", "packs/4294967296",
    ] { _ = try File(folder.path + "/" + name, O_CREAT | O_WRONLY) }
    #expect(try store.blobs().isEmpty)
    #expect(try store.packs().isEmpty)
  }

  @Test func whatARewriteLeftIsRemovedAndNothingElse() throws {
    let id = BlobID(high: 0xab00_0000_0000_0000, low: 0x1)
    try store.putBytes(id, [1])
    try store.beginPack(PackNumber(1))
    let foreign = ["blobs/ab/x.new", "blobs/ab/cd000000000000000000000000000001.new", "packs/01.new", "packs/x.new"]
    for name in foreign + ["blobs/ab/\(id).new", "packs/1.new", "packs/2.new"] {
      _ = try File(folder.path + "/" + name, O_CREAT | O_WRONLY)
    }
    try store.removeRemains()
    #expect(
      try Set(Files.list(folder.path + "/blobs/ab").map { "blobs/ab/" + $0 }) == ["blobs/ab/\(id)", foreign[0], foreign[1]])
    #expect(try Set(Files.list(folder.path + "/packs").map { "packs/" + $0 }) == ["packs/1", foreign[2], foreign[3]])
    try store.removeRemains()
    #expect(try store.readBytes(.blob(id), at: 0, 9) == [1])
  }

  @Test func openedAnewItReadsWhatWasThere() throws {
    let id = BlobID.random()
    try store.putBytes(id, [1, 2, 3])
    try store.beginPack(PackNumber(1))
    try store.appendBytes([4, 5], to: PackNumber(1), at: 0)
    try store.sync()
    let again = LocalBlobStore(folder: folder.path)
    #expect(try again.readBytes(.blob(id), at: 0, 9) == [1, 2, 3])
    #expect(try again.readBytes(.pack(PackNumber(1)), at: 0, 9) == [4, 5])
    #expect(throws: BlobStoreError.missing, "packs of earlier do not grow") {
      try again.appendBytes([6], to: PackNumber(1), at: 2)
    }
  }

  @Test func aLinkIsNotFollowed() throws {
    let id = BlobID(high: 0xab00_0000_0000_0000, low: 0x2)
    try Files.makeFolder(folder.path + "/blobs/ab", mode: 0o700)
    #expect(symlink("/etc/hostname", folder.path + "/blobs/ab/\(id)") == 0)
    #expect(throws: BlobStoreError.self) { try store.readBytes(.blob(id), at: 0, 1) }
    #expect(throws: BlobStoreError.self) { try store.putBytes(id, [1]) }
  }

  @Test func moreFilesThanTheCacheHolds() throws {
    let small = LocalBlobStore(folder: folder.path, readerCountMax: 8)
    var ids: [BlobID] = []
    for index in 0..<100 {
      let id = BlobID.random()
      try small.putBytes(id, [UInt8(index)])
      ids.append(id)
    }
    try small.sync()
    let descriptors = try Files.list("/proc/self/fd").count
    for round in 0..<3 {
      for (index, id) in ids.enumerated() where round != 1 || index % 3 == 0 {
        #expect(try small.readBytes(.blob(id), at: 0, 2) == [UInt8(index)])
      }
    }
    #expect(try Files.list("/proc/self/fd").count < descriptors + 30)
  }

  #if DEBUG
    // MARK: Counts

    /// The calls made by `body`, by name.
    private func calls(_ body: () throws -> Void) rethrows -> [String: Int] {
      let counts = Counts()
      Seam.setFault(under: folder.path) { call, _ in
        counts.add("\(call)")
        return nil
      }
      defer { Seam.setFault(under: folder.path, nil) }
      try body()
      return counts.all
    }

    @Test func onePassPerSync() throws {
      try store.putBytes(BlobID(high: 0xab00_0000_0000_0000, low: 0x1), [1])
      try store.sync()
      let put = try calls { try store.putBytes(BlobID(high: 0xab00_0000_0000_0000, low: 0x3), [1]) }
      #expect(put == ["open": 1, "pwrite": 1])
      try store.putBytes(BlobID(high: 0xab00_0000_0000_0000, low: 0x4), [1])
      try store.beginPack(PackNumber(1))
      for index in 0..<50 { try store.appendBytes([1], to: PackNumber(1), at: index) }
      let sync = try calls { try store.sync() }
      // Two blobs in one folder that was there, and a pack in its folder.
      #expect(sync == ["fdatasync": 3, "open": 2, "fsync": 2])
      #expect(try calls { try store.sync() } == [:])
      // A new folder is an entry of `blobs`.
      try store.putBytes(BlobID(high: 0xcd00_0000_0000_0000, low: 0x1), [1])
      #expect(try calls { try store.sync() } == ["fdatasync": 1, "open": 2, "fsync": 2])
      for index in 50..<60 { try store.appendBytes([1], to: PackNumber(1), at: index) }
      #expect(try calls { try store.sync() } == ["fdatasync": 1])
    }

    @Test func readsOpenAFileOnce() throws {
      let id = BlobID.random()
      try store.putBytes(id, [1, 2, 3])
      #expect(try calls { _ = try store.readBytes(.blob(id), at: 0, 3) } == ["pread": 1])
      let again = LocalBlobStore(folder: folder.path)
      #expect(try calls { _ = try again.readBytes(.blob(id), at: 0, 3) } == ["open": 1, "pread": 1])
      #expect(try calls { _ = try again.readBytes(.blob(id), at: 1, 1) } == ["pread": 1])
    }

    // MARK: Failures

    /// Fails calls of a name from the `skip`-th on, `times` times.
    private func failing(_ name: String, _ code: Int32, skip: Int = 0, times: Int = 1, _ body: () throws -> Void) rethrows {
      let seen = Counts()
      Seam.setFault(under: folder.path) { call, _ in
        guard "\(call)" == name else { return nil }
        let count = seen.add(name)
        return count > skip && count <= skip + times ? code : nil
      }
      defer { Seam.setFault(under: folder.path, nil) }
      try body()
    }

    @Test(arguments: ["open", "pwrite", "mkdir"], [ENOSPC, EDQUOT, EIO])
    func failedPutsLeaveNothing(call: String, code: Int32) throws {
      let id = BlobID.random()
      let expected = code == EIO ? "io" : "outOfSpace"
      failing(call, code) {
        let error = #expect(throws: BlobStoreError.self) { try store.putBytes(id, [1, 2, 3]) }
        #expect("\(error!)".hasPrefix(expected))
      }
      #expect(try store.blobs().isEmpty)
      try store.putBytes(id, [1, 2, 3])
      try store.sync()
      #expect(try store.readBytes(.blob(id), at: 0, 3) == [1, 2, 3])
    }

    @Test(arguments: ["pwrite", "fallocate", "ftruncate"], [ENOSPC, EIO])
    func failedPackCallsCanBeRepeated(call: String, code: Int32) throws {
      try store.beginPack(PackNumber(1))
      func grow() throws {
        try store.reserve(PackNumber(1), byteCount: 1 << 20)
        try store.appendBytes([1, 2, 3], to: PackNumber(1), at: 0)
        try store.endPack(PackNumber(1), byteCount: 3)
      }
      failing(call, code) {
        #expect(throws: code == EIO ? BlobStoreError.io("\(call): Input/output error") : .outOfSpace) { try grow() }
      }
      if call != "ftruncate" { try grow() }
      try store.sync()
      #expect(try store.readBytes(.pack(PackNumber(1)), at: 0, 9) == [1, 2, 3])
    }

    @Test func spaceThatCannotBeSetAsideIsNoFailure() throws {
      try store.beginPack(PackNumber(1))
      try failing("fallocate", EOPNOTSUPP) { try store.reserve(PackNumber(1), byteCount: 1 << 20) }
    }

    /// After a failed sync, no later one succeeds before the object was written anew.
    @Test(arguments: ["fdatasync", "fsync"])
    func failedSyncsAreNeverRetriedIntoSuccess(call: String) throws {
      try store.sync()
      let (id, other) = (BlobID(high: 0x0100_0000_0000_0000, low: 1), BlobID(high: 0x0200_0000_0000_0000, low: 2))
      try store.putBytes(id, [1, 2, 3])
      failing(call, EIO) { #expect(throws: BlobStoreError.io("\(call): Input/output error")) { try store.sync() } }
      #expect(store.unsure == [.blob(id)])
      try store.putBytes(other, [4])
      #expect(throws: BlobStoreError.unsure) { try store.sync() }
      #expect(throws: BlobStoreError.unsure) { try store.sync() }
      #expect(try store.readBytes(.blob(id), at: 0, 3) == [1, 2, 3], "reads go on")
      var before = stat()
      stat(folder.path + "/blobs/01/\(id)", &before)
      #expect(try store.rewrite(.blob(id), byteCount: 3) { bytes, _ in Array(bytes) == [1, 2, 3] })
      var after = stat()
      stat(folder.path + "/blobs/01/\(id)", &after)
      #expect(before.st_ino != after.st_ino, "another file")
      #expect(try calls { try store.sync() }["fdatasync"] == 1)
      #expect(store.unsure.isEmpty)
      #expect(try store.readBytes(.blob(id), at: 0, 3) == [1, 2, 3])
    }

    /// A file may have been synced long before its folder is asked for.
    @Test func aFolderThatFailedLeavesAllItsNewNamesInDoubt() throws {
      try store.sync()
      let (id, gone) = (BlobID(high: 0x0100_0000_0000_0000, low: 1), BlobID(high: 0x0100_0000_0000_0000, low: 2))
      try store.putBytes(id, [1, 2, 3])
      try store.putBytes(gone, [4])
      try store.beginPack(PackNumber(1))
      store.syncSome()
      try store.delete(.blob(gone))
      failing("fsync", EIO, times: 2) { #expect(throws: BlobStoreError.self) { try store.sync() } }
      #expect(Set(store.unsure) == [.blob(id), .pack(PackNumber(1))])
      #expect(throws: BlobStoreError.unsure) { try store.sync() }
      #expect(try store.rewrite(.blob(id), byteCount: 3) { bytes, _ in Array(bytes) == [1, 2, 3] })
      #expect(throws: BlobStoreError.unsure) { try store.sync() }
      #expect(try store.rewrite(.pack(PackNumber(1)), byteCount: 0) { _, _ in true })
      try store.sync()
      // In doubt no more, and not again when the folder fails for others.
      try store.putBytes(gone, [4])
      failing("fsync", EIO) { #expect(throws: BlobStoreError.self) { try store.sync() } }
      #expect(store.unsure == [.blob(gone)])
    }

    private final class Syncs: @unchecked Sendable {
      private let lock = Lock()
      private var all: [String] = []
      func add(_ call: String, _ path: String) { lock.withLock { all.append(call + " " + path) } }
      func take() -> [String] {
        lock.withLock {
          defer { all = [] }
          return all
        }
      }
    }

    /// Several threads: each file once, only then each folder once, and `blobs` at the end. What failed is known, and all else was tried.
    @Test func manyAreSyncedAtOnceInOrder() throws {
      try store.sync()
      let syncs = Syncs()
      let failing = Flags()
      Seam.setFault(under: folder.path) { [path = folder.path] call, called in
        guard "\(call)" == "fdatasync" || "\(call)" == "fsync" else { return nil }
        let name = String(called.dropFirst(path.count + 1))
        syncs.add("\(call)", name)
        return failing.name == name ? EIO : nil
      }
      defer { Seam.setFault(under: folder.path, nil) }
      func put(_ low: UInt64) throws -> (files: Set<String>, folders: Set<String>) {
        var (files, folders): (Set<String>, Set<String>) = ([], [])
        for high in 0..<40 {
          let id = BlobID(high: UInt64(high) << 56, low: low)
          try store.putBytes(id, [1])
          files.insert("fdatasync blobs/\(id.description.prefix(2))/\(id)")
          folders.insert("fsync blobs/\(id.description.prefix(2))")
        }
        return (files, folders)
      }
      func expectAll(
        _ made: (files: Set<String>, folders: Set<String>), isNew: Bool, sourceLocation: SourceLocation = #_sourceLocation
      ) {
        let seen = syncs.take()
        #expect(seen.count == (isNew ? 81 : 80), sourceLocation: sourceLocation)
        #expect(Set(seen.prefix(40)) == made.files, sourceLocation: sourceLocation)
        #expect(Set(seen.dropFirst(40).prefix(40)) == made.folders, sourceLocation: sourceLocation)
        if isNew { #expect(seen.last == "fsync blobs", sourceLocation: sourceLocation) }
      }

      let first = try put(1)
      try store.sync()
      expectAll(first, isNew: true)

      let second = try put(2)
      let lost = BlobID(high: 17 << 56, low: 2)
      failing.set("blobs/11/\(lost)")
      #expect(throws: BlobStoreError.io("fdatasync: Input/output error")) { try store.sync() }
      #expect(store.unsure == [.blob(lost)])
      expectAll(second, isNew: false)
      try store.delete(.blob(lost))

      let third = try put(3)
      failing.set("blobs/05")
      #expect(throws: BlobStoreError.io("fsync: Input/output error")) { try store.sync() }
      #expect(store.unsure == [.blob(BlobID(high: 5 << 56, low: 3))])
      expectAll(third, isNew: false)
    }

    /// What is to fail now.
    private final class Flags: @unchecked Sendable {
      private let lock = Lock()
      private var value: String?
      var name: String? { lock.withLock { value } }
      func set(_ name: String) { lock.withLock { value = name } }
    }

    @Test(arguments: ["open", "pread", "pwrite", "fdatasync", "rename", "unlink"])
    func failedRewritesStayUnsure(call: String) throws {
      let id = BlobID.random()
      try store.putBytes(id, [1, 2, 3])
      failing("fdatasync", EIO) { #expect(throws: BlobStoreError.self) { try store.sync() } }
      failing(call, ENOSPC) {
        #expect(throws: BlobStoreError.outOfSpace) { try store.rewrite(.blob(id), byteCount: 3) { _, _ in true } }
      }
      #expect(store.unsure == [.blob(id)])
      #expect(try store.rewrite(.blob(id), byteCount: 3) { _, _ in true })
      try store.sync()
      #expect(try Files.list(folder.path + "/blobs/" + id.description.prefix(2)) == [id.description])
    }

    @Test func deletingEndsDoubt() throws {
      let id = BlobID.random()
      try store.putBytes(id, [1])
      failing("fdatasync", EIO) { #expect(throws: BlobStoreError.self) { try store.sync() } }
      try store.delete(.blob(id))
      try store.sync()
    }
  #endif
}
