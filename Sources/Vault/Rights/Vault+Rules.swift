import Access
import Catalog
import Keys
import Platform
package import VaultFormat

/// Rules on disk and in memory. Whether somebody may change them is judged above.
extension Vault {
  package func newRuleID() throws(VaultError) -> RuleID { try numbers.nextRule() }

  package var grants: [Grant] { tree.withLock { rules.grants.all } }
  package var barriers: [Barrier] { tree.withLock { rules.barriers.all } }
  package var boundaries: [Boundary] { tree.withLock { rules.boundaries.all } }

  package var duties: [Duty] { tree.withLock { Array(rules.duties.values) }.sorted { $0.id < $1.id } }

  /// By the grant's number.
  package var suspensions: [RuleID: Suspension] { tree.withLock { rules.suspensions } }
  /// Uses of each grant so far; none of one that was never used.
  package var uses: [RuleID: Use] { tree.withLock { rules.uses }.compactMapValues(\.use) }
  /// Since when uses are counted, wall nanoseconds.
  package var countedSince: Int64 { tree.withLock { rules.countedSince } ?? latestTime() }

  package func rules(on folder: NodeID) -> [Rule] { tree.withLock { rules.rules(on: folder) } }

  /// Makes the changes, all or none. They are on disk on return, and every operation that begins after it is judged by them.
  /// - Throws: why the commit failed; nothing has changed then.
  package func change(_ edits: [RuleEdit]) throws(VaultError) {
    try changesRefused.check()
    try ruleChanges.withLockThrowing { () throws(VaultError) -> Void in
      try recallReviews(for: edits)
      let edits = tree.withLock {
        let edits = rules.withConsequences(edits)
        for edit in edits { committer.rules[edit.key] = .some(edit.plaintext) }
        return edits
      }
      do throws(VaultError) {
        try sync()
      } catch {
        // What was refused must not be committed later.
        tree.withLock {
          for edit in edits { committer.rules[edit.key] = .some(rules.plaintext(of: edit)) }
        }
        throw error
      }
      tree.withLock {
        rules.apply(edits)
        rules.forgetClosedReviews()
      }
      if edits.contains(where: \.changesRights) { reloadRights() }
    }
  }
}
