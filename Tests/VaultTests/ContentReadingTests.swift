import BlobStore
import Keys
import Platform
import TestKit
import TestStores
import Testing
import VaultFormat

@testable import Vault

@Suite struct ContentReadingTests {
  static let page = BlobGeometry.pageByteCount
  static let packed = BlobGeometry.packedByteCountMax
  static let most = BlobGeometry.byteCountMax

  @Test(arguments: [1, page - 1, page, page + 1, packed - 1, packed, packed + 1, most - 1, most])
  func boundaries(byteCount: Int) throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    var generator = SeededGenerator(seed: UInt64(byteCount))
    let bytes = generator.bytes(byteCount)
    let blob = try fixture.seal(bytes)
    #expect(blob.byteCount == UInt64(byteCount))
    #expect((blob.place == .file) == (byteCount > Self.packed), "at most 128 KiB lie in a pack")
    // From memory, from the store, with a cold cache and from it.
    for round in 0..<3 {
      #expect(try fixture.read(blob) == bytes)
      for (offset, count) in [(0, 1), (byteCount - 1, 1), (byteCount / 2, (byteCount + 1) / 2), (byteCount, 0)] {
        #expect(try fixture.read([blob.whole], at: offset, count) == Array(bytes[offset..<offset + count]))
      }
      if round == 0 { try fixture.commit() }
    }
    let again = try ContentFixture(fixture.store, keys: fixture.keys, packs: fixture.content.sync().records)
    #expect(try again.read(blob) == bytes)
    try again.content.check(blob)
  }

  /// Documents of random extents, holes among them, against an array.
  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func randomReads(seed: UInt64) throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: seed)) { settings in
      settings.readAheadByteCount = seed % 2 == 0 ? 0 : 256 << 10
      settings.openBlobCountMax = 8
    }
    var generator = SeededGenerator(seed: seed)
    var model: [UInt8] = []
    var extents: [Extent] = []
    while model.count < 3 << 20 {
      let start = UInt64(model.count)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0:
        let count = Int.random(in: 1...100_000, using: &generator)
        extents.append(Extent(start: start, byteCount: UInt64(count), blob: nil))
        model += [UInt8](repeating: 0, count: count)
      case let kind:
        let limit = kind == 1 ? 1 << 20 : 3 * Self.page
        let bytes = generator.bytes(Int.random(in: 1...limit, using: &generator))
        let blob = try fixture.seal(bytes)
        let from = Bool.random(using: &generator) ? 0 : Int.random(in: 0..<bytes.count, using: &generator)
        let count = Int.random(in: 1...(bytes.count - from), using: &generator)
        extents.append(Extent(start: start, byteCount: UInt64(count), blob: blob, blobStart: UInt64(from)))
        model += bytes[from..<from + count]
      }
      if generator.next() % 8 == 0 { try fixture.commit() }
    }
    for _ in 0..<300 {
      let offset = Int.random(in: 0..<model.count, using: &generator)
      let limit = [1, 100, 4096, Self.page, 200_000].randomElement(using: &generator)!
      let count = min(limit, model.count - offset)
      #expect(try fixture.read(extents, at: offset, count) == Array(model[offset..<offset + count]), "seed \(seed)")
    }
    for step in [4096, Self.page, 128 << 10, 100_001] {
      var offset = 0
      while offset < model.count {
        let count = min(step, model.count - offset)
        #expect(try fixture.read(extents, at: offset, count) == Array(model[offset..<offset + count]), "seed \(seed)")
        offset += count
      }
    }
    #expect(try fixture.read(extents) == model)
  }

  /// While one blob is opened the disk brings the next, though the reader will not come to it for long.
  @Test func theBlobAfterTheOneToComeIsAskedFor() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store) { $0.readAheadByteCount = 256 << 10 }
    var extents: [Extent] = []
    for _ in 0..<4 {
      let blob = try fixture.seal([UInt8](repeating: 7, count: 300 << 10))
      extents.append(Extent(start: extents.last?.end ?? 0, byteCount: blob.byteCount, blob: blob))
    }
    try fixture.commit()
    let objects = extents.map { $0.blob!.object }
    for index in 0..<2 { _ = try fixture.read(extents, at: index * (128 << 10), 128 << 10) }
    fixture.content.finishReadAhead()
    #expect(store.prefetched == [objects[1], objects[2]])
  }

  @Test func extentsThatDoNotCoverAreDamage() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1))
    let blob = try fixture.seal([1, 2, 3])
    #expect(throws: ContentError.self) { try fixture.read([blob.whole], at: 0, 4) }
    #expect(throws: ContentError.self) { try fixture.read([], at: 0, 1) }
    #expect(throws: ContentError.self) { try fixture.read([Extent(start: 0, byteCount: 5, blob: blob)], at: 0, 5) }
  }

  // MARK: Damage

  /// Every byte of a small blob counts.
  @Test(arguments: [20, 20_000])
  func everyFlippedByteIsNoticed(byteCount: Int) throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    let blob = try fixture.seal([UInt8](repeating: 7, count: byteCount))
    let states = try fixture.commit()
    let number = try #require(blob.packNumber)
    let sealedByteCount = BlobGeometry.sealedByteCount(byteCount)
    let offset = blob.objectOffset
    for index in stride(from: 0, to: sealedByteCount, by: byteCount > 100 ? 131 : 1) {
      store.flip(.pack(number), at: offset + index, mask: 1 << (index % 8))
      let fresh = try ContentFixture(store, keys: fixture.keys, packs: states.records)
      let page = index / BlobGeometry.sealedPageByteCount
      #expect(throws: ContentError.damaged("page \(page) of blob \(blob.id)")) { try fresh.read(blob) }
      #expect(throws: ContentError.damaged("page \(page) of blob \(blob.id)")) { try fresh.content.check(blob) }
      #expect(throws: ContentError.damaged("pack 1 is not what was committed")) {
        try fresh.content.check(number, states.records[number]!)
      }
      store.flip(.pack(number), at: offset + index, mask: 1 << (index % 8))
    }
    // Padding belongs to no blob, but to the pack.
    let last = Int(states.records[number]!.byteCount) - 1
    store.flip(.pack(number), at: last)
    let fresh = try ContentFixture(store, keys: fixture.keys, packs: states.records)
    #expect(try fresh.read(blob).count == byteCount)
    #expect(throws: ContentError.self) { try fresh.content.check(number, states.records[number]!) }
  }

  @Test func damageStaysInItsPage() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store) { $0.readAheadByteCount = 0 }
    var generator = SeededGenerator(seed: 9)
    let bytes = generator.bytes(1 << 20)
    let blob = try fixture.seal(bytes)
    store.flip(.blob(blob.id), at: BlobGeometry.sealedOffset(ofPage: 5) + 99)
    let expected = ContentError.damaged("page 5 of blob \(blob.id)")
    #expect(throws: expected) { try fixture.read(blob) }
    #expect(throws: expected) { try fixture.read([blob.whole], at: 5 * Self.page + 1, 1) }
    #expect(throws: expected) { try fixture.read([blob.whole], at: 6 * Self.page - 1, 2) }
    #expect(try fixture.read([blob.whole], at: 0, 5 * Self.page) == Array(bytes[..<(5 * Self.page)]))
    #expect(try fixture.read([blob.whole], at: 6 * Self.page) == Array(bytes[(6 * Self.page)...]))
    // What a failed read leaves is no plaintext of the page.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.page, alignment: 4096)
    defer { buffer.deallocate() }
    #expect(throws: expected) {
      try fixture.content.read([blob.whole], at: UInt64(5 * Self.page), count: Self.page, into: buffer)
    }
    #expect(buffer.allSatisfy { $0 == 0 })
  }

  @Test func cutMissingAndSwappedFilesAreDamage() throws {
    let store = MemoryBlobStore(seed: 1)
    let fixture = try ContentFixture(store)
    let bytes = [UInt8](repeating: 1, count: 200_000)
    let (cut, gone, other) = (try fixture.seal(bytes), try fixture.seal(bytes), try fixture.seal(bytes))
    store.cut(.blob(cut.id), to: BlobGeometry.sealedByteCount(200_000) - 1)
    let last = BlobGeometry.pageCount(200_000) - 1
    #expect(throws: ContentError.damaged("page \(last) of blob \(cut.id): its file ends early")) { try fixture.read(cut) }
    #expect(try fixture.read([cut.whole], at: 0, 100_000) == Array(bytes[..<100_000]))
    try store.delete(.blob(gone.id))
    #expect(throws: ContentError.damaged("blob \(gone.id) is missing")) { try fixture.read(gone) }
    // Another blob's bytes under this name, and another blob's key.
    let swapped = BlobReference(
      id: other.id, byteCount: cut.byteCount, place: .file, wrappingKey: cut.wrappingKey, wrappedKey: cut.wrappedKey)
    #expect(throws: ContentError.damaged("the key of blob \(other.id)")) {
      try ContentFixture(store, keys: fixture.keys).read(swapped)
    }
    // A shorter length than was sealed is another AAD.
    let shorter = BlobReference(
      id: other.id, byteCount: 199_999, place: .file, wrappingKey: other.wrappingKey, wrappedKey: other.wrappedKey)
    #expect(throws: ContentError.self) { try fixture.read(shorter) }
  }

  // MARK: Counts

  private func reads(_ fixture: ContentFixture, _ body: () throws -> Void) rethrows -> Int {
    let store = fixture.store as! MemoryBlobStore
    store.resetCounts()
    try body()
    return store.counts["read"] ?? 0
  }

  @Test func aColdReadIsOneReadAndAWarmOneNone() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1)) {
      $0.pageCacheByteCount = 8 << 20
      $0.readAheadByteCount = 0
    }
    let blob = try fixture.seal([UInt8](repeating: 1, count: 1 << 20))
    let small = try fixture.seal([UInt8](repeating: 1, count: 10_000))
    try fixture.commit()
    let extents = [blob.whole]
    #expect(try reads(fixture) { _ = try fixture.read(extents, at: 128 << 10, 128 << 10) } == 1)
    #expect(try reads(fixture) { _ = try fixture.read(extents, at: 128 << 10, 128 << 10) } == 0)
    #expect(try reads(fixture) { _ = try fixture.read(extents, at: 600_000, 4096) } == 1)
    #expect(try reads(fixture) { _ = try fixture.read(extents, at: 600_100, 4096) } == 0)
    #expect(try reads(fixture) { _ = try fixture.read(small) } == 1)
    #expect(try reads(fixture) { _ = try fixture.read(small) } == 0)
    // 64 pages, of which 9 or 10 are here: runs of at most 16 pages around them.
    #expect(try reads(fixture) { _ = try fixture.read(extents) } <= 7)
    #expect(try reads(fixture) { _ = try fixture.read(extents) } == 0)
  }

  /// A long document that is read once through does not take the place of what is used.
  @Test func passingThroughKeepsWhatIsUsed() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1)) {
      $0.pageCacheByteCount = 4 << 20
      $0.readAheadByteCount = 0
    }
    let used = try fixture.seal([UInt8](repeating: 1, count: 500_000))
    _ = try fixture.read(used)
    let held = fixture.content.cachedPageCount
    let long = try (0..<3).map { _ in try fixture.seal([UInt8](repeating: 2, count: 4 << 20)) }
    var extents: [Extent] = []
    for blob in long { extents.append(Extent(start: extents.last?.end ?? 0, byteCount: 4 << 20, blob: blob)) }
    _ = try fixture.read(extents)
    #expect(fixture.content.cachedPageCount == held)
    #expect(try reads(fixture) { _ = try fixture.read(used) } == 0)
  }

  @Test func theCacheNeverHoldsMoreThanItMay() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1)) { $0.readAheadByteCount = 0 }
    let blob = try fixture.seal([UInt8](repeating: 1, count: 4 << 20))
    for offset in stride(from: 0, to: 4 << 20, by: 4096) { _ = try fixture.read([blob.whole], at: offset, 4096) }
    #expect(fixture.content.cachedPageCount == (1 << 20) / Self.page)
    fixture.content.discard([blob])
    fixture.content.finishRemovals()
    #expect(fixture.content.cachedPageCount == 0)
  }

  /// Read-ahead opens what comes next, across blobs, and readers find it. Waits for it, since it owes nobody a time.
  @Test(arguments: [false, true])
  func readAheadFindsTheNextPages(isLong: Bool) throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1)) {
      $0.pageCacheByteCount = isLong ? 4 << 20 : 64 << 20
      $0.readAheadByteCount = 512 << 10
    }
    var generator = SeededGenerator(seed: 5)
    let model = generator.bytes(8 << 20)
    let blobs = try [Array(model[..<(4 << 20)]), Array(model[(4 << 20)...])].map { try fixture.seal($0) }
    let extents = [
      Extent(start: 0, byteCount: 4 << 20, blob: blobs[0]), Extent(start: 4 << 20, byteCount: 4 << 20, blob: blobs[1]),
    ]
    for pass in 0..<2 {
      for offset in stride(from: (3 << 20), to: (5 << 20), by: 128 << 10) {
        let found = try fixture.read(extents, at: offset, 128 << 10)
        #expect(found == Array(model[offset..<offset + (128 << 10)]), "pass \(pass)")
        fixture.content.finishReadAhead()
      }
    }
    let count = try reads(fixture) {
      for offset in stride(from: (5 << 20), to: (5 << 20) + (512 << 10), by: 128 << 10) {
        _ = try fixture.read(extents, at: offset, 128 << 10)
        fixture.content.finishReadAhead()
      }
    }
    // The helper reads four pages at a time, half a mebibyte ahead; no reader went to the store itself.
    #expect(count == (512 << 10) / (4 * Self.page))
  }

  @Test func manyReadersAtOnce() throws {
    let fixture = try ContentFixture(MemoryBlobStore(seed: 1)) { $0.readAheadByteCount = 256 << 10 }
    var generator = SeededGenerator(seed: 6)
    let model = generator.bytes(2 << 20)
    let blob = try fixture.seal(model)
    let wrong = Counts()
    let threads = (0..<4).map { number in
      Thread(name: "reader") {
        var generator = SeededGenerator(seed: UInt64(number))
        for round in 0..<150 {
          let isSequential = number % 2 == 0
          let count = isSequential ? 64 << 10 : Int.random(in: 1...50_000, using: &generator)
          let offset = isSequential ? (round * count) % (2 << 20) : Int.random(in: 0...(model.count - count), using: &generator)
          let found = try? fixture.read([blob.whole], at: offset, count)
          if found != Array(model[offset..<offset + count]) { wrong.add("wrong") }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wrong.all.isEmpty)
  }
}
