package import Access
import Catalog
import Keys
import Platform
import Synchronization
package import VaultFormat

/// Finding nodes: in memory, else in the catalog.
extension Vault {
  /// The node with this number.
  /// - Throws: `gone` where there is none (any more), `damaged`, `io`.
  package func node(_ id: NodeID) throws(VaultError) -> Node {
    while true {
      let cached = tree.withLock { () -> (node: Node?, isRemoved: Bool) in
        if let node = table[id] ?? table.orphans[id] { return (node, false) }
        return (nil, table.isRemoved(id))
      }
      if let node = cached.node { return node }
      if cached.isRemoved { throw .gone }
      let epoch = committer.epoch
      let row: SealedRow?
      do throws(CatalogError) { row = try catalog.node(id) } catch { throw VaultError(error) }
      guard let row else {
        // A row that was taken away is damage, not absence.
        try ledger.check(bucketOf: id, in: catalog, keys: keys)
        if committer.epoch == epoch { throw .gone }
        continue
      }
      if let node = try adopt(row, epoch: epoch) { return node }
    }
  }

  /// Changes with every commit.
  package var epoch: UInt64 { committer.epoch }

  /// The node called `name` in `folder`, or nil. Hidden or absent is not told apart here: that is judged above.
  /// - Throws: `damaged` where a row that is missing may be the one that was asked for.
  package func child(of folder: Node, named name: Name) throws(VaultError) -> Node? {
    let key = DentryKey(parent: folder.id, tag: keys.nameTag(parent: folder.id, name: name))
    return try child(key)
  }

  func child(_ key: DentryKey) throws(VaultError) -> Node? {
    while true {
      switch tree.withLock({ table.find(key) }) {
      case .node(let node): return node
      case .free: return nil
      case .unknown: break
      }
      let epoch = committer.epoch
      let row: SealedRow?
      do throws(CatalogError) { row = try catalog.node(parent: key.parent, tag: key.tag) } catch { throw VaultError(error) }
      guard let row else {
        guard committer.epoch == epoch else { continue }
        try census.require()
        return nil
      }
      guard let node = try adopt(row, epoch: epoch) else { continue }
      // The row may be older than memory: the node can have moved since.
      if tree.withLock({ node.key == key && !node.isRemoved }) { return node }
    }
  }

  /// Opens a row and puts its node into memory, or returns the one that is there. Nil when a commit has passed since `epoch`,
  /// so that the row may be stale: ask again.
  func adopt(_ row: SealedRow, epoch: UInt64) throws(VaultError) -> Node? {
    let id = NodeID(row.key.first)
    try ledger.check(bucketOf: id, in: catalog, keys: keys)
    let fresh = try open(row)
    return tree.withLock { () -> Node? in
      if let node = table[id] ?? table.orphans[id] { return node }
      guard committer.epoch == epoch, !table.isRemoved(id) else { return nil }
      table.insert(fresh)
      table.trim()
      return fresh
    }
  }

  /// A node from its sealed row; not yet in the table.
  func open(_ row: SealedRow) throws(VaultError) -> Node {
    var record = try placedRecord(from: row)
    let tag = row.node!.tag
    let stored = StoredNode(
      digest: keys.digest(of: row), parent: record.parent, tag: tag, extentCount: record.extentCount,
      firstExtent: record.firstExtent, furtherExtents: record.extentCount > 1 ? nil : [:])
    record.firstExtent = nil
    return Node(id: NodeID(row.key.first), record: record, tag: tag, stored: stored)
  }

  /// What a node's row holds, which stands under the folder and the name that it says.
  func placedRecord(from row: SealedRow) throws(VaultError) -> NodeRecord {
    let record = try record(from: row)
    guard let columns = row.node, columns.parent == record.parent,
      columns.tag == keys.nameTag(parent: record.parent, name: record.name)
    else { throw .damaged("catalog row of node \(row.key.first) stands in another's place") }
    return record
  }

  func record(from row: SealedRow) throws(VaultError) -> NodeRecord {
    do {
      return try NodeRecord(parsing: try keys.open(row.sealed, for: row.key, version: row.version))
    } catch {
      throw .damaged("catalog row of node \(row.key.first)")
    }
  }

  /// The folder that holds `node`, or last held it if it is removed; nil for the root.
  package func parent(of node: Node) throws(VaultError) -> Node? {
    let place = tree.withLock { () -> (id: NodeID, folder: Node?) in
      if let last = node.lastFolder { return (.none, last) }
      let id = node.record.parent
      return (id, id == .none ? nil : table[id] ?? table.orphans[id])
    }
    if let folder = place.folder { return folder }
    return place.id == .none ? nil : try self.node(place.id)
  }

  /// The nearest folder at or above `folder` that `rights` speaks of. A few loads when it was asked before.
  package func anchor(of folder: Node, in rights: RightsTable) throws(VaultError) -> NodeID {
    if let known = folder.rightsAnchorCell.anchor(at: rights.generation) { return known }
    var walked: [Node] = []
    var current = folder
    while tree.withLock({ current.isRemoved }) || !rights.isAnchor(current.id) {
      walked.append(current)
      guard let parent = try parent(of: current) else { break }
      current = parent
    }
    walked.append(current)
    // A folder that moved meanwhile has made a new table; what is kept here is then of the old one and not asked again.
    for node in walked { node.rightsAnchorCell.keep(current.id, generation: rights.generation) }
    return current.id
  }

  /// The attributes of a node at one instant.
  package func record(of node: Node) -> NodeRecord { tree.withLock { node.record } }

  /// From the root down to `node`, or to the folder it last was in. Loads what is not in memory.
  package func chain(to node: Node) throws(VaultError) -> [Node] {
    var chain = [node]
    var current = node
    while let parent = try parent(of: current) {
      chain.append(parent)
      current = parent
      guard chain.count < 10_000 else { throw .damaged("folders of node \(node.id) form a circle") }
    }
    return chain.reversed()
  }

  /// The vault path of a node now: `/` for the root.
  package func path(of node: Node) -> [UInt8] {
    if let path = tree.withLock({ table.path(of: node) }) { return path }
    return loadedPath(of: node)
  }

  /// The same with its size, of one instant where all folders above are in memory.
  package func pathAndSize(of node: Node) -> (path: [UInt8], size: UInt64) {
    let (path, size) = tree.withLock { (table.path(of: node), node.record.size) }
    return (path ?? loadedPath(of: node), size)
  }

  private func loadedPath(of node: Node) -> [UInt8] {
    guard let chain = try? chain(to: node), chain.count > 1 else { return [0x2f] }
    var path: [UInt8] = []
    for node in chain.dropFirst() {
      path.append(0x2f)
      path += tree.withLock { node.record.name.bytes }
    }
    return path
  }
}
