import ArgumentParser
import Control
import VaultFormat

/// `review decide`: answers for one grant, or for all that a filled-in worksheet answers, all or nothing.
struct ReviewDecide: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("decide", .reviewDecide) }

  @Argument(help: ArgumentHelp(.reviewID)) var id: String
  @Argument(help: ArgumentHelp(.reviewGrant)) var grant: String?
  @Argument(help: ArgumentHelp(.reviewDecision)) var decision: String?
  @Option(help: ArgumentHelp(.rights)) var rights: String?
  @Option(time: .long, .until) var until: String?
  @Option(help: ArgumentHelp(.reviewFilled, value: "file")) var csv: String?
  @Flag(name: .customLong("dry-run"), help: ArgumentHelp(.dryRun)) var isDryRun = false
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let id = try Arguments.review(id)
    let reason = try Arguments.reason(reason)
    let lines = try lines(reason: reason)
    let request = ControlRequest.reviewDecide(ReviewDecideRequest(id: id, lines: lines, isDryRun: isDryRun))
    guard request.isSendable else { throw CommandFailure(.usage, .importTooLarge, ["path": csv ?? ""], hint: .splitImport) }
    var steps: [ReviewStepReport] = []
    try context.open(vaultFolder: mount.vault).ask(request) { if case .reviewSteps(let piece) = $0 { steps += piece } }
    return context.console.show(steps, of: lines.count, isDryRun: isDryRun)
  }

  private func lines(reason: String) throws(CommandFailure) -> [ReviewDecideRequest.Line] {
    if let csv {
      guard grant == nil, decision == nil, rights == nil, until == nil else {
        throw CommandFailure(.usage, .decideEither, hint: .decide)
      }
      return try WorksheetCSV.lines(of: try CSVText.read(csv), reason: reason)
    }
    guard let grant, let decision else { throw CommandFailure(.usage, .decideEither, hint: .decide) }
    let answer = try WorksheetCSV.answer(decision: decision, rights: rights, until: until)
    return [
      ReviewDecideRequest.Line(
        line: 0, grant: try Arguments.rule(grant), decision: answer.decision, rights: answer.rights, until: answer.until,
        note: reason)
    ]
  }
}

extension Console {
  fileprivate func show(_ steps: [ReviewStepReport], of lineCount: Int, isDryRun: Bool) -> ExitCode {
    let problems = steps.compactMap { step in
      step.problem.map { step.line == 0 ? CommandFailure($0) : CommandFailure($0).inLine(step.line) }
    }
    for step in steps where step.problem == nil { if isJSON { print(json: step) } else { print(line(step)) } }
    guard let worst = problems.map(\.exitCode).max(by: { $0.rawValue < $1.rawValue }) else {
      let counts = ["answered": String(steps.count), "unchanged": String(lineCount - steps.count)]
      note(Message(isDryRun ? ReportText.decideWould : .decideDone, counts))
      return .done
    }
    for problem in problems { report(problem) }
    if lineCount > 1 { note(Message(ReportText.importNothing, ["problems": String(problems.count)])) }
    return worst
  }

  private func line(_ step: ReviewStepReport) -> String {
    var arguments = [
      "id": step.grant.description, "to": step.to?.description ?? "-", "path": step.path?.text ?? "-",
      "rights": step.rights?.shown ?? "-",
    ]
    if let successor = step.successor {
      arguments["new"] = successor.rights.shown
      arguments["until"] = time(successor.until)
    }
    switch step.decision {
    case .revoke: return colour(text(.stepRevoke, arguments), .red, on: .output)
    case .shrink: return text(.stepShrink, arguments)
    case .keep, nil: return colour(text(step.restores ? .stepRestore : .stepKeep, arguments), .green, on: .output)
    }
  }
}
