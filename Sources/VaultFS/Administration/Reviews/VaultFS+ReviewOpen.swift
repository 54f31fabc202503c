import Access
import Vault
import VaultFormat

/// Opening a review of grants.
extension VaultFS {
  /// Asks for every grant at a folder and below it that the opener may manage, as it stands now.
  ///
  /// - Parameters:
  ///   - due: wall nanoseconds.
  ///   - suspendsWhenDue: what nobody answered gives nothing from `due` on, closed or not.
  /// - Returns: the review, on disk.
  package func openReview(
    _ caller: Caller, of path: [UInt8], due: Int64, reason: String, suspendsWhenDue: Bool
  ) throws(AdministrationFailure) -> ReviewSummary {
    try changingRules(caller) { change throws(AdministrationFailure) in
      try openReview(change, of: path, due: due, reason: reason, suspendsWhenDue: suspendsWhenDue)
    }
  }

  private func openReview(
    _ change: RuleChange, of path: [UInt8], due: Int64, reason: String, suspendsWhenDue: Bool
  ) throws(AdministrationFailure) -> ReviewSummary {
    let judge = try manager(change)
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    let (folder, standing) = try findFolder(path, judge)
    try allow(judge, folder) { () throws(AdministrationError) in try Administration.mayAskAboutOthers(at: folder.id, standing) }
    try requireRootDuty(folder, judge)
    guard due > judge.now else { throw .refused(.dueInPast) }
    let review = AccessReview(
      id: try newRuleID(), scope: folder.id, opener: judge.subject.user, reason: reason, opened: judge.now, due: due,
      suspendsWhenDue: suspendsWhenDue)
    let items = try items(for: review, scope: folder, change)
    guard !items.isEmpty else { throw .refused(.nothingToReview) }

    var edits: [RuleEdit] = [.putReview(review)] + items.map { .putReviewItem($0) }
    if suspendsWhenDue { edits += try suspensions(of: items.map(\.grant), for: review, from: due, change).map { .suspend($0) } }
    var record = record(of: review, "opened", judge, (folder, standing), reason: reason)
    record.details += [
      Record.Detail("due", String(due)), Record.Detail("grants", String(items.count)),
      Record.Detail("unassigned", String(items.count { $0.owner == nil })),
      Record.Detail("suspends-when-due", suspendsWhenDue ? "true" : "false"),
    ]
    try commit(edits, [record], change)
    return ReviewState(self, now: judge.now).summary(of: review, items)
  }

  /// One for each grant that has not ended.
  private func items(for review: AccessReview, scope: Node, _ change: RuleChange) throws(AdministrationFailure) -> [ReviewItem] {
    let judge = change.judge
    let uses = vault.uses
    let countedSince = vault.countedSince
    var owners = ReviewOwners(self, change)
    var items: [ReviewItem] = []
    for grant in vault.grants where !grant.hasEnded(by: judge.now) {
      guard try isListed(grant.folder, nil, scope, judge), let place = try self.standing(atRule: grant.folder, judge) else {
        continue
      }
      items.append(
        ReviewItem(
          id: try newRuleID(), review: review.id, grant: grant, owner: try owners.owner(of: grant, on: place.folder),
          use: uses[grant.id], countedSince: max(grant.given, countedSince)))
    }
    return items
  }

  /// Suspensions of grants that nobody answers for. One is left out where nobody would be left to manage rights at the root: the lowest
  /// of theirs whose holder the system still knows. So is what is suspended sooner.
  func suspensions(
    of grants: [Grant], for review: AccessReview, from time: Int64, _ change: RuleChange
  ) throws(AdministrationFailure) -> [Suspension] {
    let judge = change.judge
    let present = vault.suspensions
    let ids = Set(grants.map(\.id))
    let managers = vault.grants.filter { $0.isOfRootManager(at: judge.now, suspensions: present) }
    var spared: RuleID?
    if managers.contains(where: { ids.contains($0.id) }) {
      let others = managers.filter { !ids.contains($0.id) }
      if try firstCurrent(others, change) == nil { spared = try firstCurrent(managers, change) }
    }
    return grants.filter { $0.id != spared && (present[$0.id].map { time < $0.from } ?? true) }.map {
      Suspension(grant: $0.id, review: review.id, from: time, maker: judge.subject.user)
    }
  }

  private func firstCurrent(_ grants: [Grant], _ change: RuleChange) throws(AdministrationFailure) -> RuleID? {
    for grant in grants {
      do throws(IdentityError) { if try change.state(of: grant.principal) == .current { return grant.id } } catch {
        throw .identity(error)
      }
    }
    return nil
  }

  /// What the trail says of a review.
  func record(of review: AccessReview, _ change: String, _ judge: Judge, _ place: Place, reason: String) -> Record {
    var record = Record(.certify)
    record.actor = actor(judge)
    record.object = object(place.folder)
    record.decision = place.standing.decision(for: .grant)
    record.details = [
      Record.Detail("change", change), Record.Detail("review", String(review.id.value)), Record.Detail("reason", reason),
    ]
    return record
  }
}
