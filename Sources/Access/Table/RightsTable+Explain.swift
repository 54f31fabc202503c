package import VaultFormat

extension RightsTable {
  /// Explains what `view(for:now:)` would decide, at any time past or to come, by the rules of this table.
  ///
  /// - Parameters:
  ///   - asked: one right or several. Empty: about all that is known of the subject here.
  ///   - hypothetical: grants as if they stood ("what if"), each on an anchor: put one for a folder without rules on that folder's nearest
  ///     anchor above, provided that `anchor` is at or below the folder. They do not reveal anything beneath.
  ///   - gone: grants as if they did not stand.
  ///   - known: the subject's view at that time, where it is at hand; without it, or where it is another's, one is made.
  /// - Returns: about nothing (`Standing.nothing`) for a folder that is no anchor.
  package func explain(
    _ subject: Subject, _ asked: Rights, at anchor: NodeID, now: Int64, with hypothetical: [Grant] = [],
    without gone: Set<RuleID> = [], seen known: SubjectView? = nil
  ) -> Explanation {
    guard let last = tree.index(of: anchor) else {
      return Explanation(
        subject: subject, asked: asked, anchor: anchor, now: now, standing: .nothing,
        decision: Standing.nothing.decision(for: asked),
        deciding: [], nearMisses: [], barriers: [], boundary: nil)
    }
    var account = Account(subject: subject, asked: asked, now: now)
    for folder in tree.chain(to: last) {
      if !index.boundaries.isEmpty, let boundary = index.boundaries[folder] { account.crossBoundary(boundary) }
      for position in index.grantPositions[folder] {
        let grant = grants[Int(position)]
        if !gone.isEmpty, gone.contains(grant.id) { continue }
        account.meet(grant, suspensions.isEmpty ? nil : suspensions[grant.id])
      }
      for grant in hypothetical where grant.folder == tree.folders[folder] { account.meet(grant, nil) }
      for position in index.barrierPositions[folder] { account.meet(barriers[Int(position)]) }
    }
    var view = known
    if let known, known.subject !== subject || !known.table.hasSameRules(as: self) || !known.isValid(at: now) { view = nil }
    return account.explanation(
      at: anchor, isRoot: last == AnchorTree.rootIndex, as: (view ?? self.view(for: subject, now: now)).standing(at: anchor))
  }
}

/// Counts on the way down as a view does, and keeps what it met.
private struct Account {
  let subject: Subject
  let asked: Rights
  let now: Int64
  private var stretch: Stretch
  private var tally = Tally()
  private var grants: [(grant: Grant, by: Principal, failings: [Explanation.Failing])] = []
  private var barriers: [Explanation.BarrierRow] = []
  private var boundary: Boundary?

  init(subject: Subject, asked: Rights, now: Int64) {
    self.subject = subject
    self.asked = asked
    self.now = now
    stretch = Stretch(around: now)
  }

  mutating func crossBoundary(_ boundary: Boundary) {
    tally.crossBoundary()
    self.boundary = boundary
    for position in grants.indices { grants[position].failings.append(.cutOff(by: boundary.id)) }
  }

  mutating func meet(_ grant: Grant, _ suspension: Suspension?) {
    guard let (by, isExact) = nearest(grant.principal) else { return }
    var failings = failings(isExact, Validity(from: grant.from, until: grant.until))
    if let suspension {
      if isExact { stretch.look(at: Validity(of: grant, suspension)) }
      if now >= suspension.from { failings.append(.suspended(by: suspension.review)) }
    }
    if subject.user.isExactly(grant.giver) { failings.append(.ownGift) }
    if failings.isEmpty { tally.count(grant.rights, of: grant.id) }
    grants.append((grant, by, failings))
  }

  mutating func meet(_ barrier: Barrier) {
    guard let (by, isExact) = nearest(barrier.principal) else { return }
    let failings = failings(isExact, Validity(from: barrier.from, until: barrier.until))
    if failings.isEmpty { tally.bar(by: barrier.id) }
    barriers.append(Explanation.BarrierRow(barrier: barrier, by: by, failings: failings))
  }

  /// Who of the subject's user and groups a rule names, or nearly names: the same kind and name or the same kind and id.
  private func nearest(_ named: Principal) -> (by: Principal, isExact: Bool)? {
    if subject.user.isExactly(named) { return (subject.user, true) }
    var near = Self.isNear(subject.user, named) ? subject.user : nil
    for group in subject.groups {
      if group.isExactly(named) { return (group, true) }
      if near == nil, Self.isNear(group, named) { near = group }
    }
    return near.map { ($0, false) }
  }

  private static func isNear(_ one: Principal, _ other: Principal) -> Bool {
    one.kind == other.kind && (one.id == other.id || one.name == other.name)
  }

  private mutating func failings(_ isExact: Bool, _ validity: Validity) -> [Explanation.Failing] {
    var failings: [Explanation.Failing] = []
    if !isExact { failings.append(.otherIdentity) }
    if isExact { stretch.look(at: validity) }
    if now >= validity.until {
      failings.append(.ended(validity.until))
    } else if now < validity.from {
      failings.append(.begins(validity.from))
    }
    return failings
  }

  func explanation(at anchor: NodeID, isRoot: Bool, as seen: Standing) -> Explanation {
    let standing = Standing(
      tally, isRoot: isRoot, isVisibleBeneath: seen.isVisibleBeneath, validUntil: min(seen.validUntil, stretch.until))
    let needed = asked.isSubset(of: .grant) ? asked : asked.union(.list)
    let isAllowed = standing.allows(asked)
    var deciding: [Explanation.GrantRow] = []
    var nearMisses: [Explanation.GrantRow] = []
    for met in grants.count > 1 ? grants.sorted(by: { $0.grant.id < $1.grant.id }) : grants {
      let row = row(for: met.grant, met.by, met.failings, needed: needed)
      if isAllowed, row.counts, !row.gives.isEmpty { deciding.append(row) } else { nearMisses.append(row) }
    }
    return Explanation(
      subject: subject, asked: asked, anchor: anchor, now: now, standing: standing, decision: standing.decision(for: asked),
      deciding: deciding, nearMisses: nearMisses,
      barriers: barriers.count > 1 ? barriers.sorted { $0.barrier.id < $1.barrier.id } : barriers, boundary: boundary)
  }

  private func row(
    for grant: Grant, _ by: Principal, _ failings: [Explanation.Failing], needed: Rights
  ) -> Explanation.GrantRow {
    var failings = failings
    var left = grant.rights
    if case .cutOff = failings.last {
      left.formIntersection(.grant)
      // Only the nearest boundary is told, and none where what was asked comes through.
      let cut = failings.last!
      failings.removeAll { if case .cutOff = $0 { true } else { false } }
      if left.isDisjoint(with: needed) { failings.append(cut) }
    }
    let lacking = asked.subtracting(left)
    if !lacking.isEmpty { failings.append(.lacks(lacking)) }
    return Explanation.GrantRow(grant: grant, by: by, gives: left.intersection(needed), failings: failings)
  }
}
