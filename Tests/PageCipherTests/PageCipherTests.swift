import PageCipher
import Platform
import Sodium
import Testing

/// A page key whose 32 bytes live as long as the value.
private final class TestKey {
  let bytes: UnsafeMutableRawPointer
  let page: PageKey

  init(_ byte: UInt8) {
    bytes = .allocate(byteCount: 32, alignment: 16)
    bytes.initializeMemory(as: UInt8.self, repeating: byte, count: 32)
    page = PageKey(bytes: UnsafeRawPointer(bytes))
  }

  deinit { bytes.deallocate() }
}

private func seal(_ cipher: PageCipher, _ key: TestKey, page: UInt64, _ plaintext: [UInt8], associated: [UInt8] = []) -> [UInt8] {
  var output = [UInt8](repeating: 0xee, count: plaintext.count + 16)
  cipher.withContext(for: key.page) { context in
    plaintext.withUnsafeBytes { plaintext in
      associated.withUnsafeBytes { associated in
        output.withUnsafeMutableBytes { context.seal(page: page, plaintext, associated: associated, into: $0) }
      }
    }
  }
  return output
}

private func open(
  _ cipher: PageCipher, _ key: TestKey, page: UInt64, _ sealed: [UInt8], associated: [UInt8] = [], into output: inout [UInt8]
) throws(PageCipherError) {
  var failure: PageCipherError?
  cipher.withContext(for: key.page) { context in
    sealed.withUnsafeBytes { sealed in
      associated.withUnsafeBytes { associated in
        output.withUnsafeMutableBytes { output in
          do throws(PageCipherError) { try context.open(page: page, sealed, associated: associated, into: output) } catch {
            failure = error
          }
        }
      }
    }
  }
  if let failure { throw failure }
}

private func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) } }

/// McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", test case 14: key, nonce and plaintext of zeros.
@Test func isTheAESThatTheStandardMeans() {
  let sealed = seal(PageCipher(contextCountMax: 1), TestKey(0), page: 0, [UInt8](repeating: 0, count: 16))
  #expect(
    sealed == [
      0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
      0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19,
    ])
}

@Test(arguments: [1, 15, 16, 17, 16383, 16384, 16385])
func opensWhatItSealed(count: Int) throws {
  let cipher = PageCipher(contextCountMax: 2)
  let key = TestKey(9)
  let plaintext = pattern(count)
  let sealed = seal(cipher, key, page: 5, plaintext, associated: [1, 2, 3])
  #expect(sealed.count == count + 16)
  var output = [UInt8](repeating: 0, count: count)
  try open(cipher, key, page: 5, sealed, associated: [1, 2, 3], into: &output)
  #expect(output == plaintext)
}

@Test func worksInPlace() throws {
  let cipher = PageCipher(contextCountMax: 1)
  let key = TestKey(3)
  let plaintext = pattern(4096)
  var buffer = plaintext + [UInt8](repeating: 0, count: 16)
  var failure: PageCipherError?
  cipher.withContext(for: key.page) { context in
    buffer.withUnsafeMutableBytes { buffer in
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      context.seal(page: 1, UnsafeRawBufferPointer(rebasing: buffer[..<4096]), associated: none, into: buffer)
      #expect(!buffer[..<4096].elementsEqual(plaintext))
      do throws(PageCipherError) {
        try context.open(page: 1, UnsafeRawBufferPointer(buffer), associated: none, into: buffer)
      } catch {
        failure = error
      }
    }
  }
  #expect(failure == nil)
  #expect(buffer.prefix(4096).elementsEqual(plaintext))
  #expect(seal(cipher, key, page: 1, plaintext).prefix(4096) != plaintext[...])
}

@Test func noticesEveryChange() throws {
  let cipher = PageCipher(contextCountMax: 1)
  let key = TestKey(1)
  let plaintext = pattern(40)
  let sealed = seal(cipher, key, page: 2, plaintext, associated: [7])
  for index in sealed.indices {
    var damaged = sealed
    damaged[index] ^= 0x10
    var output = [UInt8](repeating: 0xee, count: 40)
    #expect(throws: PageCipherError.authenticationFailed) {
      try open(cipher, key, page: 2, damaged, associated: [7], into: &output)
    }
    #expect(output == [UInt8](repeating: 0, count: 40), "nothing of a page that failed is left")
  }
  var output = [UInt8](repeating: 0, count: 40)
  let cases: [(UInt64, [UInt8], [UInt8], UInt8)] = [
    (3, [7], sealed, 1), (2, [8], sealed, 1), (2, [], sealed, 1), (2, [7, 0], sealed, 1), (2, [7], sealed, 2),
    (2, [7], Array(sealed.dropLast()), 1), (2, [7], [UInt8](repeating: 0, count: 16), 1), (2, [7], [], 1),
  ]
  for (page, associated, sealed, keyByte) in cases {
    #expect(throws: PageCipherError.authenticationFailed) {
      try open(cipher, TestKey(keyByte), page: page, sealed, associated: associated, into: &output)
    }
  }
  // A failure leaves the context usable.
  try open(cipher, key, page: 2, sealed, associated: [7], into: &output)
  #expect(output == plaintext)
}

/// Pages whose numbers differ only above 32 bits do not share a nonce.
@Test func usesTheWholeNumberAsNonce() {
  let cipher = PageCipher(contextCountMax: 1)
  let key = TestKey(1)
  let plaintext = [UInt8](repeating: 0, count: 16)
  let sealed = [0, 1, 256, 1 << 32, 1 << 63].map { seal(cipher, key, page: $0, plaintext) }
  #expect(Set(sealed).count == 5)
}

@Test func keepsAKeyUntilItIsForgotten() {
  let cipher = PageCipher(contextCountMax: 2)
  let (first, second, third) = (TestKey(1), TestKey(2), TestKey(3))
  let plaintext = pattern(100)
  let sealed = [first, second, third].map { seal(cipher, $0, page: 0, plaintext) }
  #expect(Set(sealed).count == 3)
  #expect(cipher.heldCount(of: third.page) == 1)
  #expect(cipher.heldCount(of: second.page) == 1)
  #expect(cipher.heldCount(of: first.page) == 0, "two contexts: the third key took the place of the first")
  #expect(seal(cipher, second, page: 0, plaintext) == sealed[1])
  cipher.forget(second.page)
  #expect(cipher.heldCount(of: second.page) == 0)
  #expect(cipher.heldCount(of: third.page) == 1)
  #expect(seal(cipher, second, page: 0, plaintext) == sealed[1])
}

@Test func serialsTellKeysInTheSameMemoryApart() {
  let cipher = PageCipher(contextCountMax: 1)
  let key = TestKey(1)
  let plaintext = pattern(16)
  let before = seal(cipher, key, page: 0, plaintext)
  key.bytes.storeBytes(of: 0xff, as: UInt8.self)
  let reused = PageKey(bytes: UnsafeRawPointer(key.bytes))
  var output = [UInt8](repeating: 0, count: 32)
  cipher.withContext(for: reused) { context in
    plaintext.withUnsafeBytes { plaintext in
      output.withUnsafeMutableBytes {
        context.seal(page: 0, plaintext, associated: UnsafeRawBufferPointer(start: nil, count: 0), into: $0)
      }
    }
  }
  #expect(output != before)
}

@Test func servesManyThreads() async {
  let cipher = PageCipher(contextCountMax: 2)
  let wrong = await withTaskGroup(of: Int.self) { group in
    for number in 0..<8 {
      group.addTask {
        let key = TestKey(UInt8(number))
        let plaintext = pattern(1000 + number)
        var wrong = 0
        for page in 0..<50 as Range<UInt64> {
          let sealed = seal(cipher, key, page: page, plaintext)
          var output = [UInt8](repeating: 0, count: plaintext.count)
          if (try? open(cipher, key, page: page, sealed, into: &output)) == nil || output != plaintext { wrong += 1 }
        }
        return wrong
      }
    }
    return await group.reduce(0, +)
  }
  #expect(wrong == 0)
}

/// Each context takes locked memory, of which there is enough for as many threads as a mount ever has.
@Test func aHundredContextsAtOnceFindLockedMemory() throws {
  try PageCipher.prepare()
  let cipher = PageCipher(contextCountMax: 2)
  let keys = (0..<100).map { TestKey(UInt8($0)) }
  func sealNested(_ index: Int) -> Int {
    guard index < keys.count else { return 0 }
    return cipher.withContext(for: keys[index].page) { context in
      let inner = sealNested(index + 1)
      var sealed = [UInt8](repeating: 0, count: 32)
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      [UInt8](repeating: 0, count: 16).withUnsafeBytes { plaintext in
        sealed.withUnsafeMutableBytes { context.seal(page: 0, plaintext, associated: none, into: $0) }
      }
      return inner
        + (sealed == seal(PageCipher(contextCountMax: 1), keys[index], page: 0, [UInt8](repeating: 0, count: 16)) ? 1 : 0)
    }
  }
  #expect(sealNested(0) == keys.count)
}
