package import VaultFormat

/// What one principal, by itself, has at a folder.
package struct Holding: Sendable, Hashable {
  package let principal: Principal
  /// What is left; empty for one that a barrier stops, or whose grants come to nothing.
  package let rights: Rights
  /// The live grants to them that count here, by id.
  package let grants: [RuleID]
  /// The live barrier (the lowest) that names them.
  package let barrier: RuleID?
  /// Grants to a group that do not count for the member who gave them.
  package let givers: [Principal]
}

/// A folder from which on a subject has other rights than in the folder above.
package struct Reach: Sendable, Hashable {
  package let folder: NodeID
  package let standing: Standing
}

extension RightsTable {
  /// Who has been given anything at an anchor, or is stopped there by a barrier: each principal by itself, in the order of their names.
  ///
  /// A user's own grants and those of their groups add up; ask `rights(of:at:now:)` for users with their groups.
  /// Reads the rules on the chain and nothing else.
  package func who(at anchor: NodeID, now: Int64) -> [Holding] {
    guard let index = tree.index(of: anchor) else { return [] }
    var counts: [PrincipalKey: HoldingCount] = [:]
    for folder in tree.chain(to: index) {
      if self.index.isBoundary(folder) {
        for key in counts.keys { counts[key]!.crossBoundary() }
      }
      for position in self.index.grantPositions[folder] {
        let grant = grants[Int(position)]
        guard Validity(of: grant, suspensions[grant.id]).contains(now), !grant.giver.isExactly(grant.principal) else {
          continue
        }
        counts[PrincipalKey(grant.principal), default: HoldingCount()].count(grant)
      }
      for position in self.index.barrierPositions[folder] {
        let barrier = barriers[Int(position)]
        guard Validity(from: barrier.from, until: barrier.until).contains(now) else { continue }
        counts[PrincipalKey(barrier.principal), default: HoldingCount()].tally.bar(by: barrier.id)
      }
    }
    return counts.map { $0.value.holding(of: $0.key.principal) }
      .filter { !$0.grants.isEmpty || $0.barrier != nil }
      .sorted { left, right in
        (left.principal.kind.rawValue, left.principal.name, left.principal.id)
          < (right.principal.kind.rawValue, right.principal.name, right.principal.id)
      }
  }

  /// The rights of a subject at an anchor, without whether anything shows beneath. Cheap for asking about many subjects once each.
  package func rights(of subject: Subject, at anchor: NodeID, now: Int64) -> Rights {
    guard let anchor = tree.index(of: anchor) else { return [] }
    let own = index.number(of: subject.user)
    let numbers = (own.map { [$0] } ?? []) + subject.groups.compactMap { index.number(of: $0) }
    var tally = Tally()
    for folder in ruledChain(to: anchor) {
      if index.isBoundary(folder) { tally.crossBoundary() }
      for number in numbers {
        for entry in index.grants.slice(number, at: Int32(folder)) where entry.validity.contains(now) {
          if let own, Int(entry.giver) == own { continue }
          tally.count(entry.rights, of: entry.id)
        }
        for entry in index.barriers.slice(number, at: Int32(folder)) where entry.validity.contains(now) {
          tally.bar(by: entry.id)
        }
      }
    }
    return tally.rights
  }

  /// Every folder from which on a subject has other rights than above it, parents first: where rules about them stand, and boundaries
  /// that end what they have. Folders where nothing changes are left out.
  package func what(_ subject: Subject, now: Int64) -> [Reach] {
    let view = view(for: subject, now: now)
    let turns = Set(view.ruledAnchors).union(index.boundaries.keys)
    return turns.sorted().compactMap { turn in
      let standing = view.standing(at: turn)
      let parent = tree.parent(of: turn)
      let above: Rights = parent == AnchorTree.above ? [] : view.standing(at: parent).rights
      return standing.rights == above ? nil : Reach(folder: tree.folders[turn], standing: standing)
    }
  }

  /// Groups that barriers name: who is in them must be known for certain (`Identities.watch`).
  package var groupsInBarriers: [Principal] {
    Set(barriers.lazy.map(\.principal).filter { $0.kind == .group }.map(PrincipalKey.init)).map(\.principal)
  }

  /// Everyone whom a grant or a barrier names, for finding orphans.
  package var principals: [Principal] {
    Set((grants.lazy.map(\.principal)).map(PrincipalKey.init)).union(barriers.lazy.map(\.principal).map(PrincipalKey.init))
      .map(\.principal).sorted { ($0.kind.rawValue, $0.id, $0.name) < ($1.kind.rawValue, $1.id, $1.name) }
  }

  /// Rules on the folder itself, by id.
  package func grants(on folder: NodeID) -> [Grant] {
    tree.index(of: folder).map { index.grantPositions[$0].map { grants[Int($0)] } } ?? []
  }

  /// Likewise.
  package func barriers(on folder: NodeID) -> [Barrier] {
    tree.index(of: folder).map { index.barrierPositions[$0].map { barriers[Int($0)] } } ?? []
  }

  /// That stands on the folder itself.
  package func boundary(on folder: NodeID) -> Boundary? { tree.index(of: folder).flatMap { index.boundaries[$0] } }

  /// Whether two anchors lie within the same boundary and behind the same barriers, live or not (OPERATIONS row 20). A move between them
  /// then takes nothing out of a wall. False where either is no anchor.
  package func hasSameWalls(_ one: NodeID, _ other: NodeID) -> Bool {
    guard let one = tree.index(of: one), let other = tree.index(of: other) else { return false }
    return walls(at: one) == walls(at: other)
  }

  private func walls(at anchor: Int) -> [RuleID] {
    var walls: [RuleID] = []
    var isOutside = false
    for folder in ruledChain(to: anchor).reversed() {
      walls += index.barrierPositions[folder].map { barriers[Int($0)].id }
      if !isOutside, let boundary = index.boundaries[folder] {
        walls.append(boundary.id)
        isOutside = true
      }
    }
    return walls.sorted()
  }

  /// The folders with rules from the root down to an anchor.
  func ruledChain(to anchor: Int) -> [Int] {
    var chain: [Int] = []
    var next = index.ruled(from: anchor)
    while next != AnchorTree.above {
      chain.append(next)
      next = index.ruled(from: tree.parent(of: next))
    }
    return chain.reversed()
  }
}

/// What `who` counts for one principal on the way down.
private struct HoldingCount {
  var tally = Tally()
  private var counted: [Grant] = []

  mutating func count(_ grant: Grant) {
    tally.count(grant.rights, of: grant.id)
    counted.append(grant)
  }

  mutating func crossBoundary() {
    tally.crossBoundary()
    counted.removeAll { !$0.rights.contains(.grant) }
  }

  func holding(of principal: Principal) -> Holding {
    let givers = principal.kind == .group ? Set(counted.map { PrincipalKey($0.giver) }).map(\.principal) : []
    return Holding(
      principal: principal, rights: tally.rights, grants: counted.map(\.id).sorted(),
      barrier: tally.barrier == GrantsByRight.none ? nil : RuleID(tally.barrier),
      givers: givers.sorted { ($0.name, $0.id) < ($1.name, $1.id) })
  }
}
