import TestKit
import TestVectors
import Testing
import VaultFormat

@Test(arguments: VectorFile.all(in: "records"))
func recordVector(vector: VectorFile) throws {
  let bytes = vector.bytes("bytes")
  let result: String
  do throws(FormatError) {
    let again = try RowFormat.named(vector.text("format")).rewrite(bytes)
    #expect(again == bytes)
    result = "ok"
  } catch {
    switch error {
    case .malformed: result = "malformed"
    case .newerVersion(let version): result = "newerVersion \(version)"
    }
  }
  #expect(result == vector.expect)
}

@Test(arguments: RowFormat.all)
func everyFormatHasGoodAndDamagedVectors(format: RowFormat) {
  let vectors = VectorFile.all(in: "records").filter { $0.text("format") == format.description }
  #expect(vectors.contains { $0.expect == "ok" })
  #expect(vectors.contains { $0.expect != "ok" })
}

@Test(arguments: RowFormat.all)
func parsesWhatItWrites(format: RowFormat) throws {
  var random = SeededGenerator(seed: 1)
  for _ in 0..<500 { #expect(try format.sample(&random).isSame) }
}

/// What parses was written in the only way there is.
@Test(arguments: RowFormat.all)
func damagedBytesAreRefusedOrCanonical(format: RowFormat) throws {
  var random = SeededGenerator(seed: 2)
  var refusedCount = 0
  for _ in 0..<2000 {
    let bytes = damaged(try format.sample(&random).bytes, &random)
    do throws(FormatError) {
      let again = try format.rewrite(bytes)
      #expect(again == bytes)
    } catch { refusedCount += 1 }
  }
  #expect(refusedCount > 200)
}

@Test(arguments: RowFormat.all)
func everyCutAndEveryAdditionIsRefused(format: RowFormat) throws {
  var random = SeededGenerator(seed: 3)
  for _ in 0..<20 {
    let bytes = try format.sample(&random).bytes
    for count in 0..<bytes.count { #expect(throws: FormatError.self) { try format.rewrite(Array(bytes.prefix(count))) } }
    #expect(throws: FormatError.self) { try format.rewrite(bytes + [0]) }
  }
}

@Test(arguments: RowFormat.all)
func otherVersionsAreRefused(format: RowFormat) throws {
  var random = SeededGenerator(seed: 4)
  let bytes = try format.sample(&random).bytes
  #expect(throws: FormatError.newerVersion(2)) { try format.rewrite([2] + bytes.dropFirst()) }
  #expect(throws: FormatError.newerVersion(255)) { try format.rewrite([255] + bytes.dropFirst()) }
  #expect(throws: FormatError.malformed("version 0")) { try format.rewrite([0] + bytes.dropFirst()) }
}

/// The values that the vectors' files describe in words, so that the bytes mean what they should.
@Test func vectorsHoldTheValuesTheyDescribe() throws {
  let document = try NodeRecord(parsing: VectorFile.named("records/node-document.txt").bytes("bytes"))
  #expect(document.kind == .document)
  #expect(document.parent == .greatest)
  #expect(document.name.bytes == [UInt8](repeating: 0x6e, count: 255))
  #expect((document.mode, document.uid, document.gid) == (0o640, 1000, 100))
  #expect(document.modified == 1_700_000_000_000_000_000)
  #expect(document.accessed == document.modified)
  #expect(document.changed == document.modified + 5)
  #expect(document.born == document.modified - 7)
  #expect(document.size == 5_000_000)
  #expect(document.xattrs.map(\.name) == [Array("user.a".utf8), Array("user.b".utf8)])
  #expect(document.xattrs.map(\.value) == [[], [0, 1]])
  #expect(document.extentCount == 2)
  let first = try #require(document.firstExtent)
  #expect((first.start, first.byteCount, first.blobStart) == (0, 100_000, 0))
  let blob = try #require(first.blob)
  #expect(blob.place == .pack(PackNumber(1), offset: 4096))
  #expect(blob.id.bytes == Array(0xa0...0xaf))
  #expect((blob.byteCount, blob.wrappingKey) == (100_000, 1))
  #expect(blob.wrappedKey == Array(0..<48))

  let grant = try Grant(id: RuleID(1), parsing: VectorFile.named("records/grant-full.txt").bytes("bytes"))
  #expect(grant.principal == Principal(kind: .group, name: "clerks", id: 70000))
  #expect(grant.rights == .all)
  #expect((grant.from, grant.until) == (-1, 1 << 62))
  #expect(grant.giver.description == "user:root")
  #expect(grant.approver?.id == 1002)
  let commit = try CommitRecord(parsing: VectorFile.named("records/commit.txt").bytes("bytes"))
  #expect((commit.number, commit.predecessor, commit.generation) == (9, 7, 3))
  #expect(commit.digest.bytes == Array(0..<32))
  let counters = try Counters(parsing: VectorFile.named("records/counters.txt").bytes("bytes"))
  #expect(counters == Counters(node: 2, rule: 3, rowVersion: 1 << 63, pack: 0xffff_ffff))
}
