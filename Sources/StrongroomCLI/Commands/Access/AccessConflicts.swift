import ArgumentParser
import Control
import VaultFormat

/// `access conflicts`: who has duties, or a duty and a right, that no one person may have. Findings (exit 3) where there are any.
struct AccessConflicts: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("conflicts", .accessConflicts) }

  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var conflicts: [ConflictReport] = []
    try context.open(vaultFolder: vault).ask(.accessConflicts) {
      if case .conflicts(let piece) = $0 { conflicts += piece }
    }
    let console = context.console
    var table = TextTable([
      console.text(.columnPrincipal), console.text(.columnDuty), console.text(.columnRights), console.text(.columnVia),
      console.text(.columnPath),
    ])
    console.show(conflicts, in: &table) { conflict in
      [
        conflict.principal.description, conflict.duties.map(\.name).joined(separator: ","), conflict.right?.names ?? "-",
        conflict.grant?.description ?? "-", conflict.path?.text ?? "-",
      ]
    }
    return conflicts.isEmpty ? .done : .findings
  }
}
