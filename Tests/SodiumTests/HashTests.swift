import Sodium
import Testing

/// RFC 7693, appendix A: BLAKE2b-512 of "abc".
@Test func hashIsBLAKE2b() {
  #expect(
    Hash.plain(Array("abc".utf8), outputByteCount: 64).prefix(16) == [
      0xba, 0x80, 0xa5, 0x3f, 0x98, 0x1c, 0x4d, 0x0d, 0x6a, 0x27, 0x97, 0xb6, 0x9f, 0x12, 0xf6, 0xe9,
    ])
}

/// A running hash, one call over joined bytes, and one over two parts give the same, at every border of BLAKE2b's blocks of 128 bytes.
@Test(arguments: [0, 1, 42, 127, 128, 129, 255, 256, 1000])
func hashesDoNotDependOnHowBytesCome(count: Int) throws {
  let key = try secret(Array(0..<32))
  let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
  let whole = Hash.keyed(key, content)
  for cut in Set([0, 1, count / 2, count]) where cut <= count {
    var running = Hash(key: key)
    running.update(Array(content[..<cut]))
    running.update(Array(content[cut...]))
    let current = running.current()
    #expect(current == whole)
    let finished = running.finish()
    #expect(finished == whole)
    var output = [UInt8](repeating: 0, count: 32)
    content.withUnsafeBytes { content in
      output.withUnsafeMutableBytes {
        Hash.keyed(
          key, UnsafeRawBufferPointer(rebasing: content[..<cut]), UnsafeRawBufferPointer(rebasing: content[cut...]), into: $0)
      }
    }
    #expect(output == whole)
  }
  var secretly = Hash(key: key)
  secretly.update(content)
  #expect(bytes(of: try secretly.finish(secretByteCount: 32)) == whole)
  #expect(Hash.plain(content) != whole)
  #expect(Hash.keyed(key, content, outputByteCount: 16) != Array(whole.prefix(16)), "the length is part of the hash")
}

@Test func subkeysDifferByIdContextAndRoot() throws {
  let root = try secret(Array(0..<32))
  let other = try secret(Array(1...32))
  let keys = [
    bytes(of: try KeyDerivation.subkey(of: root, id: 1, context: "context1")),
    bytes(of: try KeyDerivation.subkey(of: root, id: 2, context: "context1")),
    bytes(of: try KeyDerivation.subkey(of: root, id: 1, context: "context2")),
    bytes(of: try KeyDerivation.subkey(of: other, id: 1, context: "context1")),
  ]
  #expect(Set(keys).count == 4)
  #expect(bytes(of: try KeyDerivation.subkey(of: root, id: 1, context: "context1")) == keys[0])
}

@Test(
  arguments: [
    (2, 64 << 20, true), (10, 1 << 30, true), (3, 256 << 20, true), (1, 64 << 20, false), (0, 64 << 20, false),
    (11, 64 << 20, false),
    (2, 64 << 20 - 1, false), (2, 1 << 30 + 1, false), (.max, .max, false),
  ] as [(UInt64, UInt64, Bool)])
func passwordHashesHaveLimits(passes: UInt64, memory: UInt64, isAcceptable: Bool) throws {
  let hash = PasswordHash(passes: passes, memoryByteCount: memory)
  #expect(hash.isAcceptable == isAcceptable)
  guard !isAcceptable else { return }
  #expect(throws: SodiumError.badParameter) { _ = try hash.key(from: try secret([1]), salt: [UInt8](repeating: 0, count: 16)) }
}

@Test func passwordHashesDependOnSecretAndSalt() throws {
  let salt = [UInt8](repeating: 1, count: 16)
  let hash = PasswordHash.interactive
  let key = bytes(of: try hash.key(from: try secret([1]), salt: salt))
  #expect(key == bytes(of: try hash.key(from: try secret([1]), salt: salt)))
  #expect(key != bytes(of: try hash.key(from: try secret([2]), salt: salt)))
  #expect(key != bytes(of: try hash.key(from: try secret([1]), salt: salt.map { $0 + 1 })))
  #expect(throws: SodiumError.badParameter) { _ = try hash.key(from: try secret([1]), salt: [1]) }
}
