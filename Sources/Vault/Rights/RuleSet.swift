import VaultFormat

/// All rules and duties of the vault in memory, and what the catalog holds of them. Belongs to the vault's tree lock.
struct RuleSet {
  private(set) var grants: [RuleID: Grant] = [:]
  private(set) var barriers: [RuleID: Barrier] = [:]
  private(set) var boundaries: [RuleID: Boundary] = [:]
  private(set) var duties: [RuleID: Duty] = [:]
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
    case .addDuty(let duty): duties[duty.id] = duty
    case .removeDuty(let duty): duties[duty.id] = nil
    }
  }

  /// What the row of an edit holds now, before it; nil for none.
  func plaintext(of edit: RuleEdit) -> [UInt8]? {
    switch edit {
    case .add(.grant(let grant)), .remove(.grant(let grant)): grants[grant.id]?.encode()
    case .add(.barrier(let barrier)), .remove(.barrier(let barrier)): barriers[barrier.id]?.encode()
    case .add(.boundary(let boundary)), .remove(.boundary(let boundary)): boundaries[boundary.id]?.encode()
    case .addDuty(let duty), .removeDuty(let duty): duties[duty.id]?.encode()
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

  var folders: Set<NodeID> {
    Set(grants.values.map(\.folder)).union(barriers.values.map(\.folder)).union(boundaries.values.map(\.folder))
  }
}
