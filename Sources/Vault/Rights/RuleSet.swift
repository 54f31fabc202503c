import VaultFormat

/// All rules and duties of the vault in memory, and what the catalog holds of them. Belongs to the vault's tree lock; a copy may be read
/// without it.
struct RuleSet {
  private(set) var grants: [RuleID: Grant] = [:]
  private(set) var barriers: [RuleID: Barrier] = [:]
  private(set) var boundaries: [RuleID: Boundary] = [:]
  private(set) var duties: [RuleID: Duty] = [:]
  /// The rules on each folder that carries any. Numbers are unique over all kinds.
  private var idsByFolder: [NodeID: [RuleID]] = [:]
  /// The parent of every folder that carries a rule, and of all its ancestors.
  var parents: [NodeID: NodeID] = [.root: .none] { didSet { version += 1 } }
  /// Differs whenever rules or parents do.
  private(set) var version: UInt64 = 0
  /// Digests of the rows of rules, packs and counters that the catalog holds.
  var stored: [RowKey: RowDigest] = [:]

  mutating func apply(_ edit: RuleEdit) {
    version += edit.changesRights ? 1 : 0
    // What a rule of this number was before stands nowhere any more.
    let id = RuleID(edit.key.first)
    if let folder = (grants[id]?.folder ?? barriers[id]?.folder ?? boundaries[id]?.folder) {
      idsByFolder[folder]?.removeAll { $0 == id }
      if idsByFolder[folder]?.isEmpty == true { idsByFolder[folder] = nil }
    }
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
    if case .add(let rule) = edit { idsByFolder[rule.folder, default: []].append(id) }
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

  /// Whether any rule stands on the folder itself.
  func hasRules(on folder: NodeID) -> Bool { idsByFolder[folder] != nil }

  /// Rules that stand on one folder, in order of number.
  func rules(on folder: NodeID) -> [Rule] {
    (idsByFolder[folder] ?? []).sorted().compactMap { id in
      grants[id].map(Rule.grant) ?? barriers[id].map(Rule.barrier) ?? boundaries[id].map(Rule.boundary)
    }
  }

  /// Folders that carry rules.
  var folders: Dictionary<NodeID, [RuleID]>.Keys { idsByFolder.keys }
}
