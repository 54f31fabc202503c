import VaultFormat

/// All rules of the vault in memory, and what the catalog holds of them. Belongs to the vault's tree lock.
struct RuleSet {
  private(set) var grants: [RuleID: Grant] = [:]
  private(set) var barriers: [RuleID: Barrier] = [:]
  private(set) var boundaries: [RuleID: Boundary] = [:]
  /// Digests of the rows of rules, packs and counters that the catalog holds.
  var stored: [RowKey: RowDigest] = [:]
  /// The parent of every folder that carries a rule, and of all its ancestors.
  var parents: [NodeID: NodeID] = [.root: .none]

  mutating func apply(_ edit: RuleEdit) {
    switch edit {
    case .add(.grant(let grant)): grants[grant.id] = grant
    case .add(.barrier(let barrier)): barriers[barrier.id] = barrier
    case .add(.boundary(let boundary)): boundaries[boundary.id] = boundary
    case .remove(.grant(let grant)): grants[grant.id] = nil
    case .remove(.barrier(let barrier)): barriers[barrier.id] = nil
    case .remove(.boundary(let boundary)): boundaries[boundary.id] = nil
    }
  }

  /// The row that the catalog should hold for a rule now; nil for none.
  func plaintext(of rule: Rule) -> [UInt8]? {
    switch rule {
    case .grant(let grant): grants[grant.id]?.encode()
    case .barrier(let barrier): barriers[barrier.id]?.encode()
    case .boundary(let boundary): boundaries[boundary.id]?.encode()
    }
  }

  /// Rules that stand on one folder, in order of number.
  func rules(on folder: NodeID) -> [Rule] {
    let found =
      grants.values.filter { $0.folder == folder }.map(Rule.grant)
      + barriers.values.filter { $0.folder == folder }.map(Rule.barrier)
      + boundaries.values.filter { $0.folder == folder }.map(Rule.boundary)
    return found.sorted { $0.id < $1.id }
  }

  /// Forgets the parents of folders with no rule on or beneath them: a move of one of those moves no rules.
  mutating func dropUnruledChains() {
    var kept: [NodeID: NodeID] = [.root: .none]
    for folder in folders {
      var below = folder
      while kept[below] == nil, let above = parents[below] {
        kept[below] = above
        below = above
      }
    }
    parents = kept
  }

  var folders: Set<NodeID> {
    Set(grants.values.map(\.folder)).union(barriers.values.map(\.folder)).union(boundaries.values.map(\.folder))
  }
}
