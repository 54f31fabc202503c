package import VaultFormat

/// What `verify` found wrong with one thing, named by kind and id, never by name.
package struct Finding: Hashable, Sendable {
  /// Stable, for programs.
  package enum Kind: String, Codable, Sendable, CaseIterable {
    case vaultFile = "vault-file"
    case catalog, row, node, extent, blob, pack, trail, stray
  }

  /// How bad it is.
  package enum Severity: String, Codable, Sendable {
    /// Bytes are not what was written: exit 14 (13 for the trail).
    case damage
    /// Worth knowing and nothing lost: exit 3.
    case notice
  }

  /// What is wrong: stable codes, for programs and for the tables of texts. Each names its arguments.
  package enum Fault: String, Codable, Sendable, CaseIterable {
    // A copy of vault.json.
    /// `generation`
    case copyOlder = "copy-older"
    case copyDiverged = "copy-diverged"
    /// `detail`
    case copyDamaged = "copy-damaged"
    /// `version`
    case copyNewer = "copy-newer"
    case copyMissing = "copy-missing"
    /// `generation`, `needed`
    case fileOlder = "file-older"

    // Files that nothing names.
    case foreignFile = "foreign-file"
    case unnamed
    /// `detail`
    case unlistable
    /// `count`
    case bytesBehind = "bytes-behind"

    // The trail.
    /// `detail`
    case trailBroken = "trail-broken"
    /// `version`
    case trailNewer = "trail-newer"
    case trailMissing = "trail-missing"
    /// `count`
    case trailTorn = "trail-torn"
    case trailUnsigned = "trail-unsigned"

    // The catalog's file and its rows.
    /// `detail`
    case structure
    /// `detail`
    case unreadable
    case otherFile = "other-file"
    case digestsDisagree = "digests-disagree"
    case commitMissing = "commit-missing"
    /// `detail`
    case disagreesWithTrail = "disagrees-with-trail"
    case otherCommit = "other-commit"
    case rowChanged = "row-changed"
    case rowsNotCommitted = "rows-not-committed"

    // The tree.
    case misplaced
    case rootMissing = "root-missing"
    /// `folder`
    case folderMissing = "folder-missing"
    case inNoFolder = "in-no-folder"
    case circle
    /// `count`
    case extentsWithoutDocument = "extents-without-document"
    /// `size`
    case extentsIncomplete = "extents-incomplete"

    // Content.
    /// `detail`
    case contentChanged = "content-changed"
    case contentMissing = "content-missing"
    /// `found`, `expected`
    case wrongLength = "wrong-length"
  }

  package let kind: Kind
  package let severity: Severity
  /// Such as `blob 00…ff` or `vault.json`; never translated.
  package let subject: String
  package let fault: Fault
  /// What stands in the places of the fault's text.
  package let arguments: [String: String]
  /// The node it belongs to, for showing a path to whoever may see paths.
  package let node: NodeID?

  package init(
    _ kind: Kind, _ subject: String, _ fault: Fault, _ arguments: [String: String] = [:], severity: Severity = .damage,
    node: NodeID? = nil
  ) {
    self.kind = kind
    self.severity = severity
    self.subject = subject
    self.fault = fault
    self.arguments = arguments
    self.node = node
  }
}

/// How far a verification is.
package struct VerifyProgress: Hashable, Sendable {
  /// What is being read, in this order.
  package enum Phase: String, Codable, Sendable, CaseIterable {
    case files, trail, catalog, tree, content, packs
  }

  package var phase: Phase
  /// Of `totalCount` rows (`tree`) or bytes (`trail`, `content`, `packs`); the total is 0 where it is not known, and an estimate for rows.
  package var doneCount: UInt64
  package var totalCount: UInt64

  package init(phase: Phase, doneCount: UInt64, totalCount: UInt64) {
    self.phase = phase
    self.doneCount = doneCount
    self.totalCount = totalCount
  }
}
