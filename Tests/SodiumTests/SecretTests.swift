import Sodium
import Testing

func secret(_ bytes: [UInt8]) throws -> SecretBytes { try SecretBytes(count: bytes.count) { $0.copyBytes(from: bytes) } }
func bytes(of secret: borrowing SecretBytes) -> [UInt8] { secret.withUnsafeBytes { Array($0) } }

@Test(arguments: [0, 1, 31, 32, 4096, 10_000])
func secretsHoldTheirBytes(count: Int) throws {
  let content = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
  let original = try secret(content)
  let copy = try original.copy()
  #expect(bytes(of: original) == content)
  #expect(bytes(of: copy) == content)
  let same = original.withUnsafeBytes { left in
    copy.withUnsafeBytes { right in count > 0 && left.baseAddress == right.baseAddress }
  }
  #expect(!same)
}

@Test func randomSecretsDiffer() throws {
  let (first, second) = (bytes(of: try .random(count: 32)), bytes(of: try .random(count: 32)))
  #expect(first != second)
  #expect(Sodium.randomBytes(24) != Sodium.randomBytes(24))
  #expect(Sodium.randomBytes(0) == [])
}

/// A secret is read-only once it is made: writing to it ends the process.
@Test func secretsCannotBeWritten() async {
  await #expect(processExitsWith: .failure) {
    let secret = try SecretBytes(count: 32) { _ in }
    secret.withUnsafeBytes { UnsafeMutableRawBufferPointer(mutating: $0)[0] = 1 }
  }
}

/// A guard page follows the last byte.
@Test func readingPastASecretEndsTheProcess() async {
  await #expect(processExitsWith: .failure) {
    let secret = try SecretBytes(count: 32) { _ in }
    let beyond = secret.withUnsafeBytes { ($0.baseAddress! + 32).load(as: UInt8.self) }
    print(beyond)
  }
}

@Test func guardedMemoryIsPageAlignedAndWritable() throws {
  let memory = try GuardedMemory(byteCount: 64 << 10)
  #expect(memory.bytes.count == 64 << 10)
  #expect(UInt(bitPattern: memory.bytes.baseAddress!) % 4096 == 0)
  memory.bytes.initializeMemory(as: UInt8.self, repeating: 0xaa)
  Sodium.wipe(UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<100]))
  #expect(memory.bytes[..<100].allSatisfy { $0 == 0 })
  #expect(memory.bytes[100...].allSatisfy { $0 == 0xaa })
  #expect(throws: SodiumError.memoryNotLocked) { try GuardedMemory(byteCount: 0) }
}

@Test func comparesInFull() {
  #expect(Sodium.equal([], []))
  #expect(Sodium.equal([1, 2], [1, 2]))
  #expect(!Sodium.equal([1, 2], [1, 3]))
  #expect(!Sodium.equal([1, 2], [1, 2, 3]))
}
