import ArgumentParser
import Control
import VaultFormat

struct DutyList: StrongroomCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .dutyList) }

  @Option(help: ArgumentHelp(.vault, value: "folder")) var vault: String?
  @OptionGroup var global: GlobalOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    var duties: [DutyReport] = []
    try context.open(vaultFolder: vault).ask(.dutyList) { if case .duties(let piece) = $0 { duties += piece } }
    let console = context.console
    var table = TextTable([
      console.text(.columnDuty), console.text(.columnPrincipal), console.text(.columnState), console.text(.columnGiver),
      console.text(.columnSet), console.text(.columnReason),
    ])
    console.show(duties, in: &table) { duty in
      [
        duty.duty.name, duty.principal.description, console.state(duty.state), duty.giver.description, console.time(duty.given),
        duty.reason,
      ]
    }
    return .done
  }
}
