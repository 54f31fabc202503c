import ArgumentParser
import Control
import VaultFormat

/// `access conflicts`: who has duties, or a duty and a right, that no one person may have. Findings (exit 3) where there are any.
struct AccessConflicts: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("conflicts", .accessConflicts) }

  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let conflicts: [ConflictReport] = try context.open(vaultFolder: mount.vault).list(.accessConflicts)
    context.console.show(conflicts)
    return conflicts.isEmpty ? .done : .findings
  }
}

extension ConflictReport: ListedReport {
  static let titles: [ReportText] = [.columnPrincipal, .columnDuty, .columnRights, .columnVia, .columnPath]

  func cells(on _: Console) -> [String] {
    [
      principal.description, duties.map(\.name).joined(separator: ","), right?.names ?? "-", grant?.description ?? "-",
      path?.text ?? node.map { "#\($0)" } ?? "-",
    ]
  }
}
