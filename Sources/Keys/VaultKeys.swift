import PageCipher
package import Sodium
package import VaultFormat

/// The keys of one unlocked vault. Safe from any thread; wiped when the last owner lets go.
package final class VaultKeys: Sendable {
  package let vault: VaultID
  /// Kept for changes of key slots alone.
  private let root: SecretBytes
  let rows: SecretBytes
  let nameTags: SecretBytes
  let rowDigests: SecretBytes
  let blobWrapping: SecretBytes
  let packDigests: SecretBytes
  let catalogFile: SecretBytes
  /// Sources of numbers that are used once and are no secrets: row nonces and blob ids.
  let numbers = RandomPool()

  /// The key of the trail's marks, 32 bytes; for Trail.
  package let trailMarks: SharedSecret
  /// The key under which `trail/signer` is sealed, 32 bytes; for Trail.
  package let trailSigner: SharedSecret

  /// - Throws: `memoryNotLocked`; `badParameters` unless the root key has 32 bytes.
  package init(vault: VaultID, root: consuming SecretBytes) throws(KeysError) {
    guard root.count == Self.rootByteCount else { throw .badParameters }
    self.vault = vault
    rows = try Self.subkey(.rows, of: root)
    nameTags = try Self.subkey(.nameTags, of: root)
    rowDigests = try Self.subkey(.rowDigests, of: root)
    blobWrapping = try Self.subkey(.blobWrapping, of: root)
    packDigests = try Self.subkey(.packDigests, of: root)
    catalogFile = try Self.subkey(.catalogFile, of: root)
    trailMarks = SharedSecret(try Self.subkey(.trailMarks, of: root))
    trailSigner = SharedSecret(try Self.subkey(.trailSigner, of: root))
    self.root = root
    // So that a machine that cannot lock blob keys says so now, not at the first document.
    try KeyArena.shared.prepare()
    do { try PageCipher.prepare() } catch { throw .memoryNotLocked }
  }

  package static let rootByteCount = 32

  /// A fresh root key for a new vault.
  package static func makeRoot() throws(KeysError) -> SecretBytes {
    try sodium { () throws(SodiumError) in try SecretBytes.random(count: rootByteCount) }
  }

  /// A copy of the root key, for changing vault.json.
  package func rootCopy() throws(KeysError) -> SecretBytes { try sodium { () throws(SodiumError) in try root.copy() } }

  /// A running keyed BLAKE2b-256 over a pack file's bytes from its first on.
  package func packHash() -> Hash { Hash(key: packDigests) }

  /// A running keyed BLAKE2b-256 over the bytes of the catalog's file.
  package func catalogFileHash() -> Hash { Hash(key: catalogFile) }

  static func subkey(_ purpose: Subkey, of root: borrowing SecretBytes) throws(KeysError) -> SecretBytes {
    do { return try KeyDerivation.subkey(of: root, id: purpose.rawValue, context: Domain.rootContext) } catch {
      throw KeysError(error)
    }
  }
}
