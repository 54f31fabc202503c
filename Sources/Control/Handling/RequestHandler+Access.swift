import Access
import Vault
import VaultFS
import VaultFormat

/// Explaining: who may do what, and why.
extension RequestHandler {
  func handleAccess(_ request: ControlRequest, _ caller: Caller, _ replies: ControlReplies) throws(ControlFailure) {
    switch request {
    case .accessExplain(let question): replies.send(.explanation(try explain(question, caller)))
    case .accessWho(let question):
      let holdings = try perform(on: question.path) { () throws(AdministrationFailure) in
        try files.who(caller, at: question.path.bytes, time: question.at?.nanoseconds)
      }
      let reports = holdings.map {
        WhoReport(principal: $0.principal.wireName, rights: $0.rights, grants: $0.grants, until: nil)
      }
      replies.send(reports, as: ControlResponse.who)
    case .accessWhat(let question):
      let reaches = try perform(about: question.principal) { () throws(AdministrationFailure) in
        try files.what(caller, question.principal.description, time: question.at?.nanoseconds)
      }
      let reports = reaches.map { reach in
        WhatReport(
          path: VaultPath(of: reach.folder, files), rights: reach.standing.rights, grants: grants(of: reach.standing),
          until: reach.standing.validUntil == .max ? nil : WallTime(nanoseconds: reach.standing.validUntil))
      }
      replies.send(reports, as: ControlResponse.what)
    default: throw .malformed
    }
  }

  private func grants(of standing: Standing) -> [RuleID] {
    var ids: Set<RuleID> = []
    for (right, _) in Rights.named {
      if case .grant(let id) = standing.decision(for: right) { ids.insert(id) }
    }
    return ids.sorted()
  }

  private func explain(_ question: ExplainRequest, _ caller: Caller) throws(ControlFailure) -> ExplanationReport {
    let at = question.at ?? WallTime(nanoseconds: files.vault.latestTime())
    let answer = try perform(on: question.path, about: question.principal) { () throws(AdministrationFailure) in
      try files.explain(
        caller, question.principal.description, question.right, at: question.path.bytes, time: question.at?.nanoseconds,
        supposing: question.supposing, without: question.without)
    }
    func report(_ verdict: ExplanationReport.Verdict, _ decided: [ExplanationReport.Rule], _ near: [ExplanationReport.Rule])
      -> ExplanationReport
    {
      ExplanationReport(
        principal: question.principal, right: question.right, path: question.path, at: at, verdict: verdict, decided: decided,
        nearMisses: near)
    }
    switch answer {
    case .noSuchName: return report(.noSuchName, [], [])
    case .hiddenOrAbsent: return report(.refused, [], [])
    case .explanation(let explanation, let managed):
      let barriers = explanation.barriers.map { rule($0, managed) }
      let standing = barriers.filter { $0.effect == .decided }
      let decided = explanation.isAllowed ? explanation.deciding.map { rule($0, .decided, managed) } : standing
      let near =
        explanation.nearMisses.map { rule($0, nil, managed) } + barriers.filter { $0.effect != .decided }
        + (explanation.isAllowed ? standing : [])
      return report(explanation.isAllowed ? .allowed : .refused, decided, near)
    }
  }

  private func rule(
    _ row: Explanation.GrantRow, _ effect: ExplanationReport.Rule.Effect?, _ managed: Set<NodeID>
  ) -> ExplanationReport.Rule {
    var time = row.grant.until.map { WallTime(nanoseconds: $0) }
    var found = effect ?? .otherRights
    var review: RuleID?
    if effect == nil {
      for failing in row.failings {
        switch failing {
        case .ended(let end):
          found = .ended
          time = WallTime(nanoseconds: end)
        case .begins(let begin):
          found = .notYet
          time = WallTime(nanoseconds: begin)
        case .otherIdentity: found = .otherPrincipal
        case .suspended(let by):
          found = .suspended
          review = by
        case .ownGift: found = .givenByAsker
        case .cutOff: found = .beyondBoundary
        case .lacks: continue
        }
        break
      }
    }
    return ExplanationReport.Rule(
      kind: .grant, id: row.grant.id, path: VaultPath(of: row.grant.folder, files), via: row.by.wireName,
      rights: row.grant.rights,
      effect: found, time: time, reason: managed.contains(row.grant.folder) ? row.grant.reason : nil,
      review: review)
  }

  private func rule(_ row: Explanation.BarrierRow, _ managed: Set<NodeID>) -> ExplanationReport.Rule {
    let isManaged = managed.contains(row.barrier.folder)
    var effect = ExplanationReport.Rule.Effect.decided
    var time = row.barrier.until.map { WallTime(nanoseconds: $0) }
    if let failing = row.failings.first {
      switch failing {
      case .ended(let end):
        effect = .ended
        time = WallTime(nanoseconds: end)
      case .begins(let begin):
        effect = .notYet
        time = WallTime(nanoseconds: begin)
      default: effect = .otherPrincipal
      }
    }
    return ExplanationReport.Rule(
      kind: .barrier, id: row.barrier.id, path: VaultPath(of: row.barrier.folder, files), via: row.by.wireName, effect: effect,
      time: time, name: isManaged ? row.barrier.name : nil, reason: isManaged ? row.barrier.reason : nil)
  }
}
