import Synchronization
import VaultFormat

/// The nodes in memory: those that are changed and not yet committed, and as many of the others as fit.
///
/// Belongs to the vault's tree lock. What it does not hold, the catalog answers, except where `vacated`, `removed` and
/// `touched` say that the catalog is behind.
///
/// A node must not be twice in memory: a change made to one of two objects would be lost. So nobody is let go of whom anybody else
/// refers to, for as long as they do: an operation pins a node by having it. `nodes` therefore holds the table's only counted reference,
/// and whoever is to have a node gets it under the lock.
struct NodeTable {
  private(set) var nodes: [NodeID: Node] = [:]
  /// Nodes of `nodes` by their present name; not counted as references.
  private var names: [DentryKey: Unmanaged<Node>] = [:]
  /// Names that the catalog still holds and that are free since, with the number of the group that will say so.
  private var vacated: [DentryKey: UInt64] = [:]
  /// Removed nodes whose rows the catalog still holds, likewise.
  private var removed: [NodeID: UInt64] = [:]
  /// Children added, changed, moved or removed in a folder since the catalog last heard, by group.
  private var touched: [UInt64: [NodeID: Set<NodeID>]] = [:]
  /// Removed nodes that are still open.
  private(set) var orphans: [NodeID: Node] = [:]
  /// What was listed of folders in memory.
  var listings: ListingCache
  /// Clean nodes may go when there are more than this.
  let limit: Int
  private var queue: [NodeID] = []
  /// Folders that moved or were renamed, counted.
  private var folderMoveCount: UInt64 = 0
  /// The next pass of `trim` begins above this count: after one that found most nodes in use, not with every node that comes.
  private var trimCount: Int

  init(limit: Int, listingByteCountMax: Int) {
    self.limit = limit
    listings = ListingCache(byteCountMax: listingByteCountMax)
    trimCount = limit
  }

  var count: Int { nodes.count }

  subscript(id: NodeID) -> Node? {
    guard let node = nodes[id] else { return nil }
    node.wasUsed = true
    return node
  }

  func isRemoved(_ id: NodeID) -> Bool { removed[id] != nil }

  enum Found {
    case node(Node)
    /// The name is free, whatever the catalog says.
    case free
    /// Ask the catalog.
    case unknown
  }

  func find(_ key: DentryKey) -> Found {
    if let node = names[key]?.takeUnretainedValue() {
      node.wasUsed = true
      return .node(node)
    }
    if vacated[key] != nil || nodes[key.parent]?.isComplete == true { return .free }
    return .unknown
  }

  /// A folder and what it has under a name, where memory says both.
  func sight(_ key: DentryKey) -> Sight? {
    guard let folder = nodes[key.parent] else { return nil }
    folder.wasUsed = true
    if let node = names[key]?.takeUnretainedValue() {
      node.wasUsed = true
      return Sight(folder: folder, found: (node, NodeAttributes(of: node)))
    }
    return folder.isComplete || vacated[key] != nil ? Sight(folder: folder, found: nil) : nil
  }

  /// The path of a node of which every folder above is in memory; nil for any other.
  ///
  /// A folder keeps its own, if it is no long one, until any folder moves or is renamed: who records what is done in it asks often.
  func path(of node: Node) -> [UInt8]? {
    guard node.id != .root else { return [0x2f] }
    guard let above = folder(of: node) else { return nil }
    guard above.id != .root else { return Self.path(of: node, below: []) }
    if let known = above.keptPath, above.keptPathMoveCount == folderMoveCount { return Self.path(of: node, below: known) }
    guard let prefix = walkedPath(of: above) else { return nil }
    if prefix.count <= Self.keptPathByteCountMax {
      above.keptPath = prefix
      above.keptPathMoveCount = folderMoveCount
    }
    return Self.path(of: node, below: prefix)
  }

  private static let keptPathByteCountMax = 512

  /// The bytes of the path are all that is allocated.
  private static func path(of node: Node, below prefix: [UInt8]) -> [UInt8] {
    let count = prefix.count + 1 + node.record.name.bytes.count
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      _ = buffer.initialize(from: prefix)
      buffer[prefix.count] = 0x2f
      _ = UnsafeMutableBufferPointer(rebasing: buffer[(prefix.count + 1)...]).initialize(from: node.record.name.bytes)
      used = count
    }
  }

  private func walkedPath(of node: Node) -> [UInt8]? {
    guard let count = pathByteCount(of: node) else { return nil }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      // From the end, since it is walked upwards.
      var start = count
      var current = node
      while current.id != .root, let above = folder(of: current) {
        let name = current.record.name.bytes
        start -= name.count
        _ = UnsafeMutableBufferPointer(rebasing: buffer[start..<start + name.count]).initialize(from: name)
        start -= 1
        buffer[start] = 0x2f
        current = above
      }
      used = count
    }
  }

  private func pathByteCount(of node: Node) -> Int? {
    var count = 0
    var current = node
    var depth = 0
    while current.id != .root {
      guard let above = folder(of: current), depth < 10_000 else { return nil }
      count += current.record.name.bytes.count + 1
      depth += 1
      current = above
    }
    return count
  }

  private func folder(of node: Node) -> Node? { node.lastFolder ?? nodes[node.record.parent] }

  mutating func insert(_ node: Node) {
    nodes[node.id] = node
    names[node.key] = .passUnretained(node)
    queue.append(node.id)
    // Removed nodes leave their numbers behind.
    if queue.count > 1024 + 2 * nodes.count { queue.removeAll { nodes[$0] == nil } }
  }

  /// Notes that a child of `folder` differs from the catalog, in group `group`.
  mutating func touch(_ child: NodeID, in folder: NodeID, group: UInt64) {
    touched[group, default: [:]][folder, default: []].insert(child)
  }

  /// Children of `folder` for which memory, not the catalog, has the word.
  func touchedChildren(of folder: NodeID) -> Set<NodeID> {
    var all: Set<NodeID> = []
    for group in touched.values {
      if let children = group[folder] { all.formUnion(children) }
    }
    return all
  }

  mutating func rename(_ node: Node, to key: DentryKey, name: Name, group: UInt64) {
    vacate(node, group: group)
    touch(node.id, in: node.record.parent, group: group)
    if node.kind == .folder { folderMoveCount += 1 }
    node.record.parent = key.parent
    node.record.name = name
    node.tag = key.tag
    node.placeGeneration.add(1, ordering: .releasing)
    vacated[key] = nil
    names[key] = .passUnretained(node)
    touch(node.id, in: key.parent, group: group)
  }

  /// Makes `node`'s present name its own again, after an exchange vacated it in passing.
  mutating func restore(_ node: Node) {
    vacated[node.key] = nil
    names[node.key] = .passUnretained(node)
  }

  /// A name that now belongs to `node`.
  mutating func take(_ key: DentryKey) { vacated[key] = nil }

  private mutating func vacate(_ node: Node, group: UInt64) {
    dropName(of: node)
    vacated[node.key] = group
  }

  private mutating func dropName(of node: Node) {
    if names[node.key]?.toOpaque() == Unmanaged.passUnretained(node).toOpaque() { names[node.key] = nil }
  }

  mutating func remove(_ node: Node, group: UInt64) {
    vacate(node, group: group)
    node.isRemoved = true
    node.lastFolder = nodes[node.record.parent]
    node.placeGeneration.add(1, ordering: .releasing)
    removed[node.id] = group
    nodes[node.id] = nil
    listings.drop(node.id)
    // Also where only an operation is at work on it: whoever asks which blobs are in use must find it.
    if node.isInUse { orphans[node.id] = node }
    touch(node.id, in: node.record.parent, group: group)
  }

  mutating func forgetOrphan(_ node: Node) { orphans[node.id] = nil }

  /// The catalog now says what groups up to `group` said.
  mutating func committed(_ group: UInt64) {
    vacated = vacated.filter { $0.value > group }
    removed = removed.filter { $0.value > group }
    touched = touched.filter { $0.key > group }
    trimCount = limit
  }

  /// The groups up to `group` failed: all they said is still to be said, by `next`.
  mutating func failed(_ group: UInt64, next: UInt64) {
    for (key, value) in vacated where value <= group { vacated[key] = next }
    for (key, value) in removed where value <= group { removed[key] = next }
    for (key, folders) in touched where key <= group {
      touched[key] = nil
      for (folder, children) in folders { touched[next, default: [:]][folder, default: []].formUnion(children) }
    }
  }

  /// Lets clean, closed nodes go that nobody refers to and nobody asked for lately, until the table is well within its limit, or once
  /// around.
  mutating func trim() {
    guard nodes.count > trimCount else { return }
    var kept: [NodeID] = []
    var hand = 0
    while nodes.count > limit - limit / 8, hand < queue.count {
      let id = queue[hand]
      hand += 1
      guard let index = nodes.index(forKey: id) else { continue }
      if id == .root || !Self.mayGo(&nodes.values[index]) {
        kept.append(id)
        continue
      }
      let node = nodes.values[index]
      dropName(of: node)
      nodes.remove(at: index)
      if node.kind == .folder { listings.drop(id) }
      nodes[node.record.parent]?.isComplete = false
    }
    queue.removeSubrange(..<hand)
    queue += kept
    trimCount = max(limit, nodes.count + limit / 16)
  }

  /// In place, so that asking adds no reference.
  private static func mayGo(_ node: inout Node) -> Bool {
    guard isKnownUniquelyReferenced(&node) else { return false }
    if node.wasUsed || node.isDirty || node.isCommitting || node.isInUse {
      node.wasUsed = false
      return false
    }
    return true
  }
}
