import ArgumentParser
import Control
import VaultFormat

struct StatusCommand: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("status", .status) }

  @Argument(help: ArgumentHelp(.target)) var target: String?
  @OptionGroup var global: GlobalOptions

  /// Findings (exit 3) where a mount has a problem; the failure of the last that does not answer.
  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let finder = VaultFinder(table: try context.mountTable())
    var code = ExitCode.done
    var isFirst = true
    for found in try vaults(finder) {
      do throws(CommandFailure) {
        try context.connect(found).ask(.status) { response in
          guard case .status(let status) = response else { return }
          if !isFirst, !context.console.isJSON { context.console.print("") }
          isFirst = false
          context.console.show(status)
          if !status.problems.isEmpty, code == .done { code = .findings }
        }
      } catch {
        context.console.report(error)
        code = error.exitCode
      }
    }
    return code
  }

  private func vaults(_ finder: VaultFinder) throws(CommandFailure) -> [FoundVault] {
    if let target { return [try finder.find(folder: target)] }
    var found: [FoundVault] = []
    for (entry, _) in finder.table.ours { found.append(try finder.find(folder: PathBytes.text(entry.mountpoint))) }
    guard !found.isEmpty else { throw CommandFailure(.noVault, .noMounts, hint: .mountFirst) }
    return found
  }
}

extension Console {
  fileprivate func show(_ status: StatusReport) {
    if isJSON { return print(json: status) }
    var lines: [(ReportText, String)] = [
      (.statusVault, status.vault.description), (.statusMountpoint, Escaping.shown(status.mountpoint)),
      (.statusProcess, String(status.pid)), (.statusMounted, time(status.mounted)),
    ]
    if let user = status.privateUser { lines.append((.statusPrivateUser, Escaping.shown(user))) }
    lines += figures(of: status)
    let width = lines.reduce(0) { max($0, DisplayWidth.of(text($1.0))) }
    for (label, value) in lines {
      let label = text(label)
      print(label + String(repeating: " ", count: width - DisplayWidth.of(label) + 2) + value)
    }
    if status.problems.isEmpty { print(colour(text(.statusHealthy), .green, on: .output)) }
    for problem in status.problems {
      let arguments = ["since": TimeText.shown(problem.since), "what": what(problem.trouble), "reason": problem.reason]
      print(colour(text(.problem, arguments), .red, on: .output))
    }
  }

  /// What only those with a duty are told.
  private func figures(of status: StatusReport) -> [(ReportText, String)] {
    func value(_ number: UInt64?) -> String { number.map { String($0) } ?? "-" }
    guard let generation = status.generation else { return [] }
    return [
      (.statusGeneration, String(generation)), (.statusCommit, value(status.commitNumber)),
      (
        .statusNodes,
        text(.statusNodesValue, ["count": value(status.nodeCount), "uncommitted": value(status.uncommittedNodeCount)])
      ),
      (.statusHandles, value(status.openHandleCount)),
      (
        .statusRules,
        text(
          .statusRulesValue,
          [
            "grants": value(status.grantCount), "barriers": value(status.barrierCount),
            "boundaries": value(status.boundaryCount),
          ])
      ),
      (
        .statusTrail,
        text(
          .statusTrailValue,
          [
            "segment": value(status.trailSegment), "records": value(status.trailRecordCount),
            "unsynced": value(status.unsyncedRecordCount),
          ])
      ),
    ]
      + (status.load.map { lines($0) } ?? []) + [
        (.statusCheckpoint, status.lastCheckpoint.map { TimeText.shown($0) } ?? text(.statusNever))
      ]
  }

  private func lines(_ load: StatusReport.Load) -> [(ReportText, String)] {
    var lines: [(ReportText, String)] = [
      (.statusTrailLag, text(.statusMilliseconds, ["count": String(load.trailLagNanoseconds / 1_000_000)])),
      (
        .statusOperations,
        text(
          .statusOperationsValue,
          [
            "count": String(load.operationCount), "queued": String(load.queuedOperationCount),
            "refused": String(load.refusalCount),
          ])
      ),
      (
        .statusMemory,
        text(
          .statusMemoryValue,
          ["count": VerifyDisplay.bytes(load.residentByteCount), "unsealed": VerifyDisplay.bytes(load.unsealedByteCount)])
      ),
    ]
    if let count = load.descriptorCount { lines.append((.statusDescriptors, String(count))) }
    return lines
  }

  private func what(_ trouble: StatusReport.Trouble) -> String {
    switch trouble {
    case .trailRefusing: text(.troubleTrail)
    case .changesRefused: text(.troubleChanges)
    case .identitiesUnknown: text(.troubleIdentities)
    case .reviewOverdue: text(.troubleReview)
    case .clockSetBack: text(.troubleClock)
    }
  }
}
