import CSodium

/// X25519 sealed boxes (`crypto_box_seal`): anyone can seal to a public key; only its secret key opens; the sealer cannot.
package enum SealedBox {
  package static let publicKeyByteCount = 32
  package static let overheadByteCount = 48

  /// A fresh pair.
  package static func makeKeyPair() throws(SodiumError) -> (publicKey: [UInt8], secretKey: SharedSecret) {
    var publicKey = [UInt8](repeating: 0, count: publicKeyByteCount)
    let secret = try SecretBytes(count: 32) { buffer in
      Sodium.start()
      crypto_box_keypair(&publicKey, buffer.bound!)
    }
    return (publicKey, SharedSecret(secret))
  }

  /// The public key that belongs to a secret key.
  package static func publicKey(of secretKey: borrowing SecretBytes) -> [UInt8] {
    var publicKey = [UInt8](repeating: 0, count: publicKeyByteCount)
    crypto_scalarmult_base(&publicKey, secretKey.pointer)
    return publicKey
  }

  /// message count + 48 bytes.
  /// - Throws: `badParameter` for a public key that is not a point of full order.
  package static func seal(_ message: borrowing SecretBytes, to publicKey: [UInt8]) throws(SodiumError) -> [UInt8] {
    guard publicKey.count == publicKeyByteCount else { throw .badParameter }
    Sodium.start()
    var sealed = [UInt8](repeating: 0, count: message.count + overheadByteCount)
    guard crypto_box_seal(&sealed, message.pointer, UInt64(message.count), publicKey) == 0 else { throw .badParameter }
    return sealed
  }

  package static func open(_ sealed: [UInt8], publicKey: [UInt8], secretKey: borrowing SecretBytes) throws(SodiumError)
    -> SecretBytes
  {
    guard publicKey.count == publicKeyByteCount, secretKey.count == 32 else { throw .badParameter }
    guard sealed.count >= overheadByteCount else { throw .authenticationFailed }
    let secretPointer = secretKey.pointer
    var code: Int32 = 0
    let message = try SecretBytes(count: sealed.count - overheadByteCount) { buffer in
      code = crypto_box_seal_open(buffer.bound!, sealed, UInt64(sealed.count), publicKey, secretPointer)
    }
    guard code == 0 else { throw .authenticationFailed }
    return message
  }
}

/// Ed25519 (`crypto_sign_detached`). A secret is kept as its 32-byte seed.
package enum Signature {
  package static let publicKeyByteCount = 32
  package static let byteCount = 64

  /// The public key of a seed.
  package static func publicKey(ofSeed seed: borrowing SecretBytes) throws(SodiumError) -> [UInt8] {
    guard seed.count == 32 else { throw .badParameter }
    var publicKey = [UInt8](repeating: 0, count: publicKeyByteCount)
    let seedPointer = seed.pointer
    _ = try SecretBytes(count: 64) { crypto_sign_seed_keypair(&publicKey, $0.bound!, seedPointer) }
    return publicKey
  }

  package static func sign(_ message: [UInt8], seed: borrowing SecretBytes) throws(SodiumError) -> [UInt8] {
    guard seed.count == 32 else { throw .badParameter }
    Sodium.start()
    var publicKey = [UInt8](repeating: 0, count: publicKeyByteCount)
    var signature = [UInt8](repeating: 0, count: byteCount)
    let seedPointer = seed.pointer
    let secret = try SecretBytes(count: 64) { crypto_sign_seed_keypair(&publicKey, $0.bound!, seedPointer) }
    crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret.pointer)
    return signature
  }

  package static func verify(_ signature: [UInt8], of message: [UInt8], publicKey: [UInt8]) -> Bool {
    Sodium.start()
    guard signature.count == byteCount, publicKey.count == publicKeyByteCount else { return false }
    return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
  }
}
