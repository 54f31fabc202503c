/// vault.json: what stands in clear beside a vault, so that it can be unlocked. docs/format/vault-file.md.
///
/// The text is JSON that people can read, and canonical: members in fixed order, one a line, two spaces a level, one way to write each
/// value; `encode(parse(b)) == b`. The MAC under the root key covers every byte before its own member, and what follows is fixed.
/// Before unlocking only the structure is known to be right; Keys checks the MAC.
package struct VaultFile: Hashable, Sendable {
  package static let slotCountMax = 16
  package static let reviewerCountMax = 64
  package static let labelByteCountMax = 128
  package static let macByteCount = 32
  /// More than the longest file; readers refuse longer ones.
  package static let byteCountMax = 64 << 10

  package var vault: VaultID
  package var suite: Suite
  /// Raised by each change; never 0.
  package var generation: UInt64
  /// Wall seconds since 1970.
  package var created: Int64
  /// The id of the next slot; ids are never used again.
  package var nextSlot: UInt64
  /// 1…16, by ascending id.
  package var slots: [KeySlot]
  /// At most 64, in the order in which they were added.
  package var reviewers: [Reviewer]
  /// 32 bytes: keyed BLAKE2b-256 over `authenticatedBytes()`.
  package var mac: [UInt8]

  package init(
    vault: VaultID, suite: Suite = .first, generation: UInt64, created: Int64, nextSlot: UInt64, slots: [KeySlot],
    reviewers: [Reviewer], mac: [UInt8]
  ) {
    self.vault = vault
    self.suite = suite
    self.generation = generation
    self.created = created
    self.nextSlot = nextSlot
    self.slots = slots
    self.reviewers = reviewers
    self.mac = mac
  }

  /// Whether the text of a label may stand in the file: at most 128 bytes and no control characters.
  package static func isLabel(_ text: String) -> Bool { text.utf8.count <= labelByteCountMax && CanonicalJSON.isText(text) }
}

/// A key slot, by a number that the vault never uses again.
package struct KeySlotID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: UInt64
  package init(_ value: UInt64) { self.value = value }
  package static func < (left: KeySlotID, right: KeySlotID) -> Bool { left.value < right.value }
  package var description: String { String(value) }
}

/// One way to unlock: the root key, sealed under a key that comes from a secret.
package struct KeySlot: Hashable, Sendable {
  /// Numbers stand in the slot's AAD; never renumbered.
  package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
    case passphrase = 1
    case keyFile = 2
    /// A systemd credential: a key file by another name.
    case credential = 3

    /// As the file and the command line write it.
    package var name: String {
      switch self {
      case .passphrase: "passphrase"
      case .keyFile: "keyfile"
      case .credential: "credential"
      }
    }
  }

  /// Argon2id 1.3 with one lane; how a passphrase becomes the slot key. Not judged here: Keys refuses what is out of range.
  package struct Stretching: Hashable, Sendable {
    package var passes: UInt64
    package var memoryByteCount: UInt64
    /// 16 bytes.
    package var salt: [UInt8]

    package init(passes: UInt64, memoryByteCount: UInt64, salt: [UInt8]) {
      self.passes = passes
      self.memoryByteCount = memoryByteCount
      self.salt = salt
    }
  }

  package static let saltByteCount = 16
  /// nonce (24) ‖ sealed root key (32) ‖ tag (16)
  package static let sealedRootByteCount = 72

  package var id: KeySlotID
  package var kind: Kind
  package var label: String
  /// Wall seconds since 1970.
  package var created: Int64
  /// Of a passphrase; nil for every other kind.
  package var stretching: Stretching?
  package var sealedRoot: [UInt8]

  package init(id: KeySlotID, kind: Kind, label: String, created: Int64, stretching: Stretching?, sealedRoot: [UInt8]) {
    self.id = id
    self.kind = kind
    self.label = label
    self.created = created
    self.stretching = stretching
    self.sealedRoot = sealedRoot
  }

  /// The associated data of `sealedRoot`: domain ‖ suite ‖ vault ‖ slot (u64) ‖ kind (1) ‖ for a passphrase passes (u64), memory (u64),
  /// salt (16).
  package func associatedData(vault: VaultID, suite: Suite) -> [UInt8] {
    var writer = ByteWriter(capacity: 96)
    writer.raw(Domain.keySlot)
    writer.u8(suite.rawValue)
    writer.raw(vault.bytes)
    writer.u64(id.value)
    writer.u8(kind.rawValue)
    if let stretching {
      writer.u64(stretching.passes)
      writer.u64(stretching.memoryByteCount)
      writer.raw(stretching.salt)
    }
    return writer.bytes
  }
}

/// Someone whose secret key reads the trail.
package struct Reviewer: Hashable, Sendable {
  package static let publicKeyByteCount = 32

  /// X25519, 32 bytes.
  package var publicKey: [UInt8]
  package var label: String
  /// Wall seconds since 1970.
  package var added: Int64

  package init(publicKey: [UInt8], label: String, added: Int64) {
    self.publicKey = publicKey
    self.label = label
    self.added = added
  }
}
