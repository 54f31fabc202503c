package import VaultFormat

/// What `verify` found wrong with one thing, named by kind and id, never by name.
package struct Finding: Hashable, Sendable {
  package enum Kind: String, Sendable, CaseIterable {
    case vaultFile = "vault-file"
    case catalog, row, node, extent, blob, pack, trail, stray
  }

  package enum Severity: String, Sendable {
    /// Bytes are not what was written: exit 14 (13 for the trail).
    case damage
    /// Worth knowing and nothing lost: exit 3.
    case notice
  }

  package let kind: Kind
  package let severity: Severity
  /// Such as `blob 00…ff` or `vault.json`.
  package let subject: String
  /// What is wrong with it.
  package let what: String
  /// The node it belongs to, for showing a path to whoever may see paths.
  package let node: NodeID?

  package init(_ kind: Kind, _ subject: String, _ what: String, severity: Severity = .damage, node: NodeID? = nil) {
    self.kind = kind
    self.severity = severity
    self.subject = subject
    self.what = what
    self.node = node
  }
}

/// How far a verification is.
package struct VerifyProgress: Sendable {
  package enum Phase: String, Sendable, CaseIterable {
    case files, catalog, tree, content, trail
  }

  package var phase: Phase
  /// Of `totalCount` rows or bytes; 0 where the total is not known.
  package var doneCount: UInt64
  package var totalCount: UInt64
}
