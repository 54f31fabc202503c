import Testing
import VaultFormat

@Test func idsAreSixteenBytesMostSignificantFirst() {
  let bytes = Array(0..<16 as Range<UInt8>)
  let id = ID128(bytes)
  #expect(id == ID128(high: 0x0001_0203_0405_0607, low: 0x0809_0a0b_0c0d_0e0f))
  #expect(id?.bytes == bytes)
  #expect(id?.description == "000102030405060708090a0b0c0d0e0f")
  #expect(ID128(bytes.dropLast()) == nil)
  #expect(ID128(bytes + [0]) == nil)
  #expect(ID128.random() != ID128.random())
}

@Test func tagsAreWrittenAsIds() {
  let tag = NameTag(high: 1, low: 2)
  #expect(tag.bytes == ID128(high: 1, low: 2).bytes)
  #expect(NameTag(tag.bytes) == tag)
  #expect(NameTag([1]) == nil)
}

@Test(
  arguments: [
    ([0x61], true), ([0x2e, 0x2e, 0x2e], true), ([0x0a], true), ([0xff], true), ([UInt8](repeating: 0x61, count: 255), true),
    ([], false),
    ([0x2e], false), ([0x2e, 0x2e], false), ([0x61, 0], false), ([0x2f], false), ([0x61, 0x2f, 0x62], false),
    ([UInt8](repeating: 0x61, count: 256), false),
  ] as [([UInt8], Bool)])
func namesAreWhatLinuxAllows(bytes: [UInt8], isName: Bool) {
  #expect((Name(bytes) != nil) == isName)
  if isName { #expect(Name(bytes)?.bytes == bytes) }
}

@Test func nodeNumbersHaveFortyBits() {
  #expect(NodeID.greatest.value == 0xff_ffff_ffff)
  #expect(NodeID.none < .root && .root < .greatest)
}

/// Numbers and strings that stand on disk: a change here is a new format.
@Test func numbersOnDiskNeverChange() {
  #expect(Table.allCases.map(\.rawValue) == Array(1...13))
  #expect(
    Table.allCases.map { "\($0)" } == [
      "node", "extent", "grant", "barrier", "boundary", "meta", "pack", "bucket", "duty", "use", "review", "reviewItem",
      "suspension",
    ])
  #expect(Subkey.allCases.map(\.rawValue) == Array(1...10))
  #expect(
    Subkey.allCases.map { "\($0)" } == [
      "vaultFile", "rows", "nameTags", "rowDigests", "blobWrapping", "packDigests", "trailMarks", "trailSigner", "catalogFile",
      "bucketSeals",
    ])
  #expect([MetaKey.counters.rawValue, MetaKey.commit.rawValue] == [1, 2])
  #expect(Suite.first.rawValue == 1)
  #expect(vaultFormatVersion == 1)
  #expect(KeySlot.Kind.allCases.map(\.rawValue) == [1, 2, 3])
  #expect(KeySlot.Kind.allCases.map(\.name) == ["passphrase", "keyfile", "credential"])
  #expect(Rights.named.map(\.right.rawValue) == [1, 2, 4, 8, 16, 32])
  #expect(Rights.named.map(\.name) == ["list", "read", "add", "edit", "remove", "grant"])
}

/// No domain begins another one, so that no two uses can meet.
@Test func domainsAreApart() {
  let domains = [
    Domain.pageAAD, Domain.segmentKeyCommitment, Domain.chainStart, Domain.checkpoint, Domain.mark, Domain.reviewerFingerprint,
    Domain.keySlot,
    Domain.keyFile, Domain.trailSigner, Domain.blobKey, Domain.reviewerIdentity,
  ].map(\.bytes)
  for (index, domain) in domains.enumerated() {
    #expect(!domains.enumerated().contains { $0.offset != index && $0.element.starts(with: domain) })
  }
  #expect(Domain.rootContext.utf8CodeUnitCount == 8)
  #expect(Domain.pageAAD.utf8CodeUnitCount == 17)
}
