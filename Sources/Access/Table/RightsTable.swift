package import VaultFormat

/// All rules of a vault at one moment, indexed for asking. Immutable: any number of threads may ask at once.
///
/// Made anew at each change of rules, outside any lock (40 ms for 120,000 grants). An operation of the mount asks a `SubjectView`, made once
/// for each subject.
package final class RightsTable: Sendable {
  /// Differs between any two tables of one mount.
  package let generation: UInt64
  package let grants: [Grant]
  package let barriers: [Barrier]
  package let boundaries: [Boundary]
  /// Grants that a review ends, by number.
  package let suspensions: [RuleID: Suspension]
  /// Where uses of a grant are counted, by number.
  let uses: [RuleID: GrantUse]

  let tree: AnchorTree
  let index: RuleIndex
  /// The same in tables of the same rules in the same places, whatever their generation.
  private let contents: RightsContents

  /// - Parameter parents: the parent of every folder that carries a rule and of all its ancestors; the root's is `.none`. These folders
  ///   are the anchors. A rule on a folder without an unbroken chain to the root counts nowhere (`strayRules`).
  package init(
    grants: [Grant], barriers: [Barrier], boundaries: [Boundary], suspensions: [RuleID: Suspension] = [:],
    uses: [RuleID: GrantUse] = [:], parents: [NodeID: NodeID], generation: UInt64
  ) {
    self.generation = generation
    self.grants = grants
    self.barriers = barriers
    self.boundaries = boundaries
    self.suspensions = suspensions
    self.uses = uses
    tree = AnchorTree(parents: parents)
    index = RuleIndex(tree: tree, grants: grants, barriers: barriers, boundaries: boundaries, suspensions: suspensions)
    contents = RightsContents()
  }

  private init(_ other: RightsTable, generation: UInt64) {
    self.generation = generation
    grants = other.grants
    barriers = other.barriers
    boundaries = other.boundaries
    suspensions = other.suspensions
    uses = other.uses
    tree = other.tree
    index = other.index
    contents = other.contents
  }

  /// The same rules under another generation: for when folders without rules have moved, so that what was remembered by the old one is
  /// void. A few references, whatever the size.
  package func renumbered(_ generation: UInt64) -> RightsTable { RightsTable(self, generation: generation) }

  /// Whether both were made from one table by `renumbered`: a view of one is then a view of the other.
  @inline(__always)
  package func hasSameRules(as other: RightsTable) -> Bool { contents === other.contents }

  /// Rules on folders that have no chain to the root: damage, or a mistake of the caller. They count nowhere.
  package var strayRules: [RuleID] { index.stray }

  /// Whether the folder carries a rule or has one beneath it (so that a move of it moves rules). Every other folder stands as its nearest
  /// anchor above does, and shows nothing beneath by itself.
  package func isAnchor(_ folder: NodeID) -> Bool { tree.index(of: folder) != nil }

  /// All standings of a subject, to be kept until `generation`, the subject, or the time (`SubjectView.isValid(at:)`) changes.
  /// Reads the rules about the subject and nothing else.
  package func view(for subject: Subject, now: Int64) -> SubjectView { SubjectView(of: self, for: subject, now: now) }

  /// For one question; whoever asks again keeps a view. `Standing.nothing` for a folder that is no anchor.
  package func standing(of subject: Subject, at anchor: NodeID, now: Int64) -> Standing {
    view(for: subject, now: now).standing(at: anchor)
  }

  /// Anchors directly beneath that are visible, by id.
  package func visibleChildren(of anchor: NodeID, for subject: Subject, now: Int64) -> [NodeID] {
    view(for: subject, now: now).visibleChildren(of: anchor)
  }
}

/// Stands for the rules of a table: compared by identity.
private final class RightsContents: Sendable {}
