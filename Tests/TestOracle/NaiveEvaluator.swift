package import VaultFormat

/// DESIGN §6 a second time, sentence by sentence, without any index, over every folder there is. Shares no code with Access.
package struct NaiveEvaluator {
  package var grants: [Grant]
  package var barriers: [Barrier]
  package var boundaries: [Boundary]
  /// By the grant's number.
  package var suspensions: [RuleID: Suspension] = [:]
  /// Every folder, with rules or without.
  package var parents: [NodeID: NodeID]

  package init(grants: [Grant], barriers: [Barrier], boundaries: [Boundary], parents: [NodeID: NodeID]) {
    self.grants = grants
    self.barriers = barriers
    self.boundaries = boundaries
    self.parents = parents
  }

  package struct Person {
    package var user: Principal
    package var groups: [Principal]

    package init(user: Principal, groups: [Principal]) {
      self.user = user
      self.groups = groups
    }
  }

  package func chain(_ folder: NodeID) -> [NodeID] {
    var chain = [folder]
    while let parent = parents[chain.last!], parent != .none { chain.append(parent) }
    return chain  // from the folder up
  }

  package func same(_ one: Principal, _ other: Principal) -> Bool {
    one.kind == other.kind && one.id == other.id && Array(one.name.utf8) == Array(other.name.utf8)
  }

  package func names(_ principal: Principal, _ person: Person) -> Bool {
    ([person.user] + person.groups).contains { same($0, principal) }
  }

  package func isLive(_ from: Int64?, _ until: Int64?, _ now: Int64) -> Bool {
    if let from, now < from { return false }
    if let until, now >= until { return false }
    return true
  }

  package func isBarred(_ person: Person, _ folder: NodeID, _ now: Int64) -> Bool {
    let chain = chain(folder)
    return barriers.contains { chain.contains($0.folder) && names($0.principal, person) && isLive($0.from, $0.until, now) }
  }

  package func rights(_ person: Person, _ folder: NodeID, _ now: Int64) -> Rights {
    if isBarred(person, folder, now) { return [] }
    let chain = chain(folder)
    let nearest = chain.firstIndex { place in boundaries.contains { $0.folder == place } } ?? chain.count - 1
    var rights: Rights = []
    for grant in grants
    where names(grant.principal, person) && isLive(grant.from, grant.until, now) && !same(grant.giver, person.user) {
      if let suspension = suspensions[grant.id], now >= suspension.from { continue }
      guard let place = chain.firstIndex(of: grant.folder) else { continue }
      if place <= nearest { rights.formUnion(grant.rights) } else { rights.formUnion(grant.rights.intersection(.grant)) }
    }
    return rights.contains(.list) ? rights : rights.intersection(.grant)
  }

  package func isSeeing(_ person: Person, _ folder: NodeID, _ now: Int64) -> Bool {
    let rights = rights(person, folder, now)
    return rights.contains(.list) || rights.contains(.grant)
  }

  /// Of all folders: which are visible, and which of those only as bare chain.
  package func visible(_ person: Person, _ now: Int64) -> (visible: Set<NodeID>, bare: Set<NodeID>) {
    visible(Set(parents.keys.filter { isSeeing(person, $0, now) }))
  }

  /// The same, where it is known which folders somebody has `list` or `grant` at.
  package func visible(_ seeing: Set<NodeID>) -> (visible: Set<NodeID>, bare: Set<NodeID>) {
    var visible: Set<NodeID> = [.root]
    for folder in seeing { visible.formUnion(chain(folder)) }
    return (visible, visible.subtracting(seeing))
  }
}
