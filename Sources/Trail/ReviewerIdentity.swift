import Glibc
import Platform
package import Sodium
package import VaultFormat

/// What a caller of reviewer keys must tell apart.
package enum ReviewerError: Error, Equatable {
  /// The file is no reviewer's key; the text says what it lacks.
  case notAKey(String)
  case newerVersion(UInt64)
  /// The passphrase does not open it, or the file was changed.
  case wrongPassphrase
  /// Its password-hash parameters are outside what is accepted.
  case badParameters
  /// Keys cannot be locked in memory, or there is not enough of it for the passphrase.
  case memoryNotLocked
  /// The file cannot be read or made; with its errno.
  case file(Int32)
}

/// A reviewer: the key pair that opens the trail's segments sealed to it. The secret stays in guarded memory.
package struct ReviewerIdentity: Sendable {
  package let key: ReviewerKey
  package let secret: SharedSecret

  package var publicKey: [UInt8] { key.publicKey }

  /// A fresh key pair.
  /// - Throws: `notAKey` for a label that a public key file cannot hold.
  package static func make(label: String) throws(ReviewerError) -> ReviewerIdentity {
    let pair: (publicKey: [UInt8], secretKey: SharedSecret)
    do throws(SodiumError) { pair = try SealedBox.makeKeyPair() } catch { throw .memoryNotLocked }
    guard let key = ReviewerKey(publicKey: pair.publicKey, label: label) else { throw .notAKey("label") }
    return ReviewerIdentity(key: key, secret: pair.secretKey)
  }

  /// Writes the identity to `path` (0600), sealed under the passphrase, and the public key to `path.pub` (0644); on disk on return.
  /// Neither may exist. Takes about a second with the moderate parameters.
  package func save(
    to path: String, passphrase: borrowing SecretBytes, parameters: PasswordHash = .moderate
  ) throws(ReviewerError) {
    let text = try seal(passphrase: passphrase, parameters: parameters).encode()
    try Self.make(path, text, mode: 0o600)
    try Self.make(path + ".pub", key.encode(), mode: 0o644)
  }

  /// The file's content.
  package func seal(passphrase: borrowing SecretBytes, parameters: PasswordHash) throws(ReviewerError) -> IdentityFile {
    let salt = Sodium.randomBytes(PasswordHash.saltByteCount)
    let nonce = Sodium.randomBytes(AEAD.nonceByteCount)
    var file = IdentityFile(
      key: key, passes: parameters.passes, memoryByteCount: parameters.memoryByteCount, salt: salt, sealed: [])
    var sealed = [UInt8](repeating: 0, count: 32 + AEAD.tagByteCount)
    let associated = file.associated
    do throws(SodiumError) {
      let wrapping = try parameters.key(from: passphrase, salt: salt)
      secret.bytes.withUnsafeBytes { secret in
        nonce.withUnsafeBytes { nonce in
          associated.withUnsafeBytes { associated in
            sealed.withUnsafeMutableBytes { AEAD.seal(secret, key: wrapping, nonce: nonce, associated: associated, into: $0) }
          }
        }
      }
    } catch { throw ReviewerError(error) }
    file.sealed = nonce + sealed
    return file
  }

  /// Reads and opens an identity file.
  package static func load(from path: String, passphrase: borrowing SecretBytes) throws(ReviewerError) -> ReviewerIdentity {
    try open(try readFile(path), passphrase: passphrase)
  }

  /// Reads an identity file without opening it.
  package static func readFile(_ path: String) throws(ReviewerError) -> IdentityFile {
    let text = try read(path)
    do throws(FormatError) { return try IdentityFile(parsing: text) } catch { throw ReviewerError(error) }
  }

  package static func open(_ file: IdentityFile, passphrase: borrowing SecretBytes) throws(ReviewerError) -> ReviewerIdentity {
    let parameters = PasswordHash(passes: file.passes, memoryByteCount: file.memoryByteCount)
    guard parameters.isAcceptable else { throw .badParameters }
    let associated = file.associated
    let secret: SharedSecret
    do throws(SodiumError) {
      let wrapping = try parameters.key(from: passphrase, salt: file.salt)
      var failure: SodiumError?
      let bytes = try SecretBytes(count: 32) { output in
        file.sealed.withUnsafeBytes { sealed in
          associated.withUnsafeBytes { associated in
            let nonce = UnsafeRawBufferPointer(rebasing: sealed[..<AEAD.nonceByteCount])
            let ciphertext = UnsafeRawBufferPointer(rebasing: sealed[AEAD.nonceByteCount...])
            do throws(SodiumError) {
              try AEAD.open(ciphertext, key: wrapping, nonce: nonce, associated: associated, into: output)
            } catch { failure = error }
          }
        }
      }
      if let failure { throw failure }
      secret = SharedSecret(bytes)
    } catch { throw ReviewerError(error) }
    guard SealedBox.publicKey(of: secret.bytes) == file.key.publicKey else { throw .notAKey("the public key is another's") }
    return ReviewerIdentity(key: file.key, secret: secret)
  }

  /// Reads a `.pub` file.
  package static func readPublicKey(_ path: String) throws(ReviewerError) -> ReviewerKey {
    let text = try read(path)
    do throws(FormatError) { return try ReviewerKey(parsing: text) } catch { throw ReviewerError(error) }
  }

  private static func read(_ path: String) throws(ReviewerError) -> String {
    let bytes: [UInt8]
    do throws(SystemError) {
      bytes = try File(path, O_RDONLY).readAll(limit: IdentityFile.byteCountMax)
    } catch {
      if error.code == EFBIG { throw .notAKey("too long") }
      throw .file(error.code)
    }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .notAKey("not text") }
    return text
  }

  private static func make(_ path: String, _ text: String, mode: mode_t) throws(ReviewerError) {
    do throws(SystemError) {
      let file = try File(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
      try file.write(Array(text.utf8), at: 0)
      try file.sync()
      try Files.syncFolder(Files.folder(of: path))
    } catch { throw .file(error.code) }
  }
}

extension ReviewerError {
  fileprivate init(_ error: SodiumError) {
    switch error {
    case .authenticationFailed: self = .wrongPassphrase
    case .memoryNotLocked: self = .memoryNotLocked
    case .badParameter: self = .badParameters
    }
  }

  fileprivate init(_ error: FormatError) {
    switch error {
    case .malformed(let text): self = .notAKey(text)
    case .newerVersion(let version): self = .newerVersion(version)
    }
  }
}
