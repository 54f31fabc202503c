import VaultFormat

/// The folders that carry rules and their ancestors, numbered densely from the root, each level after the one above and the children
/// of one folder side by side: a parent's index is always below its children's.
struct AnchorTree {
  static let rootIndex = 0
  /// The parent of the root; no anchor.
  static let above = -1

  private(set) var folders: [NodeID]
  private(set) var parents: [Int32]
  /// Where each one's children begin; the next one's beginning ends them.
  private var childStarts: [Int32]
  private var indexes: [NodeID: Int32]

  /// Folders without an unbroken chain to the root are left out: what stands on them counts nowhere.
  init(parents pairs: [NodeID: NodeID]) {
    var sorted = pairs.filter { $0.key != .root && $0.key != .none }.map { (parent: $0.value, child: $0.key) }
    sorted.sort { ($0.parent.value, $0.child.value) < ($1.parent.value, $1.child.value) }
    var ranges: [NodeID: Range<Int>] = [:]
    var start = 0
    while start < sorted.count {
      var end = start + 1
      while end < sorted.count, sorted[end].parent == sorted[start].parent { end += 1 }
      ranges[sorted[start].parent] = start..<end
      start = end
    }

    folders = [.root]
    parents = [Int32(Self.above)]
    childStarts = []
    folders.reserveCapacity(sorted.count + 1)
    parents.reserveCapacity(sorted.count + 1)
    childStarts.reserveCapacity(sorted.count + 2)
    var next = 0
    while next < folders.count {
      childStarts.append(Int32(folders.count))
      if let range = ranges[folders[next]] {
        for pair in sorted[range] {
          folders.append(pair.child)
          parents.append(Int32(next))
        }
      }
      next += 1
    }
    childStarts.append(Int32(folders.count))

    indexes = Dictionary(minimumCapacity: folders.count)
    for (index, folder) in folders.enumerated() { indexes[folder] = Int32(index) }
  }

  var count: Int { folders.count }

  @inline(__always)
  func index(of folder: NodeID) -> Int? { indexes[folder].map(Int.init) }

  @inline(__always)
  func parent(of index: Int) -> Int { Int(parents[index]) }

  func children(of index: Int) -> Range<Int> { Int(childStarts[index])..<Int(childStarts[index + 1]) }

  /// From the root down to `index`.
  func chain(to index: Int) -> [Int] {
    var chain: [Int] = []
    var next = index
    while next != Self.above {
      chain.append(next)
      next = parent(of: next)
    }
    return chain.reversed()
  }
}
