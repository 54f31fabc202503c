import Access
import VaultFS
import VaultFormat

/// Reviews of grants.
extension RequestHandler {
  func handleReviews(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    var reporter = RuleReporter(files)
    switch request {
    case .reviewOpen(let new):
      let review = try perform(on: new.path) { () throws(AdministrationFailure) in
        try files.openReview(
          caller, of: new.path.bytes, due: new.due.nanoseconds, reason: new.reason, suspendsWhenDue: new.suspendsWhenDue)
      }
      replies.send(.reviews([reporter.report(review)]))
    case .reviewList:
      let reviews = try perform { () throws(AdministrationFailure) in try files.reviews(caller) }
      replies.send(reviews.map { reporter.report($0) }, as: ControlResponse.reviews)
    case .reviewShow(let wanted):
      let (review, items) = try perform(about: wanted.owner) { () throws(AdministrationFailure) in
        try files.review(caller, wanted.id, owner: wanted.owner?.description)
      }
      replies.send(.reviews([reporter.report(review)]))
      replies.send(items.map { reporter.report($0) }, as: ControlResponse.reviewItems)
    case .reviewDecide(let answers):
      let steps = try perform { () throws(AdministrationFailure) in
        try files.decide(caller, answers.id, answers.lines.map { ReviewAnswerLine($0) }, isDryRun: answers.isDryRun)
      }
      replies.send(steps.map { reporter.report($0) }, as: ControlResponse.reviewSteps)
    case .reviewClose(let old):
      let review = try perform { () throws(AdministrationFailure) in
        try files.closeReview(caller, old.id, reason: old.reason)
      }
      replies.send(.reviews([reporter.report(review)]))
    default: throw .malformed
    }
  }
}

extension ReviewAnswerLine {
  init(_ line: ReviewDecideRequest.Line) {
    self.init(
      line: line.line, grant: line.grant, decision: line.decision, rights: line.rights, until: line.until?.nanoseconds,
      note: line.note)
  }
}
