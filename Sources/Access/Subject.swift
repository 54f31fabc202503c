import Synchronization
package import VaultFormat

/// Who asks, as the system knows them: a user and the groups they are in. Immutable.
///
/// `Identities` gives out the same object until something changes, so a cache may compare by `===` or by `number`.
package final class Subject: Sendable, Hashable {
  package let user: Principal
  /// In order of id, each once; their order means nothing.
  package let groups: [Principal]
  /// Differs between any two objects of this process; never reused.
  package let number: UInt64

  private static let lastNumber = Atomic<UInt64>(0)

  package init(user: Principal, groups: [Principal]) {
    self.user = user
    var seen: Set<PrincipalKey> = []
    self.groups =
      groups.filter { seen.insert(PrincipalKey($0)).inserted }
      .sorted { ($0.id, $0.name) < ($1.id, $1.name) }
    number = Self.lastNumber.add(1, ordering: .relaxed).newValue
  }

  /// One principal by itself: a user without groups, or anyone who is in this one group and nothing else. For administrators' questions.
  package convenience init(alone principal: Principal) { self.init(user: principal, groups: []) }

  /// Whether a rule that names `principal` is about this subject.
  package func isNamed(by principal: Principal) -> Bool {
    user.isExactly(principal) || groups.contains { $0.isExactly(principal) }
  }

  /// The same user in the same groups, whichever object says so.
  package static func == (left: Subject, right: Subject) -> Bool {
    left === right || (left.user.isExactly(right.user) && left.groups.elementsEqual(right.groups) { $0.isExactly($1) })
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(PrincipalKey(user)) }
}
