import CSodium

/// XChaCha20-Poly1305-IETF (`crypto_aead_xchacha20poly1305_ietf`): 32-byte key, 24-byte nonce, 16-byte tag.
/// Random nonces are safe for any number of messages that one vault can hold.
package enum AEAD {
  package static let keyByteCount = 32
  package static let nonceByteCount = 24
  package static let tagByteCount = 16

  /// Writes `ciphertext ‖ tag` (plaintext count + 16 bytes) to `output`, which may start where `plaintext` does.
  @inline(__always)
  package static func seal(
    _ plaintext: UnsafeRawBufferPointer, key: borrowing SecretBytes, nonce: UnsafeRawBufferPointer,
    associated: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) {
    precondition(key.count == keyByteCount && nonce.count == nonceByteCount && output.count >= plaintext.count + tagByteCount)
    var written: UInt64 = 0
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      output.bound!, &written, plaintext.boundOrNil, UInt64(plaintext.count), associated.boundOrNil, UInt64(associated.count),
      nil,
      nonce.boundOrNil!, key.pointer)
  }

  /// Opens `ciphertext ‖ tag` into `output` (ciphertext count − 16 bytes).
  /// - Throws: `SodiumError.authenticationFailed`; `output` then holds nothing of the plaintext.
  @inline(__always)
  package static func open(
    _ ciphertext: UnsafeRawBufferPointer, key: borrowing SecretBytes, nonce: UnsafeRawBufferPointer,
    associated: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(SodiumError) {
    guard key.count == keyByteCount, nonce.count == nonceByteCount else { throw .badParameter }
    guard ciphertext.count >= tagByteCount else { throw .authenticationFailed }
    precondition(output.count >= ciphertext.count - tagByteCount)
    var written: UInt64 = 0
    let code = crypto_aead_xchacha20poly1305_ietf_decrypt(
      output.bound, &written, nil, ciphertext.boundOrNil!, UInt64(ciphertext.count), associated.boundOrNil,
      UInt64(associated.count),
      nonce.boundOrNil!, key.pointer)
    guard code == 0 else { throw .authenticationFailed }
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always) var boundOrNil: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeMutableRawBufferPointer {
  @inline(__always) var bound: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
