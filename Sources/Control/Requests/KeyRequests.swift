/// A new vault.json for a running mount: key slots were added, removed or changed by a process that holds the root key.
///
/// No secret travels: the slot is sealed already, and the MAC under the root key is the proof that the sender may do it. The mount checks the MAC, that
/// the vault is its own, and that the generation is its own plus one, and does the change in the order of DESIGN §4.
package struct KeyChangeRequest: Codable, Sendable, Hashable {
  /// What was done to the slots.
  package enum Action: String, Codable, Sendable {
    case add, remove, change
  }

  /// What the KEY record will say.
  package var action: Action
  /// The slot that it is about.
  package var slot: UInt64
  /// The whole file, as it is to be on disk.
  package var vaultFile: String

  package init(action: Action, slot: UInt64, vaultFile: String) {
    self.action = action
    self.slot = slot
    self.vaultFile = vaultFile
  }
}

/// A reviewer who is to read every segment that begins from now on.
package struct ReviewerAddRequest: Codable, Sendable, Hashable {
  package var label: String
  /// The line of the reviewer's `.pub` file.
  package var publicKey: String

  package init(label: String, publicKey: String) {
    self.label = label
    self.publicKey = publicKey
  }
}

/// A reviewer who is to read no segment that begins from now on.
package struct ReviewerRetireRequest: Codable, Sendable, Hashable {
  /// The fingerprint, or a label that only one reviewer bears.
  package var reviewer: String

  package init(reviewer: String) { self.reviewer = reviewer }
}
