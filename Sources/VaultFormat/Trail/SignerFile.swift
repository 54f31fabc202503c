/// `trail/signer`: the secret seeds that sign the next checkpoint (and the one after, while a checkpoint is being made), sealed under
/// the root's subkey `trailSigner`. This file knows the layout; only Trail ever holds the content, in guarded memory.
///
/// File: magic (8) ‖ version (1) ‖ suite (1) ‖ nonce (24) ‖ ciphertext of the content (232) ‖ tag (16). 282 bytes.
/// Associated data: domain trailSigner ‖ vault ‖ the first 10 bytes of the file.
package enum SignerFile {
  package static let magic: [UInt8] = Array("SRSIGNER".utf8)
  package static let version: UInt8 = 1
  package static let prefixByteCount = 10
  package static let nonceByteCount = 24
  package static let byteCount = prefixByteCount + nonceByteCount + Content.byteCount + 16

  /// The content's layout. All numbers u64.
  package enum Content {
    package static let byteCount = 232
    /// The epoch of the present seed: the next checkpoint to be signed, or the one being made.
    package static let epoch = 0
    /// The present seed (32).
    package static let seed = 8
    /// 1 while a next seed stands in the file, else 0.
    package static let hasNext = 40
    /// The next seed (32), zeros for none.
    package static let nextSeed = 48
    /// The last checkpoint that was on disk when this was written: 1 or 0, its segment, sequence, the chain's head after it, its hash.
    package static let hasLast = 80
    package static let lastSegment = 88
    package static let lastSequence = 96
    package static let lastHead = 104
    package static let lastHash = 136
    /// Sealed records and marks up to and with it.
    package static let recordCount = 168
    package static let markCount = 176
    /// Its segment's length at the end of its frame.
    package static let lastByteCount = 184
    /// Its latest mark: segment, sequence, commit.
    package static let markSegment = 192
    package static let markSequence = 200
    package static let markCommit = 208
    /// Boot clock, and 1 when it was a closing one.
    package static let lastBoot = 216
    package static let lastIsClosing = 224
  }

  package static var prefix: [UInt8] { magic + [version, Suite.first.rawValue] }

  package static func associated(vault: VaultID) -> [UInt8] { Domain.trailSigner.bytes + vault.bytes + prefix }

  /// Splits a file. - Throws: `FormatError` unless magic, version, suite and length are right.
  package static func parse(_ bytes: [UInt8]) throws(FormatError) -> (nonce: [UInt8], sealed: [UInt8]) {
    var reader = ByteReader(bytes)
    guard try reader.raw(8).elementsEqual(magic) else { throw .malformed("not a signer file") }
    let version = try reader.u8()
    guard version <= Self.version else { throw .newerVersion(UInt64(version)) }
    guard version == Self.version else { throw .malformed("signer version") }
    let suite = try reader.u8()
    guard suite <= Suite.first.rawValue else { throw .newerVersion(UInt64(suite)) }
    guard suite == Suite.first.rawValue else { throw .malformed("signer suite") }
    let nonce = Array(try reader.raw(nonceByteCount))
    let sealed = Array(try reader.raw(Content.byteCount + 16))
    try reader.end()
    return (nonce, sealed)
  }

  package static func encode(nonce: [UInt8], sealed: [UInt8]) -> [UInt8] {
    precondition(nonce.count == nonceByteCount && sealed.count == Content.byteCount + 16)
    return prefix + nonce + sealed
  }
}
