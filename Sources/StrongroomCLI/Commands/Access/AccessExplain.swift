import ArgumentParser
import Control
import VaultFormat

struct AccessExplain: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("explain", .accessExplain) }

  @Argument(help: ArgumentHelp(.principal)) var principal: String
  @Argument(help: ArgumentHelp(.right)) var right: String
  @Argument(help: ArgumentHelp(.path)) var path: String
  @Option(time: .long, .at) var at: String?
  @Option(help: ArgumentHelp(.with, value: "id")) var with: String?
  @Option(help: ArgumentHelp(.without, value: "id")) var without: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let principal = try Arguments.principal(principal)
    let right = try Arguments.right(right)
    let at = try Arguments.time(at, option: "--at", bare: .future)
    let supposing = try with.map { text throws(CommandFailure) in try Arguments.rule(text) }
    let gone = try without.map { text throws(CommandFailure) in try Arguments.rule(text) }
    let (connection, path) = try context.open(path, vaultFolder: mount.vault)
    let request = ExplainRequest(principal: principal, right: right, path: path, at: at, supposing: supposing, without: gone)
    try connection.ask(.accessExplain(request)) { response in
      guard case .explanation(let explanation) = response else { return }
      context.console.show(explanation)
    }
    return .done
  }
}

extension Console {
  fileprivate func show(_ explanation: ExplanationReport) {
    if isJSON { return print(json: explanation) }
    let arguments = [
      "principal": explanation.principal.description, "right": explanation.right.names, "path": explanation.path.text,
      "at": TimeText.shown(explanation.at),
    ]
    switch explanation.verdict {
    case .allowed: print(colour(text(.allowed, arguments), .green, on: .output))
    case .refused: print(colour(text(.refused, arguments), .red, on: .output))
    case .noSuchName: print(text(.noSuchName, arguments))
    }
    if !explanation.decided.isEmpty {
      print(text(.decidedBy))
      for rule in explanation.decided { print("  " + line(rule)) }
    } else if explanation.verdict == .refused {
      print(text(.nothingDecided))
    }
    if !explanation.nearMisses.isEmpty {
      print(text(.nearly))
      for rule in explanation.nearMisses { print("  " + line(rule)) }
    }
  }

  private func line(_ rule: ExplanationReport.Rule) -> String {
    let arguments = ["id": rule.id.description, "path": rule.path.text, "name": rule.name ?? ""]
    var parts: [String] =
      switch rule.kind {
      case .grant: [text(.ruleGrant, arguments)]
      case .barrier: [text(rule.name == nil ? .ruleBarrier : .ruleBarrierNamed, arguments)]
      case .boundary: [text(.ruleBoundary, arguments)]
      }
    if let via = rule.via { parts.append(text(.viaPrincipal, ["principal": via.description])) }
    parts.append(effect(rule))
    if let reason = rule.reason { parts.append(text(.becauseOf, ["reason": reason])) }
    return parts.joined(separator: language == .chinese ? "，" : ", ")
  }

  private func effect(_ rule: ExplanationReport.Rule) -> String {
    let arguments = ["time": time(rule.time), "rights": rule.rights?.names ?? "", "review": rule.review?.description ?? ""]
    switch rule.effect {
    case .decided: return text(.effectDecided, arguments)
    case .ended: return text(.effectEnded, arguments)
    case .notYet: return text(.effectNotYet, arguments)
    case .suspended: return text(.effectSuspended, arguments)
    case .orphaned: return text(.effectOrphaned, arguments)
    case .beyondBoundary: return text(.effectBeyondBoundary, arguments)
    case .givenByAsker: return text(.effectGivenByAsker, arguments)
    case .otherRights: return text(.effectOtherRights, arguments)
    case .otherPrincipal: return text(.effectOtherPrincipal, arguments)
    }
  }
}
