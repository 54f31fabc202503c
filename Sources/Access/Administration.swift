package import VaultFormat

/// Why a change of rules is refused.
package enum AdministrationError: Error, Hashable, Sendable {
  /// `grant` is needed at this folder.
  case lacksGrant(at: NodeID)
  /// The rule names the one who acts, or a group they are in.
  case forThemself(Principal)
  /// The rule says that somebody else made it.
  case otherMaker(Principal)
  /// It ends before it begins, or has ended already.
  case neverValid
  /// It gives no right.
  case givesNothing
  /// One boundary a folder.
  case boundaryStands(RuleID)
  case noBoundary(at: NodeID)
  /// Above the root there is nothing that a boundary could stop.
  case boundaryAtRoot
  /// This duty is needed, and whoever acts has it not.
  case lacksDuty(Duty.Kind)
  /// The principal has, or would have, two duties that no one person may have.
  case dutiesConflict(Duty.Kind, Duty.Kind, of: Principal)
  /// The principal has, or would have, a duty and a right that no one person may have.
  case dutyForbids(Duty.Kind, Rights, of: Principal)
  case dutyStands(RuleID)
  /// Nobody says of a grant that names them, or a group they are in, whether it is to stay.
  case ownAccess(Principal)
  /// What is to stand instead gives no less.
  case notSmaller
  /// The review is closed, and what it asked for was answered in time.
  case reviewClosed(RuleID)
  /// A review is due after it was opened.
  case dueInPast
  /// There is no grant that the opener may manage.
  case nothingToReview
  /// Nobody else would be left to say who has which duty, or to manage rights at the root.
  case lastAdministrator
}

/// Who may change which rules. Pure: `standing` is the acting subject's own at the rule's folder (at its nearest anchor, where it is
/// none), as the evaluator gives it. Each function returns for yes and throws why not; `lacksGrant` comes before anything that would tell
/// an outsider more.
package enum Administration {
  /// The giver of a vault's first grants. They cannot be their receiver's own: nobody profits from what they gave. No system has this uid.
  package static let founder = Principal(kind: .user, name: "strongroom-init", id: .max)

  /// Asking about others (`explain`, `who`, `what`, lists of rules) at a folder.
  package static func mayAskAboutOthers(at folder: NodeID, _ standing: Standing) throws(AdministrationError) {
    guard standing.allows(.grant) else { throw .lacksGrant(at: folder) }
  }

  /// Any right, held or not, at a folder where the giver has `grant`; never to themself or to a group they are in now. (Should they join
  /// the group later, the evaluator still does not count it for them.)
  package static func mayGive(_ grant: Grant, by subject: Subject, _ standing: Standing, now: Int64) throws(AdministrationError) {
    guard standing.allows(.grant) else { throw .lacksGrant(at: grant.folder) }
    guard subject.user.isExactly(grant.giver) else { throw .otherMaker(grant.giver) }
    guard !subject.isNamed(by: grant.principal) else { throw .forThemself(grant.principal) }
    guard !grant.rights.isEmpty else { throw .givesNothing }
    try checkValidity(grant.from, grant.until, now: now)
  }

  /// Anyone's grant, whoever gave it, but not one to themself. One to a group they are in may be revoked: it only takes away.
  package static func mayRevoke(_ grant: Grant, by subject: Subject, _ standing: Standing) throws(AdministrationError) {
    guard standing.allows(.grant) else { throw .lacksGrant(at: grant.folder) }
    guard !subject.user.isExactly(grant.principal) else { throw .forThemself(grant.principal) }
  }

  /// Whether a grant is to stay says whoever has `grant` at its folder and is neither named by it nor in the group that is: also its giver,
  /// who has nothing from it.
  package static func mayAnswer(for grant: Grant, by subject: Subject, _ standing: Standing) throws(AdministrationError) {
    guard standing.allows(.grant) else { throw .lacksGrant(at: grant.folder) }
    guard !subject.isNamed(by: grant.principal) else { throw .ownAccess(grant.principal) }
  }

  /// What stands instead of a grant that is shrunk gives some of its rights, or ends sooner, and in nothing more.
  package static func checkSmaller(_ new: Grant, than old: Grant) throws(AdministrationError) {
    let (newEnd, oldEnd) = (new.until ?? .max, old.until ?? .max)
    guard new.rights.isSubset(of: old.rights), newEnd <= oldEnd, new.rights != old.rights || newEnd < oldEnd else {
      throw .notSmaller
    }
  }

  /// A barrier against anyone but themself and the groups they are in: they would lose the right to lift it as they raise it.
  package static func mayRaise(_ barrier: Barrier, by subject: Subject, _ standing: Standing, now: Int64)
    throws(AdministrationError)
  {
    guard standing.allows(.grant) else { throw .lacksGrant(at: barrier.folder) }
    guard subject.user.isExactly(barrier.owner) else { throw .otherMaker(barrier.owner) }
    guard !subject.isNamed(by: barrier.principal) else { throw .forThemself(barrier.principal) }
    try checkValidity(barrier.from, barrier.until, now: now)
  }

  /// Its owner, with or without `grant`, or someone who has `grant` at the folder and at its parent (at the root: at the root); never
  /// someone it names, whether it is live or not.
  /// - Parameter parentStanding: nil where the barrier stands at the root.
  package static func mayLift(
    _ barrier: Barrier, by subject: Subject, _ standing: Standing, parentStanding: Standing?
  ) throws(AdministrationError) {
    let isOwner = subject.isNamed(by: barrier.owner)
    let isAbove = parentStanding?.allows(.grant) ?? true
    if subject.isNamed(by: barrier.principal) {
      let knows = isOwner || standing.allows(.grant) || (parentStanding?.allows(.grant) ?? false)
      throw knows ? .forThemself(barrier.principal) : .lacksGrant(at: barrier.folder)
    }
    guard isOwner || (isAbove && standing.allows(.grant)) else { throw .lacksGrant(at: barrier.folder) }
  }

  /// `grant` at the folder and at its parent, so that nobody walls their own part off from those above.
  /// - Parameters:
  ///   - parentStanding: nil for the root.
  ///   - existing: the boundary that stands there.
  package static func maySetBoundary(
    at folder: NodeID, parent: NodeID, _ standing: Standing, parentStanding: Standing?, existing: Boundary?
  ) throws(AdministrationError) {
    try checkBothEnds(folder, parent, standing, parentStanding)
    if let existing { throw .boundaryStands(existing.id) }
  }

  /// As setting it; the boundary has to be there.
  package static func mayClearBoundary(
    at folder: NodeID, parent: NodeID, _ standing: Standing, parentStanding: Standing?, existing: Boundary?
  ) throws(AdministrationError) {
    try checkBothEnds(folder, parent, standing, parentStanding)
    guard existing != nil else { throw .noBoundary(at: folder) }
  }

  private static func checkBothEnds(
    _ folder: NodeID, _ parent: NodeID, _ standing: Standing, _ parentStanding: Standing?
  ) throws(AdministrationError) {
    guard standing.allows(.grant) else { throw .lacksGrant(at: folder) }
    guard let parentStanding else { throw .boundaryAtRoot }
    guard parentStanding.allows(.grant) else { throw .lacksGrant(at: parent) }
  }

  private static func checkValidity(_ from: Int64?, _ until: Int64?, now: Int64) throws(AdministrationError) {
    guard let until else { return }
    guard until > now, until > from ?? .min else { throw .neverValid }
  }
}
