import Sodium
import TestVectors
import Testing
import VaultFormat

@testable import Keys

private func key(_ vector: VectorFile) -> RowKey {
  RowKey(Table(rawValue: UInt8(vector.number("table")))!, vector.number("first"), vector.number("second"))
}

@Test(arguments: VectorFile.all(in: "rows"))
func rowVector(vector: VectorFile) throws {
  let keys = try vaultKeys(vector)
  let version = RowVersion(vector.number("version"))
  let sealed = vector.bytes("sealed")
  var plaintext: [UInt8] = []
  let result = outcome { () throws(KeysError) in plaintext = try keys.open(sealed, for: key(vector), version: version) }
  #expect(result == vector.expect)
  guard vector.expect == "ok" else { return }
  #expect(plaintext == vector.bytes("plaintext"))
  let nonce = vector.bytes("nonce")
  let again = keys.seal(plaintext, for: key(vector), version: version) { $0.copyBytes(from: nonce) }
  #expect(again == sealed)
  let columns =
    vector.has("parent") ? NodeColumns(parent: NodeID(vector.number("parent")), tag: NameTag(vector.bytes("tag"))!) : nil
  let row = SealedRow(key: key(vector), version: version, node: columns, sealed: sealed)
  #expect(keys.digest(of: row).bytes == vector.bytes("digest"))
}

@Test(arguments: VectorFile.all(in: "names"))
func nameVector(vector: VectorFile) throws {
  let tag = try vaultKeys(vector).nameTag(parent: NodeID(vector.number("parent")), name: Name(vector.bytes("name"))!)
  #expect(tag.bytes == vector.bytes("tag"))
}

@Test(arguments: Subkey.allCases)
func subkeyVector(purpose: Subkey) throws {
  let vector = VectorFile.named("subkeys/all.txt")
  let key = try VaultKeys.subkey(purpose, of: try secret(vector.bytes("root")))
  #expect(bytes(of: key) == vector.bytes(String(purpose.rawValue)))
}

@Test(arguments: [0, 1, 15, 16, 17, 255, 4096])
func rowsOpenAsSealed(count: Int) throws {
  let keys = try freshKeys()
  let plaintext = pattern(count)
  let key = RowKey(.extent, .max, .max - 1)
  let sealed = keys.seal(plaintext, for: key, version: RowVersion(.max))
  #expect(sealed.count == count + VaultKeys.rowOverheadByteCount)
  #expect(try keys.open(sealed, for: key, version: RowVersion(.max)) == plaintext)
}

@Test func everyFlippedByteOfARowIsNoticed() throws {
  let keys = try freshKeys()
  let key = RowKey(.node, 9)
  let sealed = keys.seal(pattern(50), for: key, version: RowVersion(1))
  for index in sealed.indices {
    var damaged = sealed
    damaged[index] ^= 0x80
    #expect(throws: KeysError.authenticationFailed) { try keys.open(damaged, for: key, version: RowVersion(1)) }
  }
}

/// More than one buffer of the pool, and several threads.
@Test func noncesAreNeverRepeated() async throws {
  let keys = try freshKeys()
  let nonces = await withTaskGroup(of: [[UInt8]].self) { group in
    for _ in 0..<4 {
      group.addTask { (0..<500).map { Array(keys.seal([], for: RowKey(.meta, $0), version: RowVersion(1)).prefix(24)) } }
    }
    return await group.reduce(into: Set<[UInt8]>()) { $0.formUnion($1) }
  }
  #expect(nonces.count == 2000)
}

/// Every part of a row changes its digest, and no two parts can be taken for each other.
@Test func digestsTellRowsApart() throws {
  let keys = try freshKeys()
  let tag = NameTag(high: 1, low: 2)
  let sealed = pattern(60)
  let columns = NodeColumns(parent: NodeID(3), tag: tag)
  let rows = [
    SealedRow(key: RowKey(.node, 1), version: RowVersion(1), node: columns, sealed: sealed),
    SealedRow(key: RowKey(.node, 2), version: RowVersion(1), node: columns, sealed: sealed),
    SealedRow(key: RowKey(.node, 1, 1), version: RowVersion(1), node: columns, sealed: sealed),
    SealedRow(key: RowKey(.node, 1), version: RowVersion(2), node: columns, sealed: sealed),
    SealedRow(key: RowKey(.meta, 1), version: RowVersion(1), node: columns, sealed: sealed),
    SealedRow(key: RowKey(.node, 1), version: RowVersion(1), node: nil, sealed: sealed),
    SealedRow(key: RowKey(.node, 1), version: RowVersion(1), node: NodeColumns(parent: NodeID(4), tag: tag), sealed: sealed),
    SealedRow(
      key: RowKey(.node, 1), version: RowVersion(1), node: NodeColumns(parent: NodeID(3), tag: NameTag(high: 2, low: 1)),
      sealed: sealed),
    SealedRow(key: RowKey(.node, 1), version: RowVersion(1), node: columns, sealed: Array(sealed.dropLast())),
    SealedRow(key: RowKey(.node, 1), version: RowVersion(1), node: columns, sealed: sealed.reversed()),
    SealedRow(
      key: RowKey(.node, 1), version: RowVersion(1), node: nil, sealed: [3, 0, 0, 0, 0, 0, 0, 0] + tag.bytes + sealed),
  ]
  #expect(Set(rows.map { keys.digest(of: $0).bytes }).count == rows.count)
  #expect(keys.digest(of: rows[0]) == keys.digest(of: rows[0]))
  #expect(try freshKeys().digest(of: rows[0]) != keys.digest(of: rows[0]), "another vault's digests are others")
}

@Test func tagsOfOneNameDifferByFolderAndVault() throws {
  let keys = try freshKeys()
  let name = Name("a")!
  #expect(keys.nameTag(parent: .root, name: name) == keys.nameTag(parent: .root, name: name))
  #expect(keys.nameTag(parent: .root, name: name) != keys.nameTag(parent: NodeID(2), name: name))
  #expect(try freshKeys().nameTag(parent: .root, name: name) != keys.nameTag(parent: .root, name: name))
}
