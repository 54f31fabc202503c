package import VaultFormat

/// What a move may not cross without `grant` on both sides: the nearest boundary at or above a folder, and all barriers at or above it.
package struct Walls: Hashable, Sendable {
  package let boundary: NodeID?
  /// By id.
  package let barriers: [RuleID]
}

extension RightsTable {
  /// `Walls` of an anchor; barriers count whether or not they are in force now. Walks the chain up.
  package func walls(above anchor: NodeID) -> Walls {
    var boundary: NodeID?
    var barriers: [RuleID] = []
    var index = tree.index(of: anchor) ?? AnchorTree.above
    while index != AnchorTree.above {
      if boundary == nil, self.index.isBoundary(index) { boundary = tree.folders[index] }
      for position in self.index.barrierPositions[index] { barriers.append(self.barriers[Int(position)].id) }
      index = tree.parent(of: index)
    }
    return Walls(boundary: boundary, barriers: barriers.sorted())
  }
}
