import ArgumentParser
import Control
import VaultFormat

struct GrantNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      "grant", .grant,
      [GrantAdd.self, GrantList.self, GrantRevoke.self, GrantExpiring.self, GrantExport.self, GrantImport.self])
  }
}

struct GrantAdd: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("add", .grantAdd) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String
  @Option(help: ArgumentHelp(.rights)) var rights: String
  @Option(time: .long, .from) var from: String?
  @Option(time: .long, .until) var until: String?
  @Option(help: ArgumentHelp(.reason, value: "text")) var reason: String
  @OptionGroup var mount: VaultOptions

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    let to = try Arguments.principal(to)
    let rights = try Arguments.rights(rights)
    let (from, until) = try Arguments.validity(from: from, until: until)
    let reason = try Arguments.reason(reason)
    let (connection, path) = try context.open(path, vaultFolder: mount.vault)
    let request = GrantAddRequest(path: path, to: to, rights: rights, from: from, until: until, reason: reason)
    return (connection, .grantAdd(request))
  }

  func note(of grant: GrantReport) -> Message {
    Message(
      ReportText.grantAdded,
      ["id": grant.id.description, "to": grant.to.description, "rights": grant.rights.shown, "path": grant.path.text])
  }
}

struct GrantRevoke: ChangeCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("revoke", .grantRevoke) }

  @OptionGroup var removal: RuleRemovalArguments
  var mount: VaultOptions { removal.mount }

  func question(in context: CommandContext) throws(CommandFailure) -> Question {
    try removal.question(in: context, ControlRequest.grantRevoke)
  }

  func note(of _: GrantReport) -> Message { Message(ReportText.grantRevoked, ["id": removal.id]) }
}

struct GrantList: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("list", .grantList) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let (connection, request) = try context.openList(path: path, to: to, vaultFolder: mount.vault)
    context.console.show(try connection.list(.grantList(request)) as [GrantReport])
    return .done
  }
}

/// `grant expiring`: live grants that end soon.
struct GrantExpiring: MountedCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("expiring", .grantExpiring) }

  @Argument(help: ArgumentHelp(.folderPath)) var path: String?
  @Option(time: .long, .within) var within: String?
  @Option(help: ArgumentHelp(.to, value: "principal")) var to: String?
  @OptionGroup var mount: VaultOptions

  func run(in context: CommandContext) throws(CommandFailure) -> ExitCode {
    let end = try Arguments.time(within ?? "30d", option: "--within", bare: .future)
    var (connection, request) = try context.openList(path: path, to: to, vaultFolder: mount.vault)
    request.endingBy = end
    let grants: [GrantReport] = try connection.list(.grantList(request))
    context.console.show(grants.sorted { ($0.until ?? $0.given, $0.id) < ($1.until ?? $1.given, $1.id) })
    return .done
  }
}

extension GrantReport: ListedReport {
  static let titles: [ReportText] = [
    .columnID, .columnPath, .columnTo, .columnRights, .columnFrom, .columnUntil, .columnState, .columnGiver, .columnReason,
  ]

  func cells(on console: Console) -> [String] {
    let suspender = state == .suspended ? review : nil
    return [
      id.description, path.text, to.description, rights.shown, console.time(from), console.time(until),
      suspender.map { console.text(.suspendedBy, ["review": $0.description]) } ?? console.state(state), giver.description, reason,
    ]
  }
}
