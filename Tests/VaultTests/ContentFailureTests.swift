import BlobStore
import Glibc
import Keys
import Platform
import TestKit
import TestStores
import Testing
import VaultFormat

@testable import Vault

/// Full disks, failing calls and power cuts.
@Suite struct ContentFailureTests {
  @Test func aFullDiskLosesNothing() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    var generator = SeededGenerator(seed: 2)
    store.faults.capacity = 3 << 20
    var made: [(BlobReference, [UInt8])] = []
    var refused = 0
    while refused < 5 {
      let bytes = generator.bytes(refused == 0 ? 100_000 : 200_000)
      do throws(ContentError) {
        made.append((try fixture.seal(bytes), bytes))
      } catch {
        #expect(error == .outOfSpace)
        refused += 1
      }
    }
    #expect(made.count > 10)
    for (blob, bytes) in made { #expect(try fixture.read(blob) == bytes) }
    let states = try fixture.commit()
    store.faults.capacity = .max
    let more = try fixture.seal([1, 2, 3])
    let records = states.records.merging(try fixture.commit().records) { $1 }
    let again = try ContentFixture(store.crashed(), keys: fixture.keys, packs: records)
    for (blob, bytes) in made { #expect(try again.read(blob) == bytes) }
    #expect(try again.read(more) == [1, 2, 3])
    for (number, record) in records { try again.content.check(number, record) }
  }

  /// Appends that fail leave the bytes in memory, readable, until an append succeeds.
  @Test func failedAppendsAreRepeated() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    var generator = SeededGenerator(seed: 2)
    store.faults.failingCalls["append"] = 1_000_000
    var made: [(BlobReference, [UInt8])] = []
    var failure: ContentError?
    while failure == nil, made.count < 1000 {
      let bytes = generator.bytes(128 << 10)
      do throws(ContentError) { made.append((try fixture.seal(bytes), bytes)) } catch { failure = error }
    }
    #expect(failure == .io("append failed on command"))
    #expect(made.count >= 63, "eight chunks wait before writers are refused")
    for (blob, bytes) in made { #expect(try fixture.read(blob) == bytes) }
    #expect(throws: ContentError.self) { try fixture.content.sync() }
    store.faults.failingCalls = [:]
    let records = try fixture.commit().records
    let again = try ContentFixture(store.crashed(), keys: fixture.keys, packs: records)
    for (blob, bytes) in made { #expect(try again.read(blob) == bytes) }
    for (number, record) in records { try again.content.check(number, record) }
  }

  @Test func failedSyncsAreSavedByRewriting() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    var generator = SeededGenerator(seed: 2)
    let contents = [generator.bytes(10), generator.bytes(300_000)]
    let blobs = try contents.map { (bytes) throws in try fixture.seal(bytes) }
    store.faults.failingSyncs = 2
    for _ in 0..<2 { #expect(throws: ContentError.io("sync failed on command")) { try fixture.content.sync() } }
    #expect(Set(store.unsure) == [.pack(PackNumber(1)), .blob(blobs[1].id)])
    let late = try fixture.seal([9])
    let records = try fixture.commit().records
    #expect(store.unsure.isEmpty)
    #expect(store.counts["rewrite"] == 4)
    let again = try ContentFixture(store.crashed(), keys: fixture.keys, packs: records)
    for (blob, bytes) in zip(blobs + [late], contents + [[9]]) { #expect(try again.read(blob) == bytes) }
    for (number, record) in records { try again.content.check(number, record) }
  }

  /// What the disk has lost is never committed, and what was not lost can still be read.
  @Test(arguments: [true, false])
  func lostBytesAreNeverCommitted(isPacked: Bool) throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    let kept = try fixture.seal([1])
    let records = try fixture.commit().records
    let blob = try fixture.seal([UInt8](repeating: 1, count: isPacked ? 100 : 200_000))
    store.faults.failingSyncs = 1
    store.faults.losesBytesOnFailure = true
    #expect(throws: ContentError.io("sync failed on command")) { try fixture.content.sync() }
    for _ in 0..<2 {
      let error = #expect(throws: ContentError.self) { try fixture.content.sync() }
      let name = isPacked ? "pack 1" : "blob \(blob.id)"
      #expect(error == .damaged("\(name) lost bytes that the disk had taken"))
    }
    #expect(try fixture.read(kept) == [1])
    let again = try ContentFixture(store.crashed(), keys: fixture.keys, packs: records)
    #expect(try again.read(kept) == [1])
    if !isPacked {
      // Given up, it stands in nobody's way.
      fixture.content.discard([blob])
      fixture.content.finishRemovals()
      _ = try fixture.content.sync()
    }
  }

  /// Whoever puts a blob has not heard of it yet, and names it afterwards: a sync that fails in between must not take it for one that nobody wants.
  @Test(arguments: [0, 1]) func aSyncThatFailsWhileABlobIsBeingPutKeepsIt(goodSyncCount: Int) throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    var generator = SeededGenerator(seed: 2)
    let bytes = generator.bytes(200_000)
    store.afterPut = { [content = fixture.content] in
      store.faults.failingSyncs = 1
      #expect(throws: ContentError.self) { try content.sync() }
      for _ in 0..<goodSyncCount { _ = try? content.sync() }
    }
    let blob = try fixture.seal(bytes)
    store.afterPut = nil
    try fixture.commit()
    let again = try ContentFixture(store.crashed(), keys: fixture.keys)
    #expect(try fixture.read(blob) == bytes)
    #expect(try again.read(blob) == bytes)
  }

  @Test func copiesThatACrashLeftGoWithTheGarbage() throws {
    let folder = TemporaryFolder()
    try LocalBlobStore.create(in: folder.path)
    let fixture = try ContentFixture(LocalBlobStore(folder: folder.path))
    let blob = try fixture.seal([UInt8](repeating: 1, count: 200_000))
    let packed = try fixture.seal([1])
    try fixture.commit()
    let folders = [folder.path + "/blobs/" + blob.id.description.prefix(2), folder.path + "/packs"]
    let before = try folders.map { try Files.list($0) }
    for (folder, names) in zip(folders, before) { _ = try File("\(folder)/\(names[0]).new", O_CREAT | O_WRONLY) }
    let removed = try fixture.content.removeGarbage { $0 == blob.id }
    #expect(removed.blobs == 0 && removed.packs == 0)
    #expect(try folders.map { try Files.list($0) } == before)
    #expect(try fixture.read(blob).count == 200_000)
    #expect(try fixture.read(packed) == [1])
  }

  /// Power cuts at random instants: what a commit named is there, whole.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func powerCuts(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var store = MemoryBlobStore(seed: seed)
    var keys: VaultKeys?
    var records: [PackNumber: PackRecord] = [:]
    var committed: [(BlobReference, [UInt8])] = []
    var lastPack = 0
    for _ in 0..<4 {
      let fixture = try ContentFixture(store, keys: keys, packs: records, lastPack: lastPack)
      keys = fixture.keys
      for (blob, bytes) in committed { #expect(try fixture.read(blob) == bytes, "seed \(seed)") }
      for (number, record) in records { try fixture.content.check(number, record) }
      var pending: [(BlobReference, [UInt8])] = []
      for _ in 0..<Int.random(in: 1...60, using: &generator) {
        let limit = generator.next() % 6 == 0 ? 500_000 : 30_000
        let bytes = generator.bytes(Int.random(in: 1...limit, using: &generator))
        pending.append((try fixture.seal(bytes), bytes))
        guard generator.next() % 8 == 0 else { continue }
        var obsolete: [BlobReference] = []
        if !committed.isEmpty, Bool.random(using: &generator) { obsolete.append(committed.removeFirst().0) }
        if generator.next() % 4 == 0 { store.faults.failingSyncs = 1 }
        guard let states = try? fixture.content.sync(obsolete: obsolete) else { continue }
        for state in states { records[state.number] = state.record }
        committed += pending
        pending = []
        fixture.content.committed()
        fixture.content.discard(obsolete)
      }
      lastPack += 10
      store = store.crashed()
    }
    #expect(!committed.isEmpty || seed > 0)
  }

  #if DEBUG
    /// Every system call of writing and committing fails once, with no room and with a broken disk; afterwards all is as if it had not.
    @Test(arguments: [ENOSPC, EIO])
    func everyCallMayFail(code: Int32) throws {
      var generator = SeededGenerator(seed: 3)
      let contents = [10, 100_000, 200_000].map { generator.bytes($0) }
      var failed = 0
      for position in 0..<1000 {
        let folder = TemporaryFolder()
        try LocalBlobStore.create(in: folder.path)
        let fixture = try ContentFixture(LocalBlobStore(folder: folder.path)) { $0.readAheadByteCount = 0 }
        let counts = Counts()
        Seam.setFault(under: folder.path) { _, _ in counts.add("call") == position + 1 ? code : nil }
        defer { Seam.setFault(under: folder.path, nil) }
        var didFail = false
        func trying<Result>(_ body: () throws(ContentError) -> Result) throws -> Result {
          do throws(ContentError) { return try body() } catch {
            didFail = true
            if code == ENOSPC { #expect(error == .outOfSpace || error == .io("an earlier sync failed"), "call \(position)") }
            return try body()
          }
        }
        let blobs = try contents.map { bytes in try trying { () throws(ContentError) in try fixture.seal(bytes) } }
        let states = try trying { () throws(ContentError) in try fixture.content.sync() }
        fixture.content.committed()
        let total = counts.all["call"]!
        Seam.setFault(under: folder.path, nil)
        let again = try ContentFixture(LocalBlobStore(folder: folder.path), keys: fixture.keys, packs: states.records)
        for (blob, bytes) in zip(blobs, contents) {
          #expect(try fixture.read(blob) == bytes, "call \(position)")
          #expect(try again.read(blob) == bytes, "call \(position)")
        }
        for (number, record) in states.records { try again.content.check(number, record) }
        if didFail { failed += 1 }
        if position >= total { break }
      }
      // Failures that need not be told: setting space aside in large steps, where a small step does.
      #expect(failed >= 10)
    }

    @Test func syncsAndReadsAreCounted() throws {
      let folder = TemporaryFolder()
      try LocalBlobStore.create(in: folder.path)
      let fixture = try ContentFixture(LocalBlobStore(folder: folder.path)) {
        $0.readAheadByteCount = 0
        $0.pageCacheByteCount = 8 << 20
      }
      let counts = Counts()
      Seam.setFault(under: folder.path) { call, _ in
        counts.add("\(call)")
        return nil
      }
      defer { Seam.setFault(under: folder.path, nil) }
      _ = try fixture.seal([1])
      try fixture.commit()
      counts.reset()
      for _ in 0..<500 { _ = try fixture.seal([UInt8](repeating: 1, count: 1000)) }
      #expect(counts.all == [:], "small documents gather in memory")
      try fixture.commit()
      #expect(counts.all == ["pwrite": 1, "fdatasync": 1])
      let blob = try fixture.seal([UInt8](repeating: 1, count: 1 << 20))
      try fixture.commit()
      counts.reset()
      _ = try fixture.read([blob.whole], at: 0, 128 << 10)
      #expect(counts.all == ["pread": 1])
      _ = try fixture.read([blob.whole], at: 0, 128 << 10)
      #expect(counts.all == ["pread": 1])
    }
  #endif
}
