/// VaultFormat: the bytes on disk ↔ values. No I/O and no keys; one parser per format; docs/format.md has the byte tables.
///
/// *Suite* the set of ciphers a sealed thing names · *domain* the string that keeps two uses of one key apart · *row* a sealed
/// catalog row · *extent* "these bytes of the document are those bytes of that blob" · *blob*, *page*, *pack* sealed content ·
/// *record*, *frame*, *segment*, *mark*, *checkpoint* the trail.
///
/// Numbers are little-endian. A varint is unsigned LEB128 in its shortest form; a signed one is zigzag. For every format
/// `parse(encode(x)) == x`, and `encode(parse(b)) == b` for every `b` that parses: there is one way to write each value.
package enum FormatError: Error, Equatable {
  /// The bytes are not what the format allows; the text says where, without names or content.
  case malformed(String)
  /// A later version of the format, with its number: the vault needs a newer program.
  case newerVersion(UInt64)
}

/// The ciphers of a sealed thing. One byte, in every header and every AAD, so that another suite can stand beside it.
package enum Suite: UInt8, Sendable {
  /// Rows XChaCha20-Poly1305, pages AES-256-GCM, hashes BLAKE2b, passwords Argon2id, boxes X25519, signatures Ed25519.
  case first = 1
}

/// The version of the vault's format, in vault.json. A reader refuses a later one.
package let vaultFormatVersion: UInt64 = 1
