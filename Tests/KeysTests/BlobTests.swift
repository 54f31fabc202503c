import PageCipher
import Sodium
import TestVectors
import Testing
import VaultFormat

@testable import Keys

private func reference(
  _ id: BlobID, _ byteCount: Int, wrapped: [UInt8], number: UInt32 = VaultKeys.wrappingKeyNumber
) -> BlobReference {
  BlobReference(id: id, byteCount: UInt64(byteCount), place: .file, wrappingKey: number, wrappedKey: wrapped)
}

/// The sealed bytes of a blob.
private func seal(_ plaintext: [UInt8], with sealer: consuming BlobSealer) -> [UInt8] {
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: plaintext.count, alignment: 16)
  let output = UnsafeMutableRawBufferPointer.allocate(byteCount: BlobGeometry.sealedByteCount(plaintext.count), alignment: 16)
  defer {
    input.deallocate()
    output.deallocate()
  }
  input.copyBytes(from: plaintext)
  sealer.seal(UnsafeRawBufferPointer(input), into: output)
  return Array(output)
}

/// Seals a blob and returns its reference and sealed bytes.
private func seal(_ plaintext: [UInt8], _ keys: VaultKeys) throws -> (BlobReference, [UInt8]) {
  let sealer = try keys.makeBlob()
  let blob = reference(sealer.id, plaintext.count, wrapped: sealer.wrappedKey)
  return (blob, seal(plaintext, with: sealer))
}

private func openAll(_ opener: BlobOpener, _ sealed: [UInt8]) throws(KeysError) -> [UInt8] {
  var plaintext: [UInt8] = []
  for index in 0..<BlobGeometry.pageCount(opener.byteCount) {
    let start = BlobGeometry.sealedOffset(ofPage: index)
    let end = start + BlobGeometry.pageByteCount(index, of: opener.byteCount) + BlobGeometry.tagByteCount
    plaintext += try open(opener, page: index, Array(sealed[start..<end]))
  }
  return plaintext
}

private func open(_ opener: BlobOpener, page index: Int, _ sealed: [UInt8]) throws(KeysError) -> [UInt8] {
  var output = [UInt8](repeating: 0xee, count: BlobGeometry.pageByteCount(index, of: opener.byteCount))
  var failure: KeysError?
  sealed.withUnsafeBytes { sealed in
    output.withUnsafeMutableBytes { output in
      do throws(KeysError) { try opener.open(page: index, sealed: sealed, into: output) } catch { failure = error }
    }
  }
  if let failure { throw failure }
  return output
}

@Test(arguments: VectorFile.all(in: "blobkeys"))
func blobKeyVector(vector: VectorFile) throws {
  let keys = try vaultKeys(vector)
  let id = BlobID(vector.bytes("blob"))!
  let result = outcome { () throws(KeysError) in
    _ = try keys.openBlob(reference(id, 1, wrapped: vector.bytes("wrapped"), number: UInt32(vector.number("number"))))
  }
  #expect(result == vector.expect)
  guard vector.expect == "ok" else { return }
  let key = vector.bytes("key")
  let sealer = try keys.makeBlob(id) { $0.copyBytes(from: key) }
  #expect(sealer.wrappedKey == vector.bytes("wrapped"))
  #expect(sealer.wrappingKey == 1)
}

@Test(arguments: VectorFile.all(in: "pages"))
func pageVector(vector: VectorFile) throws {
  let keys = try vaultKeys(vector)
  let id = BlobID(vector.bytes("blob"))!
  let key = vector.bytes("key")
  let sealer = try keys.makeBlob(id) { $0.copyBytes(from: key) }
  let wrapped = sealer.wrappedKey
  guard vector.expect == "ok" else {
    let opener = try keys.openBlob(reference(id, Int(vector.number("byteCount")), wrapped: wrapped))
    let result = outcome { () throws(KeysError) in _ = try open(opener, page: Int(vector.number("page")), vector.bytes("sealed"))
    }
    #expect(result == vector.expect)
    return
  }
  let plaintext = vector.has("pattern") ? pattern(Int(vector.number("pattern"))) : vector.bytes("plaintext")
  let sealed = seal(plaintext, with: sealer)
  if vector.has("sealed") {
    #expect(sealed == vector.bytes("sealed"))
  } else {
    #expect(sealed.count == Int(vector.number("sealedByteCount")))
    #expect(Hash.plain(sealed) == vector.bytes("sealedHash"))
  }
  #expect(try openAll(keys.openBlob(reference(id, plaintext.count, wrapped: wrapped)), sealed) == plaintext)
}

@Test(arguments: [1, 16383, 16384, 16385, 131_072, BlobGeometry.byteCountMax - 1, BlobGeometry.byteCountMax])
func blobsOpenAsSealed(count: Int) throws {
  let keys = try freshKeys()
  let plaintext = pattern(count)
  let (blob, sealed) = try seal(plaintext, keys)
  #expect(try openAll(keys.openBlob(blob), sealed) == plaintext)
}

@Test func aPageOpensInPlace() throws {
  let keys = try freshKeys()
  let plaintext = pattern(16384 + 100)
  var (blob, sealed) = try seal(plaintext, keys)
  let opener = try keys.openBlob(blob)
  try sealed.withUnsafeMutableBytes { sealed in
    let page = UnsafeMutableRawBufferPointer(rebasing: sealed[16400..<16400 + 116])
    try opener.open(page: 1, sealed: UnsafeRawBufferPointer(page), into: page)
  }
  #expect(sealed[16400..<16500].elementsEqual(plaintext[16384...]))
}

@Test func everyFlippedByteOfAPageIsNoticed() throws {
  let keys = try freshKeys()
  let (blob, sealed) = try seal(pattern(64), keys)
  let opener = try keys.openBlob(blob)
  for index in sealed.indices {
    var damaged = sealed
    damaged[index] ^= 1
    #expect(throws: KeysError.authenticationFailed) { try open(opener, page: 0, damaged) }
  }
  for index in blob.wrappedKey.indices {
    var wrapped = blob.wrappedKey
    wrapped[index] ^= 1
    #expect(throws: KeysError.authenticationFailed) { try keys.openBlob(reference(blob.id, 64, wrapped: wrapped)) }
  }
  for count in [0, BlobGeometry.byteCountMax + 1] {
    #expect(throws: KeysError.damaged("blob: length")) { try keys.openBlob(reference(blob.id, count, wrapped: blob.wrappedKey)) }
  }
}

/// A page counts only for its blob, its number and the length that the catalog tells.
@Test func pagesStayInTheirPlace() throws {
  let keys = try freshKeys()
  let (first, firstSealed) = try seal(pattern(32768), keys)
  let (second, secondSealed) = try seal(pattern(32768), keys)
  #expect(first.id != second.id)
  #expect(firstSealed != secondSealed)
  let opener = try keys.openBlob(first)
  let pages = [Array(firstSealed[..<16400]), Array(firstSealed[16400...])]
  #expect(throws: KeysError.authenticationFailed) { try open(opener, page: 0, pages[1]) }
  #expect(throws: KeysError.authenticationFailed) { try open(opener, page: 1, pages[0]) }
  #expect(throws: KeysError.authenticationFailed) { try open(opener, page: 0, Array(secondSealed[..<16400])) }
  let shorter = try keys.openBlob(reference(first.id, 16384, wrapped: first.wrappedKey))
  #expect(throws: KeysError.authenticationFailed) { try open(shorter, page: 0, pages[0]) }
  #expect(try open(opener, page: 1, pages[1]) == Array(pattern(32768)[16384...]))
}

/// Thousands of keys share chunks of the arena, and each is wiped when its owner ends. Serialized with nothing else that counts slots.
@Test func keysLieTogetherAndAreWiped() throws {
  let keys = try freshKeys()
  var openers: [BlobOpener] = []
  for _ in 0..<5000 {
    let sealer = try keys.makeBlob()
    openers.append(try keys.openBlob(reference(sealer.id, 1, wrapped: sealer.wrappedKey)))
  }
  let counts = KeyArena.shared.counts
  #expect(counts.used >= 5000)
  #expect(counts.chunks * KeyArena.slotsPerChunk < counts.used + 3 * KeyArena.slotsPerChunk)
  openers.removeAll()
  let arena = KeyArena()
  let slot = try arena.take()
  slot.initializeMemory(as: UInt8.self, repeating: 0xff, count: KeyArena.slotByteCount)
  #expect(arena.counts.used == 1)
  arena.release(slot)
  #expect(UnsafeRawBufferPointer(start: slot, count: KeyArena.slotByteCount).allSatisfy { $0 == 0 })
  #expect(arena.counts.used == 0)
  #expect(try arena.take() == slot)
}

@Test func keysLeaveTheCipherWithTheirOwner() throws {
  let keys = try freshKeys()
  let (blob, sealed) = try seal(pattern(10), keys)
  var page: PageKey?
  func use() throws {
    let key = try BlobKey { $0.initializeMemory(as: UInt8.self, repeating: 5) }
    page = key.page
    PageCipher.shared.withContext(for: key.page) { _ in }
  }
  try use()
  #expect(PageCipher.shared.heldCount(of: page!) == 0)
  #expect(try openAll(keys.openBlob(blob), sealed) == pattern(10))
}

@Test func hashesOfPacksAndCatalogAreKeyedApart() throws {
  let keys = try freshKeys()
  var pack = keys.packHash()
  var catalog = keys.catalogFileHash()
  pack.update([1, 2])
  pack.update([3])
  catalog.update([1, 2, 3])
  var again = keys.packHash()
  again.update([1, 2, 3])
  let digests = [pack.finish(), again.finish(), catalog.finish()]
  #expect(digests[0] == digests[1])
  #expect(digests[0] != digests[2])
}
