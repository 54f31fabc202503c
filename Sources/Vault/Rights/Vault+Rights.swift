import Access
import Catalog
import Keys
import Platform
import Synchronization
import VaultFormat

/// The table of rights: made from the rules and the folders above them outside the tree lock, since that takes 40 ms for 120,000 grants,
/// and published under it, in the same instant as the change that it belongs to.
extension Vault {
  /// Makes the table anew after a change of rules; always, since a rule that is on disk is in force. Where a folder cannot be loaded, what
  /// was known above it stays.
  /// - Returns: Why folders could not be loaded, if any.
  @discardableResult
  func reloadRights() -> VaultError? {
    folderMoves.withLock {
      while true {
        let (plan, failure) = planRights()
        if tree.withLock({ publish(plan) }) { return failure }
      }
    }
  }

  /// What the table will be once folders have moved and rules have gone. For the caller to publish together with that, or to plan anew where
  /// rules have changed meanwhile.
  ///
  /// - Parameters:
  ///   - moves: folders with their new parents.
  ///   - leaving: a folder that goes, with the rules that stand on it.
  func planRights(moving moves: [(folder: Node, to: NodeID)] = [], leaving: NodeID? = nil) -> (
    plan: RightsPlan, failure: VaultError?
  ) {
    let (now, table) = tree.withLock { (rules, rightsTable) }
    let dropped = leaving.map { now.rules(on: $0) } ?? []
    let isReload = moves.isEmpty && leaving == nil
    if !isReload, dropped.isEmpty, !moves.contains(where: { now.parents[$0.folder.id] != nil }) {
      // No rule moves or goes: only what was remembered of who stands beneath which is void.
      return (RightsPlan(version: now.version, dropped: [], parents: nil, table: moves.isEmpty ? nil : table), nil)
    }
    var known = now.parents
    for move in moves { known[move.folder.id] = move.to }
    var after = now
    for edit in after.withConsequences(dropped.map { .remove($0) }) { after.apply(edit) }
    let (parents, failure) = parents(of: after, known: known)
    let fresh = RightsTable(
      grants: Array(after.grants.values), barriers: Array(after.barriers.values), boundaries: Array(after.boundaries.values),
      suspensions: after.suspensions, uses: after.uses, parents: parents, generation: 0)
    return (RightsPlan(version: now.version, dropped: dropped, parents: parents, table: fresh), failure)
  }

  /// The parent of every folder that carries a rule, and of all its ancestors; loads the folders whose parent is not known.
  private func parents(of rules: RuleSet, known: [NodeID: NodeID]) -> (parents: [NodeID: NodeID], failure: VaultError?) {
    var parents: [NodeID: NodeID] = [.root: .none]
    var failure: VaultError?
    for folder in rules.folders {
      var below = folder
      do throws(VaultError) {
        while parents[below] == nil {
          let above: NodeID
          if let parent = known[below] {
            above = parent
          } else {
            let node = try node(below)
            above = tree.withLock { node.record.parent }
          }
          parents[below] = above
          below = above
        }
      } catch { failure = error }
    }
    return (parents, failure)
  }

  // MARK: Under the tree lock

  /// The planned rights are what everyone sees from the next check on. False, with nothing done, where rules have changed since the plan.
  func publish(_ plan: RightsPlan) -> Bool {
    guard rules.version == plan.version else { return false }
    for edit in rules.withConsequences(plan.dropped.map { .remove($0) }) {
      rules.apply(edit)
      committer.rules[edit.key] = .some(nil)
    }
    if let parents = plan.parents { rules.parents = parents }
    guard let table = plan.table else { return true }
    let generation = rightsGenerationCell.load(ordering: .relaxed) + 1
    rightsTable = table.renumbered(generation)
    rightsGenerationCell.store(generation, ordering: .releasing)
    return true
  }
}

/// Rights as they will be after a change, and of which rules that was made.
struct RightsPlan {
  let version: UInt64
  /// Rules that go with their folder.
  let dropped: [Rule]
  /// Nil where they stay.
  let parents: [NodeID: NodeID]?
  /// Nil where nobody's rights are another's anywhere; the present table where only folders without rules moved.
  let table: RightsTable?
}
