import Access
import Vault
package import VaultFormat

/// Answering a review. An answer counts at once: what is revoked or shrunk does not wait for the review's end.
extension VaultFS {
  /// Takes all answers or none. One that says what was answered already changes nothing. After the review is closed, what nobody had
  /// answered still can be.
  ///
  /// - Returns: a step for each line that is not void. Nothing was done where one is a problem, or in a dry run; else all is on disk.
  package func decide(
    _ caller: Caller, _ id: RuleID, _ lines: [ReviewAnswerLine], isDryRun: Bool
  ) throws(AdministrationFailure) -> [ReviewStep] {
    try changingRules(caller) { change throws(AdministrationFailure) in
      try decide(change, id, lines, isDryRun: isDryRun)
    }
  }

  private func decide(
    _ change: RuleChange, _ id: RuleID, _ lines: [ReviewAnswerLine], isDryRun: Bool
  ) throws(AdministrationFailure) -> [ReviewStep] {
    let judge = try manager(change)
    let state = try ReviewState(self, now: judge.now, with: id)
    let (review, items) = try managed(id, state, judge)
    var answering = ReviewAnswering(judge: judge, review: review, state: state, items: items)
    var hasProblem = false
    for line in lines {
      do throws(AdministrationFailure) { try answering.take(line, self) } catch {
        hasProblem = true
        answering.steps.append(.problem(line: line.line, grant: line.grant, error))
      }
    }
    try requireRootManager(without: answering.gone, with: answering.given, change)
    guard !isDryRun, !hasProblem, !answering.steps.isEmpty else { return answering.steps }
    return try carryOut(answering, change)
  }

  private func carryOut(_ answering: ReviewAnswering, _ change: RuleChange) throws(AdministrationFailure) -> [ReviewStep] {
    let judge = answering.judge
    var edits: [RuleEdit] = []
    var records: [Record] = []
    var done: [ReviewStep] = []
    for case .answer(let line, var item, var successor, let lifts) in answering.steps {
      guard let answer = item.answer, let old = answering.state.grants[answering.standing(of: item)],
        let place = try standing(atRule: old.folder, judge)
      else { throw .notInReview(item.grant.id) }
      if successor != nil {
        successor!.id = try newRuleID()
        item.answer?.successor?.id = successor!.id
      }
      var said = record(of: answering.review, "decided", judge, place, reason: answer.note)
      said.details += [
        Record.Detail("rule", String(old.id.value)), Record.Detail("to", old.principal.description),
        Record.Detail("decision", answer.decision.name),
      ]
      if lifts, answer.decision == .keep { said.details.append(Record.Detail("restored", "true")) }
      records.append(said)
      func change(_ action: Record.Action, _ grant: Grant) {
        var record = record(of: grant, action, judge, place, reason: answer.note)
        record.details.append(Record.Detail("review", String(answering.review.id.value)))
        records.append(record)
      }
      edits.append(.putReviewItem(item))
      switch answer.decision {
      case .keep:
        if let next = answering.state.suspension(of: old.id, besides: answering.review.id) {
          edits.append(.suspend(next))
        } else if let suspension = answering.state.suspensions[old.id] {
          edits.append(.resume(suspension))
        }
      case .revoke, .shrink:
        change(.revoke, old)
        edits.append(.remove(.grant(old)))
        if let successor {
          change(.grant, successor)
          edits.append(.add(.grant(successor)))
        }
      }
      done.append(.answer(line: line, item, successor: successor, lifts: lifts))
    }
    try commit(edits, records, change)
    return done
  }
}

/// Answers judged one by one.
private struct ReviewAnswering {
  let judge: Judge
  let review: AccessReview
  let state: ReviewState
  /// By the numbers of the grants that were asked for, and of those that stand for them now.
  private var items: [RuleID: ReviewItem] = [:]
  private var mentioned: [RuleID: Int] = [:]
  var steps: [ReviewStep] = []
  private(set) var gone: Set<RuleID> = []
  private(set) var given: [Grant] = []

  init(judge: Judge, review: AccessReview, state: ReviewState, items: [ReviewItem]) {
    self.judge = judge
    self.review = review
    self.state = state
    for item in items {
      self.items[item.grant.id] = item
      self.items[item.standing] = item
    }
  }

  /// The number of the grant that an item was about before its answer in these steps.
  func standing(of item: ReviewItem) -> RuleID { items[item.grant.id]?.standing ?? item.grant.id }

  mutating func take(_ line: ReviewAnswerLine, _ files: VaultFS) throws(AdministrationFailure) {
    guard VaultFS.isText(line.note, byteCountMax: 4096) else { throw .badText }
    guard let item = items[line.grant] else { throw .notInReview(line.grant) }
    if let earlier = mentioned.updateValue(line.line, forKey: item.id) { throw .repeatsLine(earlier) }
    if isAnswered(item, line) { return }
    if review.closing != nil, item.answer != nil { throw .refused(.reviewClosed(review.id)) }
    guard let grant = state.grants[item.standing], let place = try files.standing(atRule: grant.folder, judge),
      place.standing.allows(.grant)
    else { throw .noSuchRule(line.grant) }
    let (subject, now) = (judge.subject, judge.now)
    try files.allow(judge, place.folder) { () throws(AdministrationError) in
      try Administration.mayAnswer(for: grant, by: subject, place.standing)
    }
    try files.requireRootDuty(place.folder, judge)
    var answered = item
    answered.answer = ReviewItem.Answer(decision: line.decision, by: subject.user, note: line.note, given: now)
    var successor: Grant?
    if line.decision == .shrink {
      let new = shrunk(grant, line)
      try files.allow(judge, place.folder) { () throws(AdministrationError) in
        try Administration.checkSmaller(new, than: grant)
        try Administration.mayGive(new, by: subject, place.standing, now: now)
      }
      answered.answer?.successor = ReviewItem.Successor(id: new.id, rights: new.rights, until: new.until)
      successor = new
      given.append(new)
    }
    if line.decision != .keep { gone.insert(grant.id) }
    steps.append(
      .answer(line: line.line, answered, successor: successor, lifts: state.suspensions[grant.id] != nil))
  }

  /// Whether the line says what was answered already.
  private func isAnswered(_ item: ReviewItem, _ line: ReviewAnswerLine) -> Bool {
    guard let answer = item.answer, answer.decision == line.decision else { return false }
    guard let successor = answer.successor else { return true }
    return (line.rights ?? successor.rights) == successor.rights && (line.until ?? successor.until) == successor.until
  }

  private func shrunk(_ grant: Grant, _ line: ReviewAnswerLine) -> Grant {
    var new = grant
    new.id = RuleID(0)
    if let rights = line.rights { new.rights = rights }
    if let until = line.until { new.until = until }
    new.giver = judge.subject.user
    new.given = judge.now
    new.reason = line.note
    return new
  }
}
