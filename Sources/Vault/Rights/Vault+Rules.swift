import Access
import Catalog
import Keys
import Platform
import Synchronization
package import VaultFormat

/// Rules on disk and in memory. Whether somebody may change them is judged above.
extension Vault {
  package func newRuleID() throws(VaultError) -> RuleID { try numbers.nextRule() }

  package var grants: [Grant] { tree.withLock { Array(rules.grants.values) }.sorted { $0.id < $1.id } }
  package var barriers: [Barrier] { tree.withLock { Array(rules.barriers.values) }.sorted { $0.id < $1.id } }
  package var boundaries: [Boundary] { tree.withLock { Array(rules.boundaries.values) }.sorted { $0.id < $1.id } }

  package func rules(on folder: NodeID) -> [Rule] { tree.withLock { rules.rules(on: folder) } }

  /// Makes the changes, all or none. They are on disk on return, and every operation that begins after it is judged by them.
  /// - Throws: why the commit failed; nothing has changed then.
  package func change(_ edits: [RuleEdit]) throws(VaultError) {
    try changesRefused.check()
    try ruleChanges.withLockThrowing { () throws(VaultError) -> Void in
      tree.withLock {
        for edit in edits {
          switch edit {
          case .add(let rule): committer.rules[rule.key] = .some(rule.encode())
          case .remove(let rule): committer.rules[rule.key] = .some(nil)
          }
        }
      }
      do throws(VaultError) {
        try sync()
      } catch {
        // What was refused must not be committed later.
        tree.withLock {
          for edit in edits { committer.rules[edit.rule.key] = .some(rules.plaintext(of: edit.rule)) }
        }
        throw error
      }
      tree.withLock { for edit in edits { rules.apply(edit) } }
      reloadRights()
    }
  }

  /// Makes the table of rights anew from the rules and the folders above them; always, since a rule that is on disk is in force. Where a
  /// folder cannot be loaded, what was known above it stays.
  /// - Returns: Why folders could not be loaded, if any.
  @discardableResult
  func reloadRights() -> VaultError? {
    var failure: VaultError?
    folderMoves.withLock {
      let (folders, known) = tree.withLock { (rules.folders, rules.parents) }
      var parents: [NodeID: NodeID] = [.root: .none]
      for folder in folders where parents[folder] == nil {
        do throws(VaultError) {
          for node in try chain(to: try node(folder)) where node.id != .root {
            parents[node.id] = tree.withLock { node.record.parent }
          }
        } catch {
          failure = error
          var below = folder
          while parents[below] == nil, let above = known[below] {
            parents[below] = above
            below = above
          }
        }
      }
      tree.withLock {
        rules.parents = parents
        publishRights()
      }
    }
    return failure
  }

  // MARK: Under the tree lock

  /// The rights as of now are what everyone sees from the next check on.
  func publishRights() {
    let generation = rightsGenerationCell.load(ordering: .relaxed) + 1
    rightsTable = RightsTable(
      grants: Array(rules.grants.values), barriers: Array(rules.barriers.values), boundaries: Array(rules.boundaries.values),
      parents: rules.parents, generation: generation)
    rightsGenerationCell.store(generation, ordering: .releasing)
  }

  /// Folders have another parent: rules move with them. `ancestors` are the folders above their new places.
  func folderMoved(_ moved: [Node], ancestors: [Node]) {
    let ruled = moved.filter { rules.parents[$0.id] != nil }
    if !ruled.isEmpty {
      for node in ancestors + ruled where node.id != .root { rules.parents[node.id] = node.record.parent }
      rules.dropUnruledChains()
    }
    // Always: folders beneath may stand as another folder does now.
    publishRights()
  }

  /// A folder is gone, and with it the rules that stood on it. Returns them.
  func dropRules(on folder: Node) -> [Rule] {
    let dropped = rules.rules(on: folder.id)
    guard !dropped.isEmpty else { return [] }
    for rule in dropped {
      rules.apply(.remove(rule))
      committer.rules[rule.key] = .some(nil)
    }
    rules.dropUnruledChains()
    publishRights()
    return dropped
  }
}
