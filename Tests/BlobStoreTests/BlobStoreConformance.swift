import BlobStore
import TestKit
import TestStores
import Testing
import VaultFormat

/// What every engine must do. A new engine runs all of it, in `BlobStoreTests`.
enum BlobStoreConformance {
  static func checkAll(_ make: () throws -> any BlobStore) throws {
    try blobsComeBackWhole(make())
    try rangesEndWithTheObject(make())
    try idsAreUsedOnce(make())
    try packsGrowAtTheirEnd(make())
    try packsEnd(make())
    try missingThingsAreMissing(make())
    try deletedThingsAreGone(make())
    try listsNameEverything(make())
    try syncsAreRepeatable(make())
    try rewritesAskFirst(make())
  }

  static func blobsComeBackWhole(_ store: any BlobStore) throws {
    var generator = SeededGenerator(seed: 1)
    for byteCount in [1, 17, 511, 4096, 16_400, 16_401, BlobGeometry.sealedByteCount(BlobGeometry.byteCountMax)] {
      let bytes = generator.bytes(byteCount)
      let id = BlobID.random()
      try store.putBytes(id, bytes)
      #expect(try store.byteCount(of: .blob(id)) == byteCount)
      #expect(try store.readBytes(.blob(id), at: 0, byteCount) == bytes)
      try store.sync()
      #expect(try store.readBytes(.blob(id), at: 0, byteCount) == bytes)
    }
  }

  static func rangesEndWithTheObject(_ store: any BlobStore) throws {
    let bytes = (0..<100).map { UInt8($0) }
    let id = BlobID.random()
    try store.putBytes(id, bytes)
    for (offset, count, expected) in [
      (0, 10, 0..<10), (90, 10, 90..<100), (90, 11, 90..<100), (99, 1, 99..<100), (100, 5, 100..<100), (200, 5, 100..<100),
    ] {
      #expect(try store.readBytes(.blob(id), at: offset, count) == Array(bytes[expected]))
    }
  }

  static func idsAreUsedOnce(_ store: any BlobStore) throws {
    let id = BlobID.random()
    try store.putBytes(id, [1])
    #expect(throws: BlobStoreError.self) { try store.putBytes(id, [2]) }
    #expect(try store.readBytes(.blob(id), at: 0, 9) == [1])
    try store.beginPack(PackNumber(7))
    #expect(throws: BlobStoreError.self) { try store.beginPack(PackNumber(7)) }
  }

  static func packsGrowAtTheirEnd(_ store: any BlobStore) throws {
    let number = PackNumber(1)
    try store.beginPack(number)
    #expect(try store.byteCount(of: .pack(number)) == 0)
    try store.reserve(number, byteCount: 1 << 20)
    #expect(try store.byteCount(of: .pack(number)) == 0, "space set aside is no content")
    var model: [UInt8] = []
    var generator = SeededGenerator(seed: 2)
    for byteCount in [1, 4095, 4096, 4097, 70_000] {
      let part = generator.bytes(byteCount)
      try store.appendBytes(part, to: number, at: model.count)
      model += part
      #expect(try store.readBytes(.pack(number), at: 0, 1 << 20) == model)
      try store.sync()
    }
    // The same bytes at the same place again, as after a failure.
    try store.appendBytes(Array(model.suffix(70_000)), to: number, at: model.count - 70_000)
    #expect(try store.readBytes(.pack(number), at: 0, 1 << 20) == model)
  }

  static func packsEnd(_ store: any BlobStore) throws {
    let number = PackNumber(4_000_000_000)
    try store.beginPack(number)
    try store.appendBytes([UInt8](repeating: 9, count: 10_000), to: number, at: 0)
    try store.endPack(number, byteCount: 8192)
    #expect(try store.byteCount(of: .pack(number)) == 8192)
    try store.sync()
    try store.endPack(number, byteCount: 8192)
    #expect(try store.readBytes(.pack(number), at: 8000, 500) == [UInt8](repeating: 9, count: 192))
    #expect(throws: BlobStoreError.missing) { try store.endPack(PackNumber(5), byteCount: 0) }
  }

  static func missingThingsAreMissing(_ store: any BlobStore) throws {
    for object in [BlobObject.blob(.random()), .pack(PackNumber(3))] {
      #expect(throws: BlobStoreError.missing) { try store.readBytes(object, at: 0, 1) }
      #expect(throws: BlobStoreError.missing) { try store.byteCount(of: object) }
      store.prefetch(object, at: 0, byteCount: 1)
      try store.delete(object)
    }
    #expect(throws: BlobStoreError.missing) { try store.appendBytes([1], to: PackNumber(3), at: 0) }
    #expect(throws: BlobStoreError.missing) { try store.reserve(PackNumber(3), byteCount: 1) }
  }

  static func deletedThingsAreGone(_ store: any BlobStore) throws {
    let id = BlobID.random()
    try store.putBytes(id, [1, 2, 3])
    try store.beginPack(PackNumber(1))
    try store.appendBytes([4], to: PackNumber(1), at: 0)
    _ = try store.readBytes(.blob(id), at: 0, 3)
    for object in [BlobObject.blob(id), .pack(PackNumber(1))] {
      try store.delete(object)
      #expect(throws: BlobStoreError.missing) { try store.readBytes(object, at: 0, 1) }
    }
    try store.sync()
    #expect(try store.blobs().isEmpty)
    #expect(try store.packs().isEmpty)
  }

  static func listsNameEverything(_ store: any BlobStore) throws {
    var ids: Set<BlobID> = []
    for _ in 0..<300 {
      let id = BlobID.random()
      ids.insert(id)
      try store.putBytes(id, [0])
    }
    for number in [1, 2, 10, UInt32.max] { try store.beginPack(PackNumber(number)) }
    let found = try store.blobs()
    #expect(found.count == 300 && Set(found) == ids)
    #expect(try store.packs().sorted() == [1, 2, 10, UInt32.max].map { PackNumber($0) })
  }

  static func syncsAreRepeatable(_ store: any BlobStore) throws {
    try store.sync()
    try store.putBytes(.random(), [1])
    try store.sync()
    try store.sync()
    #expect(store.unsure.isEmpty)
  }

  static func rewritesAskFirst(_ store: any BlobStore) throws {
    let id = BlobID.random()
    var generator = SeededGenerator(seed: 3)
    let bytes = generator.bytes(50_000)
    try store.putBytes(id, bytes)
    #expect(try store.rewrite(.blob(id), byteCount: 50_000) { _, _ in false } == false)
    #expect(try store.rewrite(.blob(id), byteCount: 50_001) { _, _ in true } == false)
    var calls = 0
    #expect(
      try store.rewrite(.blob(id), byteCount: 50_000) { part, isLast in
        calls += 1
        return isLast && Array(part) == bytes
      })
    #expect(calls == 1)
    #expect(try store.readBytes(.blob(id), at: 0, 60_000) == bytes)
    // A pack comes in several calls, in order, and can grow afterwards.
    let number = PackNumber(1)
    try store.beginPack(number)
    let long = generator.bytes(5 << 20)
    try store.appendBytes(long, to: number, at: 0)
    var seen: [UInt8] = []
    #expect(
      try store.rewrite(.pack(number), byteCount: long.count) { part, isLast in
        seen += part
        return isLast == (seen.count == long.count)
      })
    #expect(seen == long)
    try store.appendBytes([7], to: number, at: long.count)
    try store.sync()
    #expect(try store.readBytes(.pack(number), at: long.count - 1, 9) == [long.last!, 7])
    #expect(try store.blobs() == [id], "a rewrite leaves nothing beside")
    #expect(try store.packs() == [number])
  }
}

extension BlobStore {
  func putBytes(_ id: BlobID, _ bytes: [UInt8]) throws(BlobStoreError) {
    var failure: BlobStoreError?
    bytes.withUnsafeBytes { buffer in
      do throws(BlobStoreError) { try put(id, buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func appendBytes(_ bytes: [UInt8], to number: PackNumber, at offset: Int) throws(BlobStoreError) {
    var failure: BlobStoreError?
    bytes.withUnsafeBytes { buffer in
      do throws(BlobStoreError) { try append(buffer, to: number, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func readBytes(_ object: BlobObject, at offset: Int, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: count)
    let done = try bytes.withUnsafeMutableBytes { try read(object, at: offset, into: $0) }
    return Array(bytes.prefix(done))
  }
}
