package import VaultFormat

/// All duties of a vault at one moment, and what they allow together. Pure.
package struct Duties: Sendable {
  package let all: [Duty]

  package init(_ all: [Duty]) { self.all = all }

  /// Duties that one person may not have together, and why (docs/rights.md).
  package static let apart: [(Duty.Kind, Duty.Kind)] = [
    (.administrator, .reviewer), (.administrator, .operator), (.reviewer, .operator), (.reviewer, .recordsOfficer),
  ]

  /// Rights that one person may not have beside a duty: reviewers give none, and operators read nothing.
  package static let forbidden: [(duty: Duty.Kind, right: Rights)] = [(.reviewer, .grant), (.operator, .read)]

  /// The duties of a subject, as a user and by their groups, in the order of their numbers.
  package func kinds(of subject: Subject) -> [Duty.Kind] {
    let held = Set(all.lazy.filter { subject.isNamed(by: $0.principal) }.map(\.kind))
    return Duty.Kind.allCases.filter { held.contains($0) }
  }

  /// The first two of these duties that no one person may have together.
  package static func conflict(among kinds: [Duty.Kind]) -> (Duty.Kind, Duty.Kind)? {
    apart.first { kinds.contains($0.0) && kinds.contains($0.1) }
  }

  /// That a subject has a duty, and no other beside it that may not be: a group that somebody came into can end that.
  package func require(_ kind: Duty.Kind, of subject: Subject) throws(AdministrationError) {
    let kinds = kinds(of: subject)
    guard kinds.contains(kind) else { throw .lacksDuty(kind) }
    for (one, other) in Self.apart where one == kind || other == kind {
      if kinds.contains(one), kinds.contains(other) { throw .dutiesConflict(one, other, of: subject.user) }
    }
  }

  /// That a subject has no duty that forbids a right.
  package func requireNone(against right: Rights, of subject: Subject) throws(AdministrationError) {
    let kinds = kinds(of: subject)
    for (duty, forbidden) in Self.forbidden where right.contains(forbidden) && kinds.contains(duty) {
      throw .dutyForbids(duty, forbidden, of: subject.user)
    }
  }

  /// Users with duties: those of whom it can be told whether they are in a group.
  package var users: [Principal] {
    var users: [Principal] = []
    for duty in all where duty.principal.kind == .user && !users.contains(where: { $0.isExactly(duty.principal) }) {
      users.append(duty.principal)
    }
    return users
  }

  // MARK: Who may change them

  /// An administrator, never for themself or a group they are in; nothing that brings two duties, or a duty and a right, to one person
  /// that may not be.
  /// - Parameters:
  ///   - concerned: the principal by itself or, of a user, with their groups; of a group also the users known to be in it.
  ///   - grants: all grants.
  package func mayGive(
    _ duty: Duty, by subject: Subject, concerned: [Subject], grants: [Grant], now: Int64
  ) throws(AdministrationError) {
    try require(.administrator, of: subject)
    guard subject.user.isExactly(duty.giver) else { throw .otherMaker(duty.giver) }
    guard !subject.isNamed(by: duty.principal) else { throw .forThemself(duty.principal) }
    if let same = all.first(where: { $0.kind == duty.kind && $0.principal.isExactly(duty.principal) }) {
      throw .dutyStands(same.id)
    }
    for person in concerned {
      for kind in kinds(of: person) {
        if let (one, other) = Self.conflict(among: [kind, duty.kind]) { throw .dutiesConflict(one, other, of: person.user) }
      }
      for (kind, right) in Self.forbidden where kind == duty.kind {
        let isGiven = grants.contains { $0.rights.contains(right) && !$0.hasEnded(by: now) && person.isNamed(by: $0.principal) }
        if isGiven { throw .dutyForbids(kind, right, of: person.user) }
      }
    }
  }

  /// An administrator, never their own or that of a group they are in, and never the last administrator's.
  /// - Parameter isCurrent: whether a principal is still somebody.
  package func mayTake(
    _ duty: Duty, by subject: Subject, isCurrent: (Principal) throws(IdentityError) -> Bool
  ) throws(DutyTakingError) {
    do throws(AdministrationError) {
      try require(.administrator, of: subject)
      guard !subject.isNamed(by: duty.principal) else { throw .forThemself(duty.principal) }
    } catch { throw .refused(error) }
    guard duty.kind == .administrator else { return }
    do throws(IdentityError) {
      for other in all where other.kind == .administrator && other.id != duty.id {
        if try isCurrent(other.principal) { return }
      }
    } catch { throw .identity(error) }
    throw .refused(.lastAdministrator)
  }
}

/// Why a duty is not taken.
package enum DutyTakingError: Error, Hashable, Sendable {
  case refused(AdministrationError)
  /// It could not be established who is left.
  case identity(IdentityError)
}

extension Grant {
  /// Within its time.
  package func isLive(at now: Int64) -> Bool { Validity(from: from, until: until).contains(now) }

  /// Its time is over; one that has not begun has not ended.
  package func hasEnded(by now: Int64) -> Bool { until.map { $0 <= now } ?? false }

  /// Whether it makes its principal one who manages rights at the root, for good. What is suspended, or will be, does not.
  package func isOfRootManager(at now: Int64, suspensions: [RuleID: Suspension]) -> Bool {
    suspensions[id] == nil && folder == .root && rights.contains(.grant) && until == nil && isLive(at: now)
      && !giver.isExactly(principal)
  }
}
