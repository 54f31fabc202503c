import Access
import Catalog
import Keys
import Platform
package import VaultFormat

/// Listing folders: the catalog's rows in order of node number, with memory's word over them.
extension Vault {
  /// The children of `folder` with numbers above `after`, in order of number, at most about `limit`; empty at the end.
  ///
  /// A child that is there all the while is listed exactly once; one that comes, goes or moves meanwhile may or may not be.
  package func children(of folder: Node, after: NodeID, limit: Int) throws(VaultError) -> [Node] {
    var cursor = after
    while true {
      let touched = touchedChildren(of: folder)
      let epoch = committer.epoch
      let rows: [SealedRow]
      let isStored = tree.withLock { folder.stored != nil }
      if !isStored {
        rows = []
      } else {
        do throws(CatalogError) {
          rows = try catalog.children(of: folder.id, after: cursor, limit: limit)
        } catch { throw VaultError(error) }
      }
      var found: [Node] = []
      for row in rows where !touched.ids.contains(NodeID(row.key.first)) {
        if let node = try known(row, epoch: epoch), tree.withLock({ node.record.parent == folder.id && !node.isRemoved }) {
          found.append(node)
        }
      }
      // Memory's children up to where the catalog's page ends; all of them on its last page.
      let isLast = rows.count < limit
      let horizon = rows.last.map { NodeID($0.key.first) } ?? .greatest
      found += touched.present.filter { $0.id > cursor && (isLast || $0.id <= horizon) }
      found.sort { $0.id < $1.id }
      // The end of a listing says that there is no more.
      if isLast, isStored { try census.require() }
      if !found.isEmpty || isLast { return found }
      cursor = horizon
    }
  }

  /// Whether `folder` has any child.
  package func isEmpty(_ folder: Node) throws(VaultError) -> Bool { try children(of: folder, after: .none, limit: 64).isEmpty }

  private func known(_ row: SealedRow, epoch: UInt64) throws(VaultError) -> Node? {
    let id = NodeID(row.key.first)
    if let node = tree.withLock({ table[id] }) { return node }
    if let node = try adopt(row, epoch: epoch) { return node }
    do throws(VaultError) {
      return try node(id)
    } catch {
      if case .gone = error { return nil }
      throw error
    }
  }

  private func touchedChildren(of folder: Node) -> (ids: Set<NodeID>, present: [Node]) {
    tree.withLock {
      let ids = table.touchedChildren(of: folder.id)
      return (ids, ids.compactMap { table[$0] }.filter { $0.record.parent == folder.id && !$0.isRemoved })
    }
  }
}
