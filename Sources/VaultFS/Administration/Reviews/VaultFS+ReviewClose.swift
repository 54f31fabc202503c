import Access
import Vault
package import VaultFormat

/// Closing a review.
extension VaultFS {
  /// Suspends what nobody answered, and takes no more answers but for that.
  package func closeReview(_ caller: Caller, _ id: RuleID, reason: String) throws(AdministrationFailure) -> ReviewSummary {
    try changingRules(caller) { change throws(AdministrationFailure) in
      try closeReview(change, id, reason: reason)
    }
  }

  private func closeReview(
    _ change: RuleChange, _ id: RuleID, reason: String
  ) throws(AdministrationFailure) -> ReviewSummary {
    let judge = try manager(change)
    guard Self.isText(reason, byteCountMax: 4096) else { throw .badText }
    let state = try ReviewState(self, now: judge.now, with: id)
    guard var review = state.reviews[id] else { throw .noSuchReview(id) }
    let place = try closingPlace(of: review, judge)
    // Whoever manages none of it learns nothing of it.
    guard place.standing.allows(.grant) else {
      if try reviews(judge).contains(where: { $0.review.id == id }) {
        try allow(judge, place.folder) { () throws(AdministrationError) in throw .lacksGrant(at: place.folder.id) }
      }
      throw .noSuchReview(id)
    }
    try requireRootDuty(place.folder, judge)
    guard review.closing == nil else { throw .refused(.reviewClosed(id)) }
    review.closing = AccessReview.Closing(closer: judge.subject.user, reason: reason, closed: judge.now)
    let items = state.items(of: id)
    let unanswered = items.compactMap { item in item.answer == nil ? state.grants[item.grant.id] : nil }
    let suspensions = try suspensions(of: unanswered, for: review, from: judge.now, change)

    var records: [Record] = []
    // Those that began by themselves when the review was due are told of now.
    let begun = unanswered.compactMap { state.suspensions[$0.id] }.filter { $0.review == id && $0.from <= judge.now }
    for suspension in begun + suspensions {
      guard let grant = state.grants[suspension.grant] else { continue }
      var record = record(of: review, "suspended", judge, try self.standing(atRule: grant.folder, judge) ?? place, reason: reason)
      record.details += [
        Record.Detail("rule", String(grant.id.value)), Record.Detail("to", grant.principal.description),
        Record.Detail("rights", grant.rights.names),
      ]
      records.append(record)
    }
    var closed = record(of: review, "closed", judge, place, reason: reason)
    for decision in ReviewItem.Decision.allCases {
      closed.details.append(Record.Detail(decision.name, String(items.count { $0.answer?.decision == decision })))
    }
    closed.details.append(Record.Detail("suspended", String(begun.count + suspensions.count)))
    try commit([.putReview(review)] + suspensions.map { .suspend($0) }, records + [closed], change)
    return ReviewState(self, now: judge.now).summary(of: review, items)
  }

  /// The folder that a review is of; the root where it is gone.
  private func closingPlace(of review: AccessReview, _ judge: Judge) throws(AdministrationFailure) -> Place {
    if let place = try standing(atRule: review.scope, judge) { return place }
    guard let root = try standing(atRule: .root, judge) else { throw .noSuchReview(review.id) }
    return root
  }
}
