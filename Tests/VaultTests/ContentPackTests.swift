import BlobStore
import Keys
import Platform
import Sodium
import TestKit
import TestStores
import Testing
import VaultFormat

@testable import Vault

@Suite struct ContentPackTests {
  @Test func groupsBeginOnBoundaries() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    let first = try fixture.seal([1, 2, 3])
    let second = try fixture.seal([4])
    #expect(first.place == .pack(PackNumber(1), offset: 0))
    #expect(second.place == .pack(PackNumber(1), offset: 19))
    let states = try fixture.commit()
    #expect(states.map(\.number) == [PackNumber(1)])
    #expect(states[0].record?.byteCount == 4096)
    #expect(states[0].record?.liveByteCount == 36)
    #expect(store.bytes(of: .pack(PackNumber(1)))!.dropFirst(36).allSatisfy { $0 == 0 }, "padding is zeros")
    let third = try fixture.seal([5])
    #expect(third.place == .pack(PackNumber(1), offset: 4096))
    #expect(try fixture.commit()[0].record?.byteCount == 8192)
    #expect(try fixture.commit() == [], "nothing new, nothing to say")
    for (blob, bytes) in [(first, [1, 2, 3]), (second, [4]), (third, [5])] as [(BlobReference, [UInt8])] {
      #expect(try fixture.read(blob) == bytes)
    }
  }

  /// The worked example of docs/format/blobs.md.
  @Test func theExampleInTheDocumentation() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    func offset(_ byteCount: Int) throws -> Int { try fixture.seal([UInt8](repeating: 1, count: byteCount)).objectOffset }
    #expect(try [offset(3), offset(1), offset(20_000)] == [0, 19, 36])
    let first = try #require(try fixture.commit()[0].record)
    #expect(first.byteCount == 20_480 && first.liveByteCount == 20_068)
    #expect(try offset(5) == 20_480)
    let second = try #require(try fixture.commit()[0].record)
    #expect(second.byteCount == 24_576 && second.liveByteCount == 20_089)
    for (plain, sealed) in [
      (1, 17), (16_383, 16_399), (16_384, 16_400), (16_385, 16_417), (131_072, 131_200), (131_073, 131_217),
      (4_194_304, 4_198_400),
    ] { #expect(BlobGeometry.sealedByteCount(plain) == sealed) }
  }

  @Test func theDigestCoversEveryGroup() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    var generator = SeededGenerator(seed: 1)
    for byteCount in [1, 4096 - 16, 128 << 10, (1 << 20) / 8 - 16 * 8, 77_777] {
      for _ in 0..<9 { _ = try fixture.seal(generator.bytes(byteCount)) }
      let record = try #require(try fixture.commit()[0].record)
      var hash = fixture.keys.packHash()
      let bytes = store.bytes(of: .pack(PackNumber(1)))!
      hash.update(bytes)
      #expect(bytes.count == Int(record.byteCount) && bytes.count % 4096 == 0)
      #expect(hash.finish() == record.digest)
    }
  }

  /// A group whose last blob fills a chunk exactly, so that the chunk is written before the cut.
  @Test func aGroupThatEndsWithItsChunk() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    // 64 sealed blobs of 16,384 bytes are 1 MiB.
    for _ in 0..<64 { _ = try fixture.seal([UInt8](repeating: 1, count: 16_368)) }
    let record = try #require(try fixture.commit()[0].record)
    #expect(record.byteCount == 1 << 20)
    try fixture.content.check(PackNumber(1), record)
  }

  @Test func fullPacksGiveWayToNewOnes() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    let sealed = BlobGeometry.sealedByteCount(128 << 10)
    let perPack = BlobGeometry.packByteCountMax / sealed
    var bytes = [UInt8](repeating: 3, count: 128 << 10)
    var blobs: [BlobReference] = []
    for index in 0..<(perPack + 2) {
      bytes[0] = UInt8(truncatingIfNeeded: index)
      blobs.append(try fixture.seal(bytes))
    }
    #expect(blobs[perPack - 1].packNumber == PackNumber(1))
    #expect(blobs[perPack].place == .pack(PackNumber(2), offset: 0))
    let states = try fixture.commit()
    #expect(states.map { $0.record?.liveByteCount } == [UInt64(perPack * sealed), UInt64(2 * sealed)])
    for (number, record) in states.records { try fixture.content.check(number, record) }
    for index in [0, perPack - 1, perPack, perPack + 1] {
      #expect(try fixture.read(blobs[index]).first == UInt8(truncatingIfNeeded: index))
    }
  }

  @Test func statesAreRepeatedUntilCommitted() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    let blob = try fixture.seal([1])
    let states = try fixture.content.sync()
    #expect(try fixture.content.sync() == states, "the commit may have failed")
    fixture.content.committed()
    #expect(try fixture.content.sync() == [])
    fixture.content.discard([blob])
    #expect(try fixture.content.sync()[0].record?.liveByteCount == 0)
  }

  /// Obsolete blobs leave the count with the commit that stops naming them, not before it.
  @Test func obsoleteBlobsLeaveWithTheirCommit() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    let (first, second) = (try fixture.seal([1]), try fixture.seal([2]))
    try fixture.commit()
    #expect(try fixture.content.sync(obsolete: [first])[0].record?.liveByteCount == 17)
    // That commit failed, and its work was undone.
    #expect(try fixture.content.sync()[0].record?.liveByteCount == 34)
    #expect(try fixture.commit(obsolete: [first])[0].record?.liveByteCount == 17)
    #expect(try fixture.content.sync()[0].record?.liveByteCount == 17)
    #expect(try fixture.read(second) == [2])
  }

  @Test func emptyPacksGoAfterTheCommitThatSaysSo() throws {
    let store = MemoryBlobStore(seed: 1)
    let old = try ContentFixture(store)
    let blob = try old.seal([1])
    let packs = try old.commit().records
    let fixture = try ContentFixture(store, keys: old.keys, packs: packs, lastPack: 1)
    let other = try fixture.seal([2])
    #expect(other.packNumber == PackNumber(2), "each mount begins a pack")
    let states = try fixture.content.sync(obsolete: [blob])
    #expect(states.first { $0.number == PackNumber(1) } == PackState(number: PackNumber(1), record: nil))
    fixture.content.finishRemovals()
    #expect(try store.packs().sorted() == [PackNumber(1), PackNumber(2)], "not before the commit")
    fixture.content.committed()
    fixture.content.discard([blob])
    fixture.content.finishRemovals()
    #expect(try store.packs() == [PackNumber(2)])
    #expect(try fixture.content.sync() == [])
  }

  @Test func packsThatWereEmptyAtTheStartGoToo() throws {
    let store = MemoryBlobStore(seed: 1)
    let old = try ContentFixture(store)
    let blob = try old.seal([1])
    _ = try old.commit()
    let packs = try old.commit(obsolete: [blob]).records
    #expect(packs[PackNumber(1)]?.liveByteCount == 0)
    let fixture = try ContentFixture(store, keys: old.keys, packs: packs, lastPack: 1)
    #expect(try fixture.commit() == [PackState(number: PackNumber(1), record: nil)])
    fixture.content.finishRemovals()
    #expect(try store.packs() == [])
  }

  @Test func compactionMovesBlobsStillSealed() throws {
    let store = MemoryBlobStore(seed: 1)
    let old = try ContentFixture(store)
    var generator = SeededGenerator(seed: 1)
    let contents = (0..<10).map { _ in generator.bytes(30_000) }
    let blobs = try contents.map { (bytes) throws in try old.seal(bytes) }
    let packs = try old.commit().records
    let fixture = try ContentFixture(store, keys: old.keys, packs: packs, lastPack: 1)
    #expect(fixture.content.packsWorthCompacting.isEmpty)
    try fixture.commit(obsolete: Array(blobs[..<6]))
    #expect(fixture.content.packsWorthCompacting.map(\.number) == [PackNumber(1)])
    let moved = try blobs[6...].map { (blob) throws in try fixture.content.copy(blob) }
    for (index, blob) in moved.enumerated() {
      #expect(blob.id == blobs[6 + index].id && blob.wrappedKey == blobs[6 + index].wrappedKey)
      #expect(blob.packNumber == PackNumber(2))
    }
    let states = try fixture.commit(obsolete: Array(blobs[6...]))
    #expect(states.records[PackNumber(2)]?.liveByteCount == UInt64(4 * BlobGeometry.sealedByteCount(30_000)))
    fixture.content.finishRemovals()
    #expect(try store.packs() == [PackNumber(2)])
    let again = try ContentFixture(store, keys: old.keys, packs: states.records, lastPack: 2)
    for (index, blob) in moved.enumerated() { #expect(try again.read(blob) == contents[6 + index]) }
    // Damage is not carried on.
    store.flip(.pack(PackNumber(2)), at: moved[0].objectOffset + 100)
    #expect(throws: ContentError.damaged("page 0 of blob \(moved[0].id)")) { try again.content.copy(moved[0]) }
  }

  @Test func garbageOfACrashIsRemoved() throws {
    let folder = TemporaryFolder()
    try LocalBlobStore.create(in: folder.path)
    let big = [UInt8](repeating: 1, count: 200_000)
    let old = try ContentFixture(LocalBlobStore(folder: folder.path))
    let (kept, lost) = (try old.seal(big), try old.seal(big))
    let packed = try old.seal([5])
    let packs = try old.commit().records
    // The next group reached the disk, and its commit did not.
    _ = try old.seal([6])
    _ = try old.content.sync()
    let store = LocalBlobStore(folder: folder.path)
    try store.beginPack(PackNumber(2))
    let fixture = try ContentFixture(store, keys: old.keys, packs: packs, lastPack: 2)
    let new = (try fixture.seal(big), try fixture.seal([7]))
    let removed = try fixture.content.removeGarbage { $0 == kept.id }
    #expect(removed == (blobs: 1, packs: 1))
    #expect(Set(try store.blobs()) == [kept.id, new.0.id])
    #expect(try store.packs().sorted() == [PackNumber(1), PackNumber(3)])
    #expect(try store.byteCount(of: .pack(PackNumber(1))) == Int(packs[PackNumber(1)]!.byteCount))
    #expect(throws: ContentError.self) { try fixture.read(lost) }
    #expect(try fixture.read(kept) == big)
    #expect(try fixture.read(packed) == [5])
    #expect(try fixture.read(new.0) == big)
    #expect(try fixture.read(new.1) == [7])
    #expect(try fixture.content.removeGarbage { _ in false } == (blobs: 0, packs: 0), "once per mount")
  }

  @Test func manyWritersAtOnce() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    let made = Made()
    let threads = (0..<4).map { number in
      Thread(name: "writer") {
        var generator = SeededGenerator(seed: UInt64(number) + 100)
        for _ in 0..<150 {
          let bytes = generator.bytes(Int.random(in: 1...90_000, using: &generator))
          guard let blob = try? fixture.seal(bytes), let found = try? fixture.read(blob) else { continue }
          made.add(blob, bytes, isRight: found == bytes)
        }
      }
    }
    var states: [PackNumber: PackRecord] = [:]
    for _ in 0..<20 {
      states.merge(try fixture.commit().records) { $1 }
      for (number, record) in states { try fixture.content.check(number, record) }
    }
    for thread in threads { thread.join() }
    states.merge(try fixture.commit().records) { $1 }
    let again = try ContentFixture(store, keys: fixture.keys, packs: states)
    #expect(made.all.count == 600 && made.wrongCount == 0)
    for (blob, bytes) in made.all { #expect(try again.read(blob) == bytes) }
    for (number, record) in states { try again.content.check(number, record) }
    #expect(states.values.reduce(0) { $0 + $1.liveByteCount } == made.all.reduce(0) { $0 + UInt64($1.0.sealedByteCount) })
  }

  private final class Made: @unchecked Sendable {
    private let lock = Lock()
    private(set) var all: [(BlobReference, [UInt8])] = []
    private(set) var wrongCount = 0
    func add(_ blob: BlobReference, _ bytes: [UInt8], isRight: Bool) {
      lock.withLock {
        all.append((blob, bytes))
        if !isRight { wrongCount += 1 }
      }
    }
  }
}
