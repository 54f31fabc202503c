package import Sodium
package import VaultFormat

/// What someone unlocks with: a passphrase, or the content of a key file or systemd credential.
package struct SlotSecret: ~Copyable, Sendable {
  package static let passphraseByteCountMax = 4096
  package static let keyFileByteCountMin = 32
  package static let keyFileByteCountMax = 1 << 20

  package let kind: KeySlot.Kind
  private let bytes: SecretBytes

  /// - Throws: `badParameters` for an empty passphrase or one over 4 KiB, and for a key file under 32 bytes or over 1 MiB.
  package init(_ kind: KeySlot.Kind, _ bytes: consuming SecretBytes) throws(KeysError) {
    let limits = kind == .passphrase ? 1...Self.passphraseByteCountMax : Self.keyFileByteCountMin...Self.keyFileByteCountMax
    guard limits.contains(bytes.count) else { throw .badParameters }
    self.kind = kind
    self.bytes = bytes
  }

  /// The slot key of a passphrase: Argon2id. Takes a fraction of a second and the memory asked for, on the calling thread.
  borrowing func key(_ stretching: KeySlot.Stretching) throws(KeysError) -> SecretBytes {
    let hash = PasswordHash(passes: stretching.passes, memoryByteCount: stretching.memoryByteCount)
    guard hash.isAcceptable else { throw .badParameters }
    do { return try hash.key(from: bytes, salt: stretching.salt) } catch { throw KeysError(error) }
  }

  /// The slot key of a key file or credential: BLAKE2b-256 over domain ‖ vault ‖ content.
  borrowing func key(vault: VaultID) throws(KeysError) -> SecretBytes {
    var hash = Hash()
    hash.update(Domain.keyFile.bytes)
    hash.update(vault.bytes)
    bytes.withUnsafeBytes { hash.update($0) }
    do { return try hash.finish(secretByteCount: 32) } catch { throw KeysError(error) }
  }
}
