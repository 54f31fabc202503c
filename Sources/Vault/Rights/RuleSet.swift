import Access
import VaultFormat

/// All rules and duties of the vault and its open reviews in memory, and what the catalog holds of them. Belongs to the vault's tree lock; a copy
/// may be read without it.
struct RuleSet {
  private(set) var grants = RuleList<Grant>()
  private(set) var barriers = RuleList<Barrier>()
  private(set) var boundaries = RuleList<Boundary>()
  private(set) var duties: [RuleID: Duty] = [:]
  /// Those that are open, and for the time of a change one that is not.
  private(set) var reviews: [RuleID: AccessReview] = [:]
  /// Of `reviews`.
  private(set) var reviewItems: [RuleID: ReviewItem] = [:]
  /// By the grant's number.
  private(set) var suspensions: [RuleID: Suspension] = [:]
  /// Where uses are counted, one for each grant.
  private(set) var uses: [RuleID: GrantUse] = [:]
  /// Since when, wall nanoseconds; nil until that is known.
  var countedSince: Int64?
  /// The rules on each folder that carries any. Numbers are unique over all kinds.
  private var idsByFolder: [NodeID: FolderRules] = [:]
  /// The parent of every folder that carries a rule, and of all its ancestors.
  var parents: [NodeID: NodeID] = [.root: .none] { didSet { version += 1 } }
  /// Differs whenever rules or parents do.
  private(set) var version: UInt64 = 0
  /// Digests of the rows of rules, packs and counters that the catalog holds.
  var stored: [RowKey: RowDigest] = [:]

  /// Makes changes that are on disk, or that were read from there, in their order.
  mutating func apply(_ edits: [RuleEdit]) {
    var leaving: Set<RuleID> = []
    for edit in edits {
      version += edit.changesRights ? 1 : 0
      switch edit {
      case .add(let rule):
        leaving.remove(rule.id)
        put(rule)
      case .remove(let rule):
        forgetPlace(of: rule.id)
        uses[rule.id] = nil
        leaving.insert(rule.id)
      case .addDuty(let duty): duties[duty.id] = duty
      case .removeDuty(let duty): duties[duty.id] = nil
      case .putReview(let review): reviews[review.id] = review
      case .putReviewItem(let item): reviewItems[item.id] = item
      case .suspend(let suspension): suspensions[suspension.grant] = suspension
      case .resume(let suspension): suspensions[suspension.grant] = nil
      case .dropUse(let grant): uses[grant] = nil
      }
    }
    // All at once: each removal moves what lies behind.
    guard !leaving.isEmpty else { return }
    grants.remove(leaving)
    barriers.remove(leaving)
    boundaries.remove(leaving)
  }

  /// Adds a rule, or puts it in the place of the one with its number.
  mutating func put(_ rule: Rule) {
    forgetPlace(of: rule.id)
    switch rule {
    case .grant(let grant):
      grants.put(grant)
      if uses[grant.id] == nil { uses[grant.id] = GrantUse() }
    case .barrier(let barrier): barriers.put(barrier)
    case .boundary(let boundary): boundaries.put(boundary)
    }
    if idsByFolder[rule.folder]?.add(rule.id) == nil { idsByFolder[rule.folder] = FolderRules(rule.id) }
  }

  /// Takes a closed review back, with the digests of its rows: a change is about it.
  mutating func recall(_ review: AccessReview, _ items: [ReviewItem], stored digests: [RowKey: RowDigest]) {
    reviews[review.id] = review
    for item in items { reviewItems[item.id] = item }
    stored.merge(digests) { _, present in present }
  }

  /// Lets go of closed reviews; they are read from the catalog when they are asked for. Only where the catalog holds them as they are here: a row
  /// of which `stored` knows nothing is taken for a new one by the next commit.
  mutating func forgetClosedReviews() {
    let closed = reviews.values.filter { $0.closing != nil }
    guard !closed.isEmpty else { return }
    for review in closed {
      reviews[review.id] = nil
      stored[RowKey(.review, review.id.value)] = nil
    }
    for item in reviewItems.values where reviews[item.review] == nil {
      reviewItems[item.id] = nil
      stored[RowKey(.reviewItem, item.id.value)] = nil
    }
  }

  /// What a rule of this number was before stands nowhere any more.
  private mutating func forgetPlace(of id: RuleID) {
    guard let folder = (grants[id]?.folder ?? barriers[id]?.folder ?? boundaries[id]?.folder) else { return }
    if idsByFolder[folder]?.remove(id) == true { idsByFolder[folder] = nil }
  }

  /// Figures that the catalog holds.
  mutating func setUse(_ use: Use, of grant: RuleID) { uses[grant] = GrantUse(stored: use) }

  /// What goes with rules that are removed: a grant's figures, and its suspension.
  func withConsequences(_ edits: [RuleEdit]) -> [RuleEdit] {
    var all = edits
    for case .remove(.grant(let grant)) in edits {
      if let suspension = suspensions[grant.id] { all.append(.resume(suspension)) }
      if stored[RowKey(.use, grant.id.value)] != nil || uses[grant.id]?.use != nil { all.append(.dropUse(of: grant.id)) }
    }
    return all
  }

  /// What the row of an edit holds now, before it; nil for none.
  func plaintext(of edit: RuleEdit) -> [UInt8]? {
    switch edit {
    case .add(.grant(let grant)), .remove(.grant(let grant)): grants[grant.id]?.encode()
    case .add(.barrier(let barrier)), .remove(.barrier(let barrier)): barriers[barrier.id]?.encode()
    case .add(.boundary(let boundary)), .remove(.boundary(let boundary)): boundaries[boundary.id]?.encode()
    case .addDuty(let duty), .removeDuty(let duty): duties[duty.id]?.encode()
    case .putReview(let review): reviews[review.id]?.encode()
    case .putReviewItem(let item): reviewItems[item.id]?.encode()
    case .suspend(let suspension), .resume(let suspension): suspensions[suspension.grant]?.encode()
    case .dropUse(let grant): uses[grant]?.use?.encode()
    }
  }

  /// Whether any rule stands on the folder itself.
  func hasRules(on folder: NodeID) -> Bool { idsByFolder[folder] != nil }

  /// Rules that stand on one folder, in order of number.
  func rules(on folder: NodeID) -> [Rule] {
    (idsByFolder[folder]?.all ?? []).sorted().compactMap { id in
      grants[id].map(Rule.grant) ?? barriers[id].map(Rule.barrier) ?? boundaries[id].map(Rule.boundary)
    }
  }

  /// Folders that carry rules.
  var folders: some Collection<NodeID> { idsByFolder.keys }
}

/// The rules on one folder: mostly one, which then takes no memory of its own.
private struct FolderRules {
  private var first: RuleID
  private var others: [RuleID] = []

  init(_ id: RuleID) { first = id }

  var all: [RuleID] { [first] + others }

  mutating func add(_ id: RuleID) { others.append(id) }

  /// Whether none is left.
  mutating func remove(_ id: RuleID) -> Bool {
    guard first == id else {
      others.removeAll { $0 == id }
      return false
    }
    guard let next = others.popLast() else { return true }
    first = next
    return false
  }
}
