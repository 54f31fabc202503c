import ArgumentParser
import Control
import VaultFormat

/// `grant import FILE.csv`: brings the grants to what a file says, all or nothing.
struct GrantImport: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("import", .grantImport) }

  @Argument(help: ArgumentHelp(.grantFile)) var file: String
  @Flag(name: .customLong("dry-run"), help: ArgumentHelp(.dryRun)) var isDryRun = false
  @Option(help: ArgumentHelp(.prune, value: "folder")) var prune: String?
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let reason = try Arguments.reason(reason)
    let lines = try GrantCSV.lines(of: try CSVText.read(file), reason: reason)
    let (connection, pruning) = try open(context)
    let request = ControlRequest.grantImport(
      GrantImportRequest(lines: lines, pruning: pruning, reason: reason, isDryRun: isDryRun))
    guard request.isSendable else { throw CommandFailure(.usage, .importTooLarge, ["path": file], hint: .splitImport) }
    var steps: [GrantStepReport] = []
    try connection.ask(request) { if case .grantSteps(let piece) = $0 { steps += piece } }
    return show(steps, lineCount: lines.count, on: context.console)
  }

  private func open(_ context: CommandContext) throws(CommandFailure) -> (any MountConnection, VaultPath?) {
    guard let prune else { return (try context.open(vaultFolder: mount.vault), nil) }
    let (connection, path) = try context.open(prune, vaultFolder: mount.vault)
    return (connection, path)
  }

  private func show(_ steps: [GrantStepReport], lineCount: Int, on console: Console) -> ExitCode {
    let problems = steps.compactMap { step in step.problem.map { CommandFailure($0).inLine(step.line ?? 0) } }
    for step in steps where step.problem == nil { console.show(step) }
    let count = { (kind: GrantStepReport.Kind) in String(steps.count { $0.kind == kind }) }
    let unchanged = lineCount - steps.count { $0.line != nil }
    let counts = [
      "added": count(.add), "replaced": count(.replace), "revoked": count(.revoke), "unchanged": String(unchanged),
    ]
    guard let worst = problems.map(\.exitCode).max(by: { $0.rawValue < $1.rawValue }) else {
      console.note(Message(isDryRun ? ReportText.importWould : .importDone, counts))
      return .done
    }
    for problem in problems { console.report(problem) }
    console.note(Message(ReportText.importNothing, ["problems": String(problems.count)]))
    return worst
  }
}

extension Console {
  /// `+` given, `-` revoked; a change is both.
  fileprivate func show(_ step: GrantStepReport) {
    if isJSON { return print(json: step) }
    if let old = step.replaces { print(colour("- " + line(old), .red, on: .output)) }
    guard let grant = step.grant else { return }
    if step.kind == .revoke {
      print(colour("- " + line(grant), .red, on: .output))
    } else {
      print(colour("+ " + line(grant), .green, on: .output))
    }
  }

  private func line(_ grant: GrantReport) -> String {
    var arguments = [
      "id": grant.id.description, "to": grant.to.description, "rights": grant.rights.shown, "path": grant.path.text,
    ]
    arguments["validity"] = time(grant.from) + " … " + time(grant.until)
    return text(grant.id.value == 0 ? .stepNew : .stepKnown, arguments)
  }
}
