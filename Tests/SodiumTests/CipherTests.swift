import Sodium
import Testing

private func hex(_ text: String) -> [UInt8] {
  let digits = Array(text.utf8)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)! }
}

private func seal(_ plaintext: [UInt8], key: borrowing SecretBytes, nonce: [UInt8], associated: [UInt8]) -> [UInt8] {
  var output = [UInt8](repeating: 0, count: plaintext.count + AEAD.tagByteCount)
  plaintext.withUnsafeBytes { plaintext in
    nonce.withUnsafeBytes { nonce in
      associated.withUnsafeBytes { associated in
        output.withUnsafeMutableBytes { AEAD.seal(plaintext, key: key, nonce: nonce, associated: associated, into: $0) }
      }
    }
  }
  return output
}

/// Nil where the authentication fails.
private func open(_ sealed: [UInt8], key: borrowing SecretBytes, nonce: [UInt8], associated: [UInt8]) -> [UInt8]? {
  var output = [UInt8](repeating: 0xee, count: max(0, sealed.count - AEAD.tagByteCount))
  let isWhole = sealed.withUnsafeBytes { sealed in
    nonce.withUnsafeBytes { nonce in
      associated.withUnsafeBytes { associated in
        output.withUnsafeMutableBytes { output in
          do {
            try AEAD.open(sealed, key: key, nonce: nonce, associated: associated, into: output)
            return true
          } catch { return false }
        }
      }
    }
  }
  return isWhole ? output : nil
}

/// draft-irtf-cfrg-xchacha-03, A.3.1.
@Test func aeadIsXChaCha20Poly1305() throws {
  let text = "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  let key = try secret(Array(0x80...0x9f))
  let sealed = seal(
    Array(text.utf8), key: key, nonce: Array(0x40...0x57), associated: [0x50, 0x51, 0x52, 0x53] + Array(0xc0...0xc7))
  #expect(sealed.prefix(16).elementsEqual(hex("bd6d179d3e83d43b9576579493c0e939")))
  #expect(sealed.suffix(16).elementsEqual(hex("c0875924c1c7987947deafd8780acf49")))
}

@Test func aeadNoticesEveryChange() throws {
  let key = try secret(Array(0..<32))
  let nonce = [UInt8](repeating: 1, count: 24)
  let sealed = seal([1, 2, 3, 4], key: key, nonce: nonce, associated: [9])
  #expect(open(sealed, key: key, nonce: nonce, associated: [9]) == [1, 2, 3, 4])
  for index in sealed.indices {
    var damaged = sealed
    damaged[index] ^= 1
    #expect(open(damaged, key: key, nonce: nonce, associated: [9]) == nil)
  }
  #expect(open(sealed, key: key, nonce: nonce, associated: [8]) == nil)
  #expect(open(sealed, key: key, nonce: nonce, associated: []) == nil)
  #expect(open(sealed, key: key, nonce: [UInt8](repeating: 2, count: 24), associated: [9]) == nil)
  #expect(open(sealed, key: key, nonce: [1], associated: [9]) == nil)
  #expect(open(sealed, key: try secret(Array(1...32)), nonce: nonce, associated: [9]) == nil)
  #expect(open(Array(sealed.prefix(15)), key: key, nonce: nonce, associated: [9]) == nil)
  let empty = seal([], key: key, nonce: nonce, associated: [])
  #expect(empty.count == 16)
  #expect(open(empty, key: key, nonce: nonce, associated: []) == [])
}

@Test func aStreamOpensInOrderAndNowhereElse() throws {
  let key = try secret(Array(0..<32))
  let sealer = try StreamSealer(key: key)
  let messages: [[UInt8]] = [[], [1], Array(repeating: 7, count: 100)]
  var sealed: [[UInt8]] = []
  for (index, message) in messages.enumerated() {
    var output = [UInt8](repeating: 0, count: message.count + StreamSealer.overheadByteCount)
    message.withUnsafeBytes { message in
      [UInt8(index)].withUnsafeBytes { associated in
        output.withUnsafeMutableBytes { sealer.seal(message, associated: associated, isLast: index == 2, into: $0) }
      }
    }
    sealed.append(output)
  }
  func opener() throws -> StreamOpener {
    let header = sealer.header
    return try header.withUnsafeBytes { try StreamOpener(key: key, header: $0) }
  }
  func open(_ opener: StreamOpener, _ message: [UInt8], associated: UInt8) throws -> (bytes: [UInt8], isLast: Bool) {
    var output = [UInt8](repeating: 0, count: max(0, message.count - StreamSealer.overheadByteCount))
    let isLast = try message.withUnsafeBytes { message in
      try [associated].withUnsafeBytes { associated in
        try output.withUnsafeMutableBytes { try opener.open(message, associated: associated, into: $0) }
      }
    }
    return (output, isLast)
  }
  let whole = try opener()
  for (index, message) in messages.enumerated() {
    let opened = try open(whole, sealed[index], associated: UInt8(index))
    #expect(opened.bytes == message)
    #expect(opened.isLast == (index == 2))
  }
  #expect(throws: SodiumError.authenticationFailed) { _ = try open(opener(), sealed[1], associated: 1) }
  #expect(throws: SodiumError.authenticationFailed) { _ = try open(opener(), sealed[0], associated: 1) }
  #expect(throws: SodiumError.authenticationFailed) { _ = try open(opener(), Array(sealed[0].dropLast()), associated: 0) }
  let again = try opener()
  _ = try open(again, sealed[0], associated: 0)
  #expect(throws: SodiumError.authenticationFailed) { _ = try open(again, sealed[0], associated: 0) }
  #expect(throws: SodiumError.badParameter) { _ = try [1, 2].withUnsafeBytes { try StreamOpener(key: key, header: $0) } }
}

/// RFC 8032, 7.1, test 2.
@Test func signaturesAreEd25519() throws {
  let seed = try secret(hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
  let publicKey = try Signature.publicKey(ofSeed: seed)
  #expect(publicKey == hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
  let signature = try Signature.sign([0x72], seed: seed)
  #expect(
    signature
      == hex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
      ))
  #expect(Signature.verify(signature, of: [0x72], publicKey: publicKey))
  #expect(!Signature.verify(signature, of: [0x73], publicKey: publicKey))
  #expect(!Signature.verify(Array(signature.dropLast()), of: [0x72], publicKey: publicKey))
  #expect(!Signature.verify(signature, of: [0x72], publicKey: [1]))
}

@Test func sealedBoxesOpenForTheirReaderAlone() throws {
  let (reader, readerSecret) = try SealedBox.makeKeyPair()
  let (other, otherSecret) = try SealedBox.makeKeyPair()
  #expect(SealedBox.publicKey(of: readerSecret.bytes) == reader)
  let sealed = try SealedBox.seal(try secret([1, 2, 3]), to: reader)
  #expect(sealed.count == 3 + SealedBox.overheadByteCount)
  #expect(bytes(of: try SealedBox.open(sealed, publicKey: reader, secretKey: readerSecret.bytes)) == [1, 2, 3])
  #expect(throws: SodiumError.authenticationFailed) {
    _ = try SealedBox.open(sealed, publicKey: other, secretKey: otherSecret.bytes)
  }
  var damaged = sealed
  damaged[50] ^= 1
  #expect(throws: SodiumError.authenticationFailed) {
    _ = try SealedBox.open(damaged, publicKey: reader, secretKey: readerSecret.bytes)
  }
  #expect(throws: SodiumError.authenticationFailed) {
    _ = try SealedBox.open(Array(sealed.prefix(47)), publicKey: reader, secretKey: readerSecret.bytes)
  }
  #expect(throws: SodiumError.badParameter) { try SealedBox.seal(try secret([1]), to: [UInt8](repeating: 0, count: 32)) }
}
