/// Keys: what a vault's root key makes possible: rows, names and blobs sealed and opened, and the key slots that give the root key.
///
/// *Root key* 32 random bytes, the vault's one secret · *subkey* derived from it for one purpose (`VaultFormat.Subkey`) · *slot* one way to
/// the root key, in vault.json: the root key sealed under the *slot key*, which comes from a passphrase, a key file or a systemd
/// credential (the *slot secret*) · *blob key* 32 random bytes for one blob, kept *wrapped* (sealed) under a numbered wrapping key.
///
/// Keys lie in guarded memory: locked, left out of core dumps, wiped. What leaves it: the expanded page key inside the cipher's contexts
/// (locked too; see PageCipher), and what libsodium keeps on its stack during a call. docs/format/keys.md has the bytes.
import PageCipher
import Sodium
import VaultFormat

package enum KeysError: Error, Equatable {
  /// The bytes are not what was sealed under this key for this place; one error, whatever failed.
  case authenticationFailed
  /// No slot of the fitting kind opens with the secret.
  case wrongSecret
  /// KDF parameters outside [interactive … 1 GiB, 10 passes]; a passphrase, key file, label or list outside its limits.
  case badParameters
  /// Keys cannot be locked in memory (RLIMIT_MEMLOCK): the program must refuse to start.
  case memoryNotLocked
  /// The text says what is damaged, without names or content.
  case damaged(String)
  /// A later version of the format, with its number: the vault needs a newer program.
  case newerVersion(UInt64)
  /// The slot is the only one left, so it cannot go.
  case lastSlot
  case noSuchSlot

  init(_ error: SodiumError) {
    switch error {
    case .authenticationFailed: self = .authenticationFailed
    case .memoryNotLocked: self = .memoryNotLocked
    case .badParameter: self = .badParameters
    }
  }

  init(_ error: FormatError) {
    switch error {
    case .malformed(let what): self = .damaged(what)
    case .newerVersion(let number): self = .newerVersion(number)
    }
  }
}

/// Runs calls of Sodium and gives their errors as those of this part.
@inline(__always)
func sodium<Result: ~Copyable>(_ body: () throws(SodiumError) -> Result) throws(KeysError) -> Result {
  do { return try body() } catch { throw KeysError(error) }
}
