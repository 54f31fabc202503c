package import Sodium
package import VaultFormat

/// The root key, and the slot that gave it.
package struct UnlockedRoot: ~Copyable, Sendable {
  package let root: SecretBytes
  package let slot: KeySlotID

  init(root: consuming SecretBytes, slot: KeySlotID) {
    self.root = root
    self.slot = slot
  }

  package consuming func takeRoot() -> SecretBytes { root }
}

/// Unlocking, and changes of slots and reviewers. Pure: a change gives the file's next text, one generation on; writing it is Vault's.
extension VaultFile {
  /// Tries the slots of the secret's kind, and then the MAC.
  /// - Throws: `wrongSecret` where none opens, `badParameters` where none opens and one asks for KDF parameters out of range, `damaged`
  ///   where one opens and the MAC is wrong.
  package func unlock(with secret: borrowing SlotSecret) throws(KeysError) -> UnlockedRoot {
    var tried: Set<TriedSlot> = []
    let unlocked = try openSlot(with: secret, except: &tried)
    try requireAuthentic(unlocked.root)
    return unlocked
  }

  /// Whether the MAC is that of the file's bytes under the root key.
  package func isAuthentic(_ root: borrowing SecretBytes) throws(KeysError) -> Bool {
    guard root.count == VaultKeys.rootByteCount else { throw .badParameters }
    let key = try VaultKeys.subkey(.vaultFile, of: root)
    return Sodium.equal(Hash.keyed(key, authenticatedBytes()), mac)
  }

  /// The first file of a new vault, generation 1, with one slot.
  package static func make(
    vault: VaultID, root: borrowing SecretBytes, secret: borrowing SlotSecret, label: String, reviewers: [Reviewer], now: Int64,
    strength: PasswordHash = .moderate
  ) throws(KeysError) -> VaultFile {
    var file = VaultFile(vault: vault, generation: 1, created: now, nextSlot: 1, slots: [], reviewers: reviewers, mac: [])
    _ = try file.append(secret, label: label, now: now, root: root, strength: strength)
    try file.authenticate(root)
    return file
  }

  /// With a slot more.
  /// - Parameter strength: of the passphrase; ignored for every other kind.
  /// - Throws: `badParameters` where 16 slots are there already, or for a label that is none.
  package func adding(
    _ secret: borrowing SlotSecret, label: String, now: Int64, root: borrowing SecretBytes, strength: PasswordHash = .moderate
  ) throws(KeysError) -> (file: VaultFile, slot: KeySlotID) {
    var next = try successor(root)
    let slot = try next.append(secret, label: label, now: now, root: root, strength: strength)
    try next.authenticate(root)
    return (next, slot)
  }

  /// Without the slot. Old copies of the file still open with it.
  /// - Throws: `lastSlot`, `noSuchSlot`.
  package func removing(_ slot: KeySlotID, root: borrowing SecretBytes) throws(KeysError) -> VaultFile {
    guard slots.contains(where: { $0.id == slot }) else { throw .noSuchSlot }
    guard slots.count > 1 else { throw .lastSlot }
    var next = try successor(root)
    next.slots.removeAll { $0.id == slot }
    try next.authenticate(root)
    return next
  }

  /// With a new secret in place of the slot's: a new slot with a new id and the old label. One generation for both.
  /// - Throws: `noSuchSlot`.
  package func changing(
    _ slot: KeySlotID, to secret: borrowing SlotSecret, now: Int64, root: borrowing SecretBytes,
    strength: PasswordHash = .moderate
  ) throws(KeysError) -> (file: VaultFile, slot: KeySlotID) {
    guard let old = slots.first(where: { $0.id == slot }) else { throw .noSuchSlot }
    var next = try successor(root)
    next.slots.removeAll { $0.id == slot }
    let new = try next.append(secret, label: old.label, now: now, root: root, strength: strength)
    try next.authenticate(root)
    return (next, new)
  }

  /// With a reviewer more.
  /// - Throws: `badParameters` where 64 are there already, for one who is there already, or for a key or label that is none.
  package func addingReviewer(_ reviewer: Reviewer, root: borrowing SecretBytes) throws(KeysError) -> VaultFile {
    var next = try successor(root)
    next.reviewers.append(reviewer)
    try next.authenticate(root)
    return next
  }

  /// Without the reviewer; nil where no reviewer has the key.
  package func removingReviewer(publicKey: [UInt8], root: borrowing SecretBytes) throws(KeysError) -> VaultFile? {
    guard reviewers.contains(where: { $0.publicKey == publicKey }) else { return nil }
    var next = try successor(root)
    next.reviewers.removeAll { $0.publicKey == publicKey }
    try next.authenticate(root)
    return next
  }

  func requireAuthentic(_ root: borrowing SecretBytes) throws(KeysError) {
    guard try isAuthentic(root) else { throw .damaged("vault.json: its MAC does not fit") }
  }

  /// The next generation to be changed; never one of a file that is not authentic.
  private func successor(_ root: borrowing SecretBytes) throws(KeysError) -> VaultFile {
    try requireAuthentic(root)
    var next = self
    next.generation += 1
    return next
  }

  private mutating func append(
    _ secret: borrowing SlotSecret, label: String, now: Int64, root: borrowing SecretBytes, strength: PasswordHash
  ) throws(KeysError) -> KeySlotID {
    let salt = secret.kind == .passphrase ? Sodium.randomBytes(KeySlot.saltByteCount) : []
    let nonce = Sodium.randomBytes(AEAD.nonceByteCount)
    return try append(secret, label: label, now: now, root: root, strength: strength, salt: salt, nonce: nonce)
  }

  /// The seam for golden vectors. Opens the new slot with the secret before it counts.
  mutating func append(
    _ secret: borrowing SlotSecret, label: String, now: Int64, root: borrowing SecretBytes, strength: PasswordHash, salt: [UInt8],
    nonce: [UInt8]
  ) throws(KeysError) -> KeySlotID {
    guard slots.count < Self.slotCountMax, Self.isLabel(label), root.count == VaultKeys.rootByteCount else {
      throw .badParameters
    }
    var slot = KeySlot(id: KeySlotID(nextSlot), kind: secret.kind, label: label, created: now, stretching: nil, sealedRoot: [])
    if secret.kind == .passphrase {
      slot.stretching = KeySlot.Stretching(passes: strength.passes, memoryByteCount: strength.memoryByteCount, salt: salt)
    }
    let key = try slot.key(from: secret, vault: vault)
    slot.sealedRoot = slot.seal(root, key: key, vault: vault, suite: suite, nonce: nonce)
    // Tried from the secret on, as the next unlock will: a bit that flipped in between shows here and not then.
    let opened = try slot.open(with: secret, vault: vault, suite: suite)
    let isSame = root.withUnsafeBytes { left in opened.withUnsafeBytes { right in Sodium.equal(left, right) } }
    guard isSame else { throw .authenticationFailed }
    slots.append(slot)
    nextSlot += 1
    return slot.id
  }

  /// Makes the MAC, and refuses what the parser would refuse.
  mutating func authenticate(_ root: borrowing SecretBytes) throws(KeysError) {
    guard reviewers.allSatisfy({ $0.publicKey.count == Reviewer.publicKeyByteCount && Self.isLabel($0.label) }) else {
      throw .badParameters
    }
    let key = try VaultKeys.subkey(.vaultFile, of: root)
    mac = Hash.keyed(key, authenticatedBytes())
    guard let again = try? VaultFile(parsing: encode()), again == self else { throw .badParameters }
  }
}

/// A slot that a secret did not open; the same slot in another copy of the file needs no second try.
struct TriedSlot: Hashable {
  var vault: VaultID
  var suite: Suite
  var slot: KeySlot
}

extension VaultFile {
  /// The first slot of the secret's kind that opens, leaving out those in `tried`, to which the others are added. Looks at no MAC.
  func openSlot(with secret: borrowing SlotSecret, except tried: inout Set<TriedSlot>) throws(KeysError) -> UnlockedRoot {
    var failure = KeysError.wrongSecret
    for slot in slots where slot.kind == secret.kind {
      guard tried.insert(TriedSlot(vault: vault, suite: suite, slot: slot)).inserted else { continue }
      do {
        return UnlockedRoot(root: try slot.open(with: secret, vault: vault, suite: suite), slot: slot.id)
      } catch {
        switch error {
        case .authenticationFailed: continue
        case .badParameters: failure = .badParameters
        default: throw error
        }
      }
    }
    throw failure
  }
}

extension KeySlot {
  func key(from secret: borrowing SlotSecret, vault: VaultID) throws(KeysError) -> SecretBytes {
    if let stretching { return try secret.key(stretching) }
    return try secret.key(vault: vault)
  }

  func seal(_ root: borrowing SecretBytes, key: borrowing SecretBytes, vault: VaultID, suite: Suite, nonce: [UInt8]) -> [UInt8] {
    var sealed = nonce + [UInt8](repeating: 0, count: Self.sealedRootByteCount - nonce.count)
    let associated = associatedData(vault: vault, suite: suite)
    root.withUnsafeBytes { root in
      sealed.withUnsafeMutableBytes { sealed in
        associated.withUnsafeBytes { associated in
          AEAD.seal(
            root, key: key, nonce: UnsafeRawBufferPointer(rebasing: sealed[..<AEAD.nonceByteCount]), associated: associated,
            into: UnsafeMutableRawBufferPointer(rebasing: sealed[AEAD.nonceByteCount...]))
        }
      }
    }
    return sealed
  }

  /// - Throws: `authenticationFailed` where the secret is not the slot's, `badParameters` before anything is computed.
  func open(with secret: borrowing SlotSecret, vault: VaultID, suite: Suite) throws(KeysError) -> SecretBytes {
    let key = try key(from: secret, vault: vault)
    let associated = associatedData(vault: vault, suite: suite)
    var isWhole = false
    let root = try SecretBytes.make(count: VaultKeys.rootByteCount) { output in
      isWhole = sealedRoot.withUnsafeBytes { sealed in
        associated.withUnsafeBytes { associated in
          do {
            try AEAD.open(
              UnsafeRawBufferPointer(rebasing: sealed[AEAD.nonceByteCount...]), key: key,
              nonce: UnsafeRawBufferPointer(rebasing: sealed[..<AEAD.nonceByteCount]), associated: associated, into: output)
            return true
          } catch { return false }
        }
      }
    }
    guard isWhole else { throw .authenticationFailed }
    return root
  }
}

extension SecretBytes {
  fileprivate static func make(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) throws(KeysError) -> SecretBytes {
    do { return try SecretBytes(count: count, filling: fill) } catch { throw KeysError(error) }
  }
}
