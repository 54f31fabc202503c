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
    if !dropped.isEmpty { after.apply(after.withConsequences(dropped.map { .remove($0) })) }
    let (parents, failure) = parents(of: after.folders, known: known)
    let fresh = RightsTable(
      grants: after.grants.all, barriers: after.barriers.all, boundaries: after.boundaries.all,
      suspensions: after.suspensions, uses: after.uses, parents: parents, generation: 0)
    return (RightsPlan(version: now.version, dropped: dropped, parents: parents, table: fresh), failure)
  }

  // MARK: Folders above rules

  /// The parent of every folder that carries a rule, and of all its ancestors; loads the folders whose parent is not known, level by level.
  private func parents(of folders: some Collection<NodeID>, known: [NodeID: NodeID]) -> (
    parents: [NodeID: NodeID], failure: VaultError?
  ) {
    var parents: [NodeID: NodeID] = [.root: .none]
    parents.reserveCapacity(folders.count)
    var failure: VaultError?
    var level = Array(folders)
    while !level.isEmpty {
      var unknown: [NodeID] = []
      var above: Set<NodeID> = []
      for var folder in level {
        while parents[folder] == nil {
          guard let parent = known[folder] else {
            unknown.append(folder)
            break
          }
          parents[folder] = parent
          folder = parent
        }
      }
      unknown.sort()
      for chunk in unknown.chunks(of: Self.folderCountOfChunk) {
        for (folder, parent) in load(parentsOf: chunk, &failure) where parents.updateValue(parent, forKey: folder) == nil {
          if parents[parent] == nil { above.insert(parent) }
        }
      }
      level = Array(above)
    }
    return (parents, failure)
  }

  /// So many folders are read in one transaction of a reader.
  private static let folderCountOfChunk = 1024

  /// The parents of folders, in order of number: of those in memory from there, of the others from the catalog, without bringing them into
  /// memory, since nobody has asked for them. Leaves out those that cannot be loaded, and says why.
  private func load(parentsOf folders: ArraySlice<NodeID>, _ failure: inout VaultError?) -> [(folder: NodeID, parent: NodeID)] {
    var found: [(folder: NodeID, parent: NodeID)] = []
    found.reserveCapacity(folders.count)
    let epoch = committer.epoch
    var absent: [NodeID] = []
    tree.withLock {
      for folder in folders {
        if let node = table[folder] { found.append((folder, node.record.parent)) } else { absent.append(folder) }
      }
    }
    var read: [(folder: NodeID, parent: NodeID)] = []
    do throws(VaultError) {
      let rows: [SealedRow]
      do throws(CatalogError) { rows = try catalog.nodes(absent) } catch { throw VaultError(error) }
      read.reserveCapacity(rows.count)
      var checked: UInt64?
      for row in rows {
        let id = NodeID(row.key.first)
        let bucket = CatalogBuckets.bucket(of: id)
        if bucket != checked { try ledger.check(bucket, in: catalog, keys: keys) }
        checked = bucket
        read.append((id, try placedRecord(from: row).parent))
      }
    } catch { failure = error }
    // What memory says by now counts more: a folder may have moved, and a commit may have made the row an old one.
    let isCurrent = tree.withLock {
      guard committer.epoch == epoch else { return false }
      return !read.contains { table[$0.folder] != nil || table.isRemoved($0.folder) }
    }
    guard isCurrent, read.count == absent.count else {
      for folder in absent { loadAlone(folder, &found, &failure) }
      return found
    }
    return found + read
  }

  private func loadAlone(_ folder: NodeID, _ found: inout [(folder: NodeID, parent: NodeID)], _ failure: inout VaultError?) {
    do throws(VaultError) {
      let node = try node(folder)
      found.append((folder, tree.withLock { node.record.parent }))
    } catch { failure = error }
  }

  // MARK: Under the tree lock

  /// The planned rights are what everyone sees from the next check on. False, with nothing done, where rules have changed since the plan.
  func publish(_ plan: RightsPlan) -> Bool {
    guard rules.version == plan.version else { return false }
    if !plan.dropped.isEmpty {
      let edits = rules.withConsequences(plan.dropped.map { .remove($0) })
      rules.apply(edits)
      for edit in edits { committer.rules[edit.key] = .some(nil) }
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

extension Array {
  /// One after the other, each of `count` but for the last.
  fileprivate func chunks(of count: Int) -> some Sequence<ArraySlice<Element>> {
    stride(from: 0, to: self.count, by: count).lazy.map { self[$0..<Swift.min($0 + count, self.count)] }
  }
}
