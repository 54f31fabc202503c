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
      replies.send(try who(question, caller), as: ControlResponse.who)
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

  /// How long the system is asked who of them is still somebody: of ten thousand some can stay unknown.
  private static let orphanPatience: Int64 = 500_000_000

  func who(_ question: WhoRequest, _ caller: Caller) throws(ControlFailure) -> [WhoReport] {
    let holdings = try perform(on: question.path) { () throws(AdministrationFailure) in
      try files.who(caller, at: question.path.bytes, time: question.at?.nanoseconds)
    }
    var orphans = OrphanCheck(files, patience: Self.orphanPatience)
    return holdings.map {
      WhoReport(
        principal: $0.principal.wireName, isOrphan: orphans.isOrphan($0.principal), rights: $0.rights, grants: $0.grants,
        until: nil)
    }
  }

  private func grants(of standing: Standing) -> [RuleID] {
    var ids: Set<RuleID> = []
    for (right, _) in Rights.named {
      if case .grant(let id) = standing.decision(for: right) { ids.insert(id) }
    }
    return ids.sorted()
  }

  func explain(_ question: ExplainRequest, _ caller: Caller) throws(ControlFailure) -> ExplanationReport {
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
      var orphans = OrphanCheck(files)
      let barriers = explanation.barriers.map { rule($0, managed, &orphans) }
      let standing = barriers.filter { $0.effect == .decided }
      let decided = explanation.isAllowed ? explanation.deciding.map { rule($0, .decided, managed, &orphans) } : standing
      let near =
        explanation.nearMisses.map { rule($0, nil, managed, &orphans) } + barriers.filter { $0.effect != .decided }
        + (explanation.isAllowed ? standing : [])
      return report(explanation.isAllowed ? .allowed : .refused, decided, near)
    }
  }

  private func rule(
    _ row: Explanation.GrantRow, _ effect: ExplanationReport.Rule.Effect?, _ managed: Set<NodeID>, _ orphans: inout OrphanCheck
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
        case .otherIdentity: found = orphans.isOrphan(row.grant.principal) == true ? .orphaned : .otherPrincipal
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

  private func rule(
    _ row: Explanation.BarrierRow, _ managed: Set<NodeID>, _ orphans: inout OrphanCheck
  ) -> ExplanationReport.Rule {
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
      default: effect = orphans.isOrphan(row.barrier.principal) == true ? .orphaned : .otherPrincipal
      }
    }
    return ExplanationReport.Rule(
      kind: .barrier, id: row.barrier.id, path: VaultPath(of: row.barrier.folder, files), via: row.by.wireName, effect: effect,
      time: time, name: isManaged ? row.barrier.name : nil, reason: isManaged ? row.barrier.reason : nil)
  }
}
