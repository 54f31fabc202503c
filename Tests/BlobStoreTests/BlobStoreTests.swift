import BlobStore
import TestKit
import TestStores
import Testing
import VaultFormat

@Suite struct BlobStoreTests {
  @Test func localFolderConforms() throws {
    var folders: [TemporaryFolder] = []
    try BlobStoreConformance.checkAll {
      let folder = TemporaryFolder()
      folders.append(folder)
      try LocalBlobStore.create(in: folder.path)
      return LocalBlobStore(folder: folder.path)
    }
  }

  @Test func memoryConforms() throws {
    try BlobStoreConformance.checkAll { MemoryBlobStore(seed: 1) }
  }

  /// The tests of crashes rest on this: what was synced stays, what was not can be lost in every way.
  @Test func crashesKeepWhatWasSynced() throws {
    var generator = SeededGenerator(seed: 4)
    var outcomes: Set<String> = []
    for seed in 0..<200 as Range<UInt64> {
      let store = MemoryBlobStore(seed: seed)
      let (kept, open) = (BlobID.random(), BlobID.random())
      let bytes = generator.bytes(4096)
      try store.putBytes(kept, bytes)
      try store.beginPack(PackNumber(1))
      try store.appendBytes(bytes, to: PackNumber(1), at: 0)
      try store.sync()
      try store.putBytes(open, bytes)
      try store.appendBytes(bytes, to: PackNumber(1), at: 4096)
      let after = store.crashed()
      #expect(after.bytes(of: .blob(kept)) == bytes)
      #expect(after.bytes(of: .pack(PackNumber(1)))?.prefix(4096) == bytes[...])
      let left = after.bytes(of: .blob(open))
      outcomes.insert(left == nil ? "gone" : left == bytes ? "whole" : left!.count < 4096 ? "short" : "torn")
    }
    #expect(outcomes.isSuperset(of: ["gone", "short", "torn"]))
  }
}
