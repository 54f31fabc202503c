import Access
import Catalog
import Keys
import Platform
package import VaultFormat

/// Listing folders: the catalog's rows in order of node number, with memory's word over them; what was listed is kept while it stays true.
extension Vault {
  /// Children of `folder` with numbers above `after`, in order of number, at most about `limit`; empty at the end. The page may begin with
  /// children up to `after`, which `ChildPage.forEach` leaves out.
  ///
  /// A child that is there all the while is listed exactly once; one that comes, goes or moves meanwhile may or may not be.
  package func children(of folder: Node, after: NodeID, limit: Int) throws(VaultError) -> ChildPage {
    var cursor = after
    while true {
      switch tree.withLock({ table.listings.find(folder.id, after: cursor) }) {
      case .page(let page): return page
      case .end: return ChildPage(capacity: 0)
      case .unknown: break
      }
      let (page, horizon) = try readChildren(of: folder, after: cursor, limit: limit)
      guard page.isEmpty, let horizon else { return page }
      cursor = horizon
    }
  }

  /// Whether `folder` has any child.
  package func isEmpty(_ folder: Node) throws(VaultError) -> Bool { try children(of: folder, after: .none, limit: 64).isEmpty }

  /// One page, and where the catalog's part of it ends; nil at the end.
  private func readChildren(
    of folder: Node, after: NodeID, limit: Int
  ) throws(VaultError) -> (page: ChildPage, horizon: NodeID?) {
    let begun = beginListing(folder)
    let epoch = committer.epoch
    var rows: [SealedRow] = []
    if begun.isStored {
      do throws(CatalogError) {
        rows = try catalog.children(of: folder.id, after: after, limit: limit)
      } catch { throw VaultError(error) }
    }
    let isLast = rows.count < limit
    let horizon = isLast ? nil : rows.last.map { NodeID($0.key.first) }
    var found = try children(from: rows, of: folder, without: begun.touched, room: begun.room, epoch: epoch)
    // Memory's children up to where the catalog's page ends; all of them on its last page.
    let present = begun.present.filter { $0.id > after && $0.id <= horizon ?? .greatest }
    if !present.isEmpty {
      found += present
      found.sort { $0.id < $1.id }
    }
    var page = ChildPage(capacity: found.count)
    for child in found { page.append(child.id, child.kind, child.name) }
    // The end of a listing says that there is no more.
    if isLast, begun.isStored { try census.require() }
    tree.withLock {
      guard folder.childChanges == begun.childChanges, !folder.isRemoved, table[folder.id] === folder else { return }
      table.listings.add(page, to: folder.id, after: after, isLast: isLast)
    }
    return (page, horizon)
  }

  /// What memory says of a folder's children before its rows are read.
  private struct ListingBegin {
    let childChanges: UInt64
    let isStored: Bool
    /// Children for which memory, not the catalog, has the word, and those of them that are there.
    let touched: Set<NodeID>
    let present: [ListedChild]
    /// How many nodes may come into memory without others having to go: what is listed is mostly asked for next.
    let room: Int
  }

  private struct ListedChild {
    let id: NodeID
    let kind: NodeRecord.Kind
    let name: Name
  }

  private func beginListing(_ folder: Node) -> ListingBegin {
    tree.withLock {
      let touched = table.touchedChildren(of: folder.id)
      let present = touched.compactMap { id in
        table[id].flatMap { $0.record.parent == folder.id && !$0.isRemoved ? $0 : nil }
      }
      return ListingBegin(
        childChanges: folder.childChanges, isStored: folder.stored != nil, touched: touched,
        present: present.map { ListedChild(id: $0.id, kind: $0.kind, name: $0.record.name) }, room: table.limit - table.count)
    }
  }

  /// The children in rows that were read when `epoch` was. One turn on the tree's lock before rows are opened, and one after.
  private func children(
    from rows: [SealedRow], of folder: Node, without touched: Set<NodeID>, room: Int, epoch: UInt64
  ) throws(VaultError) -> [ListedChild] {
    var inMemory = [Bool](repeating: false, count: rows.count)
    tree.withLock { for index in rows.indices { inMemory[index] = table[NodeID(rows[index].key.first)] != nil } }
    var nodes: [Node] = []
    var records: [(kind: NodeRecord.Kind, name: Name)?] = []
    records.reserveCapacity(rows.count)
    // Neighbouring children lie in few buckets.
    var checked: UInt64?
    for (row, isKnown) in zip(rows, inMemory) {
      let id = NodeID(row.key.first)
      guard !isKnown, !touched.contains(id) else {
        records.append(nil)
        continue
      }
      let bucket = CatalogBuckets.bucket(of: id)
      if bucket != checked {
        try ledger.check(bucket, in: catalog, keys: keys)
        checked = bucket
      }
      if nodes.count < room {
        let node = try open(row)
        records.append((node.kind, node.record.name))
        nodes.append(node)
      } else {
        let record = try placedRecord(from: row)
        records.append((record.kind, record.name))
      }
    }
    return try settle(rows, records, nodes, of: folder, without: touched, epoch: epoch)
  }

  /// Memory's word over what was read, and what was read into memory.
  private func settle(
    _ rows: [SealedRow], _ records: [(kind: NodeRecord.Kind, name: Name)?], _ nodes: [Node], of folder: Node,
    without touched: Set<NodeID>, epoch: UInt64
  ) throws(VaultError) -> [ListedChild] {
    var found: [ListedChild] = []
    found.reserveCapacity(rows.count)
    var unsure: [NodeID] = []
    tree.withLock {
      let isCurrent = committer.epoch == epoch
      for (row, record) in zip(rows, records) {
        let id = NodeID(row.key.first)
        guard !touched.contains(id) else { continue }
        if let node = table[id] {
          if node.record.parent == folder.id, !node.isRemoved {
            found.append(ListedChild(id: id, kind: node.kind, name: node.record.name))
          }
        } else if isCurrent, let record {
          if !table.isRemoved(id) { found.append(ListedChild(id: id, kind: record.kind, name: record.name)) }
        } else {
          unsure.append(id)
        }
      }
      guard isCurrent else { return }
      for node in nodes where table[node.id] == nil && table.orphans[node.id] == nil && !table.isRemoved(node.id) {
        table.insert(node)
      }
      table.trim()
    }
    guard !unsure.isEmpty else { return found }
    // A commit has passed since, or a node has left memory: the row may be older than the catalog.
    for id in unsure {
      do throws(VaultError) {
        let node = try node(id)
        tree.withLock {
          guard node.record.parent == folder.id, !node.isRemoved else { return }
          found.append(ListedChild(id: id, kind: node.kind, name: node.record.name))
        }
      } catch {
        if case .gone = error { continue }
        throw error
      }
    }
    found.sort { $0.id < $1.id }
    return found
  }
}
