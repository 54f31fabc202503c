import Synchronization
import VaultFormat

/// The nodes in memory: those that are changed and not yet committed, and as many of the others as fit.
///
/// Belongs to the vault's tree lock. What it does not hold, the catalog answers, except where `vacated`, `removed` and
/// `touched` say that the catalog is behind.
struct NodeTable {
  private(set) var nodes: [NodeID: Node] = [:]
  private var names: [DentryKey: Node] = [:]
  /// Names that the catalog still holds and that are free since, with the number of the group that will say so.
  private var vacated: [DentryKey: UInt64] = [:]
  /// Removed nodes whose rows the catalog still holds, likewise.
  private var removed: [NodeID: UInt64] = [:]
  /// Children added, changed, moved or removed in a folder since the catalog last heard, by group.
  private var touched: [UInt64: [NodeID: Set<NodeID>]] = [:]
  /// Removed nodes that are still open.
  private(set) var orphans: [NodeID: Node] = [:]
  /// Clean nodes may go when there are more than this.
  let limit: Int
  private var queue: [NodeID] = []
  private var hand = 0

  init(limit: Int) { self.limit = limit }

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
    if let node = names[key] {
      node.wasUsed = true
      return .node(node)
    }
    if vacated[key] != nil || nodes[key.parent]?.isComplete == true { return .free }
    return .unknown
  }

  mutating func insert(_ node: Node) {
    nodes[node.id] = node
    names[node.key] = node
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
    node.record.parent = key.parent
    node.record.name = name
    node.tag = key.tag
    node.placeGeneration.add(1, ordering: .releasing)
    vacated[key] = nil
    names[key] = node
    touch(node.id, in: key.parent, group: group)
  }

  /// Makes `node`'s present name its own again, after an exchange vacated it in passing.
  mutating func restore(_ node: Node) {
    vacated[node.key] = nil
    names[node.key] = node
  }

  /// A name that now belongs to `node`.
  mutating func take(_ key: DentryKey) { vacated[key] = nil }

  private mutating func vacate(_ node: Node, group: UInt64) {
    if names[node.key] === node { names[node.key] = nil }
    vacated[node.key] = group
  }

  mutating func remove(_ node: Node, group: UInt64) {
    vacate(node, group: group)
    node.isRemoved = true
    node.lastFolder = nodes[node.record.parent]
    node.placeGeneration.add(1, ordering: .releasing)
    removed[node.id] = group
    nodes[node.id] = nil
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

  /// Lets clean, closed, unused nodes go until the table is within its limit, or once around.
  mutating func trim() {
    guard nodes.count > limit else { return }
    var steps = queue.count
    var kept: [NodeID] = []
    while nodes.count > limit - limit / 8, steps > 0, hand < queue.count {
      steps -= 1
      let id = queue[hand]
      hand += 1
      guard let node = nodes[id] else { continue }
      if node.wasUsed || node.isDirty || node.isCommitting || node.isInUse || id == .root {
        node.wasUsed = false
        kept.append(id)
        continue
      }
      nodes[id] = nil
      if names[node.key] === node { names[node.key] = nil }
      nodes[node.record.parent]?.isComplete = false
    }
    queue.removeSubrange(..<hand)
    queue += kept
    hand = 0
  }
}
