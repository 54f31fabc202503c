import BlobStore
import Glibc
import Platform
import TestKit
import TestStores
import Testing
import VaultFormat

@testable import Vault

/// Segments that fill up are sealed by threads of their own while the writer goes on.
@Suite struct DocumentSealingTests {
  private static let mebibyte = 1 << 20

  /// Bytes of which no two blocks of 64 KiB are alike; quickly.
  private static func bytes(_ generator: inout SeededGenerator, _ count: Int) -> [UInt8] {
    let block = generator.bytes(4096)
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      for offset in stride(from: 0, to: count, by: block.count) {
        let part = min(block.count, count - offset)
        memcpy(buffer.baseAddress! + offset, block, part)
        buffer[offset] = UInt8(truncatingIfNeeded: offset >> 16)
        if part > 1 { buffer[offset + 1] = UInt8(truncatingIfNeeded: offset >> 12) }
      }
      used = count
    }
  }

  /// A document over a store in memory.
  private struct Document {
    let fixture: ContentFixture
    let store: MemoryBlobStore
    let pressure = DirtyPressure(limit: .max)
    let content: DocumentContent

    init(seed: UInt64) throws {
      store = MemoryBlobStore(seed: seed)
      fixture = try ContentFixture(store)
      content = DocumentContent(list: ExtentList(), store: fixture.content, pressure: pressure)
    }

    func write(_ bytes: ArraySlice<UInt8>, at offset: Int) {
      content.lock.writing { bytes.withUnsafeBytes { content.writeLocked($0, at: UInt64(offset)) } }
    }

    func write(_ bytes: [UInt8], step: Int) {
      for offset in stride(from: 0, to: bytes.count, by: step) {
        write(bytes[offset..<min(offset + step, bytes.count)], at: offset)
      }
    }

    func bytes() throws -> [UInt8] {
      try content.lock.reading {
        var bytes = [UInt8](repeating: 0xee, count: Int(content.sizeLocked))
        let count = try bytes.withUnsafeMutableBytes { try content.readLocked(at: 0, into: $0) }
        return Array(bytes[..<count])
      }
    }

    func sealAll() throws { try content.lock.writing { try content.sealAllLocked() } }

    /// Blob files in the store once everything that nothing names is gone.
    func blobCount() throws -> Int {
      fixture.content.discard(content.lock.writing { content.takeObsoleteLocked() })
      fixture.content.sealing.close()
      fixture.content.finishRemovals()
      return try store.blobs().count
    }
  }

  @Test func eachFullBlobIsPutOnce() throws {
    let document = try Document(seed: 1)
    var generator = SeededGenerator(seed: 2)
    let bytes = Self.bytes(&generator, 13 * Self.mebibyte)
    document.write(bytes, step: 128 << 10)
    #expect(try document.bytes() == bytes)
    try document.sealAll()
    #expect(try document.bytes() == bytes)
    #expect(document.content.isCleanLocked && document.pressure.byteCount == 0)
    #expect(document.content.list.extents.map(\.byteCount) == [4, 4, 4, 1].map { UInt64($0 * Self.mebibyte) })
    #expect(document.store.counts["put"] == 4)
    #expect(try document.blobCount() == 4)
  }

  /// Writes, cuts and holes that meet segments while they are being sealed: what is read is what was written last, and no blob is left
  /// that nothing names.
  @Test(arguments: 1...2) func changesMeetWhatIsBeingSealed(_ seed: UInt64) throws {
    let document = try Document(seed: seed)
    var generator = SeededGenerator(seed: seed)
    var model: [UInt8] = []
    let limit = 16 * Self.mebibyte
    for _ in 0..<20 {
      let offset = Int.random(in: 0...model.count, using: &generator)
      switch Int.random(in: 0..<8, using: &generator) {
      case 0:
        let size = Int.random(in: 0...model.count, using: &generator)
        document.content.lock.writing { document.content.truncateLocked(to: UInt64(size)) }
        model.removeSubrange(size...)
      case 1:
        let end = min(model.count, offset + 3 * Self.mebibyte)
        document.content.lock.writing { document.content.punchLocked(from: UInt64(offset), to: UInt64(end)) }
        model.replaceSubrange(offset..<end, with: repeatElement(0, count: end - offset))
      case 2:
        try document.sealAll()
      case let kind:
        // Mostly at the end, where segments fill up.
        let start = kind < 6 ? model.count : offset
        let bytes = Self.bytes(&generator, min(Int.random(in: 1...(6 * Self.mebibyte), using: &generator), limit - start))
        document.write(bytes[...], at: start)
        let end = min(model.count, start + bytes.count)
        model.replaceSubrange(start..<end, with: bytes)
      }
      #expect(try document.bytes() == model, "seed \(seed)")
    }
    try document.sealAll()
    #expect(try document.bytes() == model, "seed \(seed)")
    #expect(document.pressure.byteCount == 0)
    let named = Set(
      document.content.list.extents.compactMap { extent -> BlobID? in
        guard let blob = extent.blob, case .file = blob.place else { return nil }
        return blob.id
      })
    #expect(try document.blobCount() == named.count, "seed \(seed)")
  }

  @Test func whatCannotBePutStaysInMemory() throws {
    let document = try Document(seed: 1)
    var generator = SeededGenerator(seed: 2)
    let bytes = Self.bytes(&generator, 9 * Self.mebibyte)
    document.store.faults.failingCalls["put"] = 1_000
    document.write(bytes, step: 128 << 10)
    #expect(try document.bytes() == bytes)
    #expect(throws: ContentError.io("put failed on command")) { try document.sealAll() }
    #expect(try document.bytes() == bytes)
    document.store.faults.failingCalls = [:]
    try document.sealAll()
    #expect(try document.bytes() == bytes)
    #expect(try document.blobCount() == 3)
  }

  @Test func aDocumentThatGoesLeavesNothing() throws {
    let document = try Document(seed: 1)
    var generator = SeededGenerator(seed: 2)
    document.write(Self.bytes(&generator, 17 * Self.mebibyte), step: 1 << 20)
    document.fixture.content.discard(document.content.lock.writing { document.content.takeAllLocked() })
    #expect(try document.blobCount() == 0)
    #expect(document.pressure.byteCount == 0)
  }

  @Test func buffersAreWipedAndUsedAgain() throws {
    let pool = PlainBufferPool()
    let first = try #require(pool.take())
    memset(first, 7, PlainBufferPool.byteCount)
    pool.give(first)
    #expect(pool.isAnyUnwiped)
    pool.wipe()
    #expect(!pool.isAnyUnwiped)
    let again = try #require(pool.take())
    #expect(again == first)
    let zeros = [UInt8](repeating: 0, count: PlainBufferPool.byteCount)
    #expect(memcmp(again, zeros, zeros.count) == 0)
    let others = (1..<PlainBufferPool.countMax).map { _ in pool.take() }
    #expect(others.allSatisfy { $0 != nil } && pool.take() == nil, "bounded")
    for buffer in others { pool.give(buffer!) }
    pool.give(again)
    pool.wipe()
  }
}
