/// One way to unlock the vault. Nothing of it is secret.
package struct KeySlotReport: Codable, Sendable, Hashable {
  package var number: UInt64
  /// `passphrase`, `keyfile` or `credential`, as vault.json says.
  package var kind: String
  package var label: String
  package var created: WallTime?

  package init(number: UInt64, kind: String, label: String, created: WallTime?) {
    self.number = number
    self.kind = kind
    self.label = label
    self.created = created
  }
}

/// Somebody who can read the trail. Hex; nothing of it is secret.
package struct ReviewerReport: Codable, Sendable, Hashable {
  package var label: String
  package var publicKey: String
  package var fingerprint: String

  package init(label: String, publicKey: String, fingerprint: String) {
    self.label = label
    self.publicKey = publicKey
    self.fingerprint = fingerprint
  }
}
