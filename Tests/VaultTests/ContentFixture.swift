import BlobStore
import Keys
import Synchronization
import TestStores
import VaultFormat

@testable import Vault

/// A content store over some blob store, with keys of its own, and what tests do with it.
final class ContentFixture: Sendable {
  let keys: VaultKeys
  let store: any BlobStore
  let content: ContentStore

  init(
    _ store: any BlobStore, keys: VaultKeys? = nil, packs: [PackNumber: PackRecord] = [:], lastPack: Int = 0,
    settings: (inout ContentSettings) -> Void = { _ in }
  ) throws {
    var chosen = ContentSettings()
    // Small, so that pages are evicted and many of these fit in memory that can be locked.
    chosen.pageCacheByteCount = 1 << 20
    settings(&chosen)
    self.keys = try keys ?? VaultKeys(vault: .random(), root: VaultKeys.makeRoot())
    self.store = store
    let last = Counter(lastPack)
    content = try ContentStore(keys: self.keys, store: store, packs: packs, settings: chosen) { () throws(ContentError) in
      PackNumber(UInt32(last.next()))
    }
  }

  deinit { content.close() }

  func seal(_ bytes: [UInt8]) throws(ContentError) -> BlobReference {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 4096)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    return try content.seal(buffer)
  }

  func read(_ extents: [Extent], at offset: Int = 0, _ count: Int? = nil) throws(ContentError) -> [UInt8] {
    let count = count ?? Int(extents.last?.end ?? 0) - offset
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 4096)
    defer { buffer.deallocate() }
    buffer.initializeMemory(as: UInt8.self, repeating: 0xee)
    try content.read(extents, at: UInt64(offset), count: count, into: buffer)
    return Array(buffer.prefix(count))
  }

  func read(_ blob: BlobReference) throws(ContentError) -> [UInt8] { try read([blob.whole]) }

  /// Sync and commit in one, as the vault does.
  @discardableResult
  func commit(obsolete: [BlobReference] = []) throws(ContentError) -> [PackState] {
    let states = try content.sync(obsolete: obsolete)
    content.committed()
    content.discard(obsolete)
    return states
  }
}

final class Counter: Sendable {
  private let value: Atomic<Int>
  init(_ value: Int) { self.value = Atomic(value) }
  func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}

extension BlobReference {
  /// A document of this blob alone.
  var whole: Extent { Extent(start: 0, byteCount: byteCount, blob: self) }

  func moved(to place: Place) -> BlobReference {
    BlobReference(id: id, byteCount: byteCount, place: place, wrappingKey: wrappingKey, wrappedKey: wrappedKey)
  }

  var packNumber: PackNumber? { if case .pack(let number, _) = place { number } else { nil } }
}

extension [PackState] {
  var records: [PackNumber: PackRecord] {
    reduce(into: [:]) { if let record = $1.record { $0[$1.number] = record } }
  }
}
