/// Access: who may do what, decided by pure functions over values; and who somebody is, asked of the operating system.
///
/// *Principal* a user or group, by kind, name and id, all three · *subject* who asks: a user and the groups they are in · *right*,
/// *grant*, *barrier*, *boundary* as in docs/rights.md · *live* within the time a rule says · *anchor* a folder that carries a rule, or
/// an ancestor of one; every other folder stands as its nearest anchor above does · *chain* the folders from the root down to one ·
/// *tally* what was counted on a chain · *standing* what a subject may at a folder, and why · *bare chain* a folder shown only because
/// something visible lies beneath · *view* all standings of one subject · *own gift* a grant that its own giver would profit from: never
/// counted for them.
///
/// One rule decides everything: `Tally`. `SubjectView` (the mount), `RightsTable.explain` and `RightsTable.who` (administrators) all
/// count with it, so that they cannot disagree.
package import VaultFormat

extension Principal {
  /// The same kind, id and name, byte for byte. (`==` would take two Unicode spellings of a name for one.)
  package func isExactly(_ other: Principal) -> Bool {
    kind == other.kind && id == other.id && name.utf8.elementsEqual(other.name.utf8)
  }
}

/// A principal as a key: equal only byte for byte. Hashes kind and id alone, so looking one up builds and reads no text.
struct PrincipalKey: Hashable {
  let principal: Principal

  init(_ principal: Principal) { self.principal = principal }

  static func == (left: PrincipalKey, right: PrincipalKey) -> Bool { left.principal.isExactly(right.principal) }

  func hash(into hasher: inout Hasher) {
    hasher.combine(principal.kind)
    hasher.combine(principal.id)
  }
}

/// When a rule holds: from inclusive, until exclusive, wall nanoseconds.
struct Validity: Hashable {
  /// Unlimited ends are the ends of Int64.
  let from: Int64
  let until: Int64

  init(from: Int64?, until: Int64?) {
    self.from = from ?? .min
    self.until = until ?? .max
  }

  /// A suspended grant ends when its suspension begins.
  init(of grant: Grant, _ suspension: Suspension?) {
    from = grant.from ?? .min
    until = min(grant.until ?? .max, suspension?.from ?? .max)
  }

  @inline(__always)
  func contains(_ now: Int64) -> Bool { from <= now && now < until }
}

/// The stretch of time around `now` in which no rule that was looked at begins or ends.
struct Stretch {
  let now: Int64
  private(set) var from = Int64.min
  private(set) var until = Int64.max

  init(around now: Int64) { self.now = now }

  mutating func look(at validity: Validity) {
    guard validity.from < validity.until else { return }
    for end in [validity.from, validity.until] where end != .min && end != .max {
      if end <= now { from = max(from, end) } else { until = min(until, end) }
    }
  }
}
