import TestKit
import TestVectors
import Testing
import VaultFormat

@Test(arguments: [
  // plaintext bytes, pages, last page, sealed bytes
  (1, 1, 1, 17), (16383, 1, 16383, 16399), (16384, 1, 16384, 16400), (16385, 2, 1, 16417), (32768, 2, 16384, 32800),
  (131_072, 8, 16384, 131_200), (4_194_303, 256, 16383, 4_198_399), (4_194_304, 256, 16384, 4_198_400),
])
func blobsHaveTheirPages(byteCount: Int, pages: Int, last: Int, sealed: Int) {
  #expect(BlobGeometry.pageCount(byteCount) == pages)
  #expect(BlobGeometry.pageByteCount(pages - 1, of: byteCount) == last)
  #expect(BlobGeometry.sealedByteCount(byteCount) == sealed)
  #expect(BlobGeometry.sealedOffset(ofPage: pages - 1) + last + BlobGeometry.tagByteCount == sealed)
  #expect((0..<pages).reduce(0) { $0 + BlobGeometry.pageByteCount($1, of: byteCount) } == byteCount)
}

@Test func limitsAreTheFormats() {
  #expect(BlobGeometry.pageByteCount == 16384)
  #expect(BlobGeometry.sealedPageByteCount == 16400)
  #expect(BlobGeometry.byteCountMax == 4_194_304)
  #expect(BlobGeometry.packedByteCountMax == 131_072)
  #expect(BlobGeometry.packByteCountMax == 67_108_864)
  #expect(BlobGeometry.packGroupAlignment == 4096)
}

@Test func pagesAreBoundToTheirPlaceInTheBlob() {
  func associated(_ index: Int, _ byteCount: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xee, count: BlobGeometry.pageAADByteCount)
    bytes.withUnsafeMutableBytes {
      BlobGeometry.writePageAAD(
        into: $0, suite: .first, vault: ID128(high: 1, low: 2), blob: ID128(high: 3, low: 4), page: index, of: byteCount)
    }
    return bytes
  }
  let ids: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4]
  let head = Array("strongroom page 1".utf8) + [1] + ids
  #expect(associated(0, 16385) == head + [0, 0, 0, 0, 0, 0x40, 0, 0, 0])
  #expect(associated(1, 16385) == head + [1, 0, 0, 0, 1, 0, 0, 0, 1])
  #expect(associated(255, 4 << 20) == head + [255, 0, 0, 0, 0, 0x40, 0, 0, 1])
}

@Test func digestsAddAndSubtractModulo256Bits() {
  let ones = RowDigest([UInt8](repeating: 0xff, count: 32))!
  let one = RowDigest([1] + [UInt8](repeating: 0, count: 31))!
  var sum = ones
  sum += one
  #expect(sum == .zero, "all carries")
  sum -= one
  #expect(sum == ones, "all borrows")
  #expect(RowDigest([1, 2, 3]) == nil)
  var random = SeededGenerator(seed: 5)
  for _ in 0..<200 {
    let (left, right) = (RowDigest(random.exactly(32))!, RowDigest(random.exactly(32))!)
    var (forth, back) = (left, right)
    forth += right
    back += left
    #expect(forth == back)
    #expect(RowDigest(forth.bytes) == forth)
    forth -= right
    #expect(forth == left)
  }
}

@Test func bucketsHoldNeighboursAndTables() {
  #expect(CatalogBuckets.bucket(of: NodeID(255)) == 0)
  #expect(CatalogBuckets.bucket(of: NodeID(256)) == 1)
  #expect(CatalogBuckets.nodes(of: 1) == 256...511)
  #expect(CatalogBuckets.bucket(of: NodeID.greatest) < CatalogBuckets.firstOfTables)
  for table in Table.allCases {
    let bucket = CatalogBuckets.bucket(of: table)
    #expect(CatalogBuckets.table(of: bucket) == table)
    #expect(CatalogBuckets.nodes(of: bucket) == nil)
  }
  #expect(CatalogBuckets.table(of: 5) == nil)
  #expect(CatalogBuckets.table(of: CatalogBuckets.firstOfTables) == nil)
  #expect(CatalogBuckets.table(of: CatalogBuckets.firstOfTables + 300) == nil)
}

@Test func rightsHaveNamesAndBundles() {
  #expect(Rights(names: "reader") == [.list, .read])
  #expect(Rights(names: "filer") == [.list, .add])
  #expect(Rights(names: "editor") == [.list, .read, .add, .edit, .remove])
  #expect(Rights(names: "steward") == [.list, .grant])
  #expect(Rights(names: "list,edit,reader") == [.list, .read, .edit])
  for text in ["", ",", "list,", "owner", "List", "list read"] { #expect(Rights(names: text) == nil, "\(text)") }
  #expect(Rights.all.names == "list,read,add,edit,remove,grant")
  #expect(Rights().names == "none")
}
