/// Sodium: libsodium 1.0.18 in Swift types. Knows no vault.
///
/// *Secret bytes* guarded, locked, wiped memory · *AEAD* XChaCha20-Poly1305-IETF with a caller's nonce · *stream* `secretstream`, a
/// chain of sealed messages · *sealed box* a message to a public key from nobody · *signature* Ed25519 · *hash* BLAKE2b, keyed or not.
///
/// All calls are safe from any thread once `Sodium.start()` has returned. A failed authentication is one error, whatever failed.
import CSodium

package enum SodiumError: Error, Equatable {
  /// The ciphertext, the key or the associated data is not what was sealed.
  case authenticationFailed
  /// Keys cannot be locked in memory (RLIMIT_MEMLOCK, or no memory).
  case memoryNotLocked
  /// A key, nonce, salt or signature of the wrong length, or password-hash parameters that libsodium refuses.
  case badParameter
}

package enum Sodium {
  private static let started: Bool = sodium_init() >= 0

  /// Prepares libsodium; cheap to call again. Traps if the library cannot find randomness, since nothing may go on then.
  @inline(__always)
  package static func start() { precondition(started, "libsodium could not start") }

  package static func fillRandom(_ buffer: UnsafeMutableRawBufferPointer) {
    start()
    guard buffer.count > 0 else { return }
    randombytes_buf(buffer.baseAddress!, buffer.count)
  }

  package static func randomBytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      fillRandom(UnsafeMutableRawBufferPointer(buffer))
      used = count
    }
  }

  /// Compares without telling by its time where the first difference is. Lengths are not secret.
  package static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.count == right.count && (left.count == 0 || sodium_memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
  }

  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.withUnsafeBytes { left in right.withUnsafeBytes { right in equal(left, right) } }
  }
}
