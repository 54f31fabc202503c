import TestKit
import Testing
import Vault
import VaultFormat

@Suite struct ExtentListTests {
  private static let mebibyte: UInt64 = 1 << 20

  @Test func aBlobIsNamedUntilItsLastSliceGoes() {
    let mebibyte = Self.mebibyte
    var list = ExtentList()
    list.extend(to: (1 << 30) + mebibyte)
    let front = Self.blob(1, 3 * mebibyte)
    #expect(list.replace(with: Extent(start: 0, byteCount: 3 * mebibyte, blob: front)).isEmpty)
    #expect(list.replace(with: Extent(start: 1 << 30, byteCount: mebibyte, blob: Self.blob(2, mebibyte))).isEmpty)
    #expect(list.replace(with: Extent(start: mebibyte, byteCount: mebibyte, blob: nil)).isEmpty)
    #expect(list.replace(with: Extent(start: 2 * mebibyte, byteCount: mebibyte, blob: nil)).isEmpty)
    #expect(list.replace(with: Extent(start: 0, byteCount: mebibyte, blob: nil)) == [front])
  }

  /// Against the plainest model: a blob is unnamed when no extent names it after a change and one did before.
  @Test(arguments: 0..<8 as Range<UInt64>) func changesTellExactlyTheBlobsThatWent(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var list = ExtentList()
    var next: UInt64 = 0
    var gone = 0
    for _ in 0..<600 {
      let before = Set(list.blobs.map(\.id))
      let oldEnd = list.end
      let told: [BlobReference]
      var fresh: BlobID?
      switch random.below(10) {
      case 0:
        told = list.cut(to: random.below(list.end + 1))
      case 1:
        told = []
        list.extend(to: list.end + random.below(24) * Self.mebibyte / 2)
      case let choice:
        let isHole = choice < 6
        let start = random.below(32) * Self.mebibyte / 2
        let count = (1 + random.below(isHole ? 24 : 8)) * Self.mebibyte / 2
        list.extend(to: start + count)
        var blob: BlobReference?
        if !isHole {
          next += 1
          blob = Self.blob(next, count)
          fresh = blob?.id
        }
        told = list.replace(with: Extent(start: start, byteCount: count, blob: blob))
      }
      let after = Set(list.blobs.map(\.id))
      #expect(Set(told.map(\.id)) == before.subtracting(after), "end \(oldEnd)")
      #expect(told.count == Set(told.map(\.id)).count)
      #expect(fresh.map { after.contains($0) } ?? true)
      #expect(ExtentList(covering: list.end, list.extents) != nil)
      gone += told.count
    }
    #expect(gone > 20)
  }

  private static func blob(_ number: UInt64, _ byteCount: UInt64) -> BlobReference {
    let bytes = (0..<16).map { $0 < 8 ? UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) : 0 }
    return BlobReference(
      id: BlobID(bytes)!, byteCount: byteCount, place: .file, wrappingKey: 1,
      wrappedKey: [UInt8](repeating: 0, count: BlobReference.wrappedKeyByteCount))
  }
}

extension SeededGenerator {
  fileprivate mutating func below(_ limit: UInt64) -> UInt64 { next() % limit }
}
