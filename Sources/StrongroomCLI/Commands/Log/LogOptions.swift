package import ArgumentParser
import Control
import VaultFormat

/// The options that make a filter.
package struct LogFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.filterUser, value: "name")) package var user: [String] = []
  @Option(help: ArgumentHelp(.filterGroup, value: "name")) package var group: [String] = []
  @Option(help: ArgumentHelp(.filterPath)) package var path: [String] = []
  @Option(help: ArgumentHelp(.filterAction)) package var action: [String] = []
  @Option(help: ArgumentHelp(.filterOutcome)) package var outcome: [String] = []
  @Option(help: ArgumentHelp(.filterGrant, value: "id")) package var grant: [String] = []
  @Option(help: ArgumentHelp(.filterProgram)) package var program: [String] = []
  @OptionGroup package var time: LogTimeOptions

  package init() {}

  package func filter(_ table: MountTable) throws(CommandFailure) -> LogFilter {
    var filter = try time.filter()
    filter.users = user.map { Self.bare($0, "user:") }
    filter.groups = group.map { Self.bare($0, "group:") }
    for text in path { filter.paths.append(try Self.path(text, table)) }
    let actions = Record.Action.allCases
    for word in Self.words(action) {
      guard let found = actions.first(where: { $0.name == word.uppercased() }) else {
        throw CommandFailure(.usage, .badAction, ["value": word, "words": actions.map(\.name).joined(separator: ", ")])
      }
      filter.actions.insert(found)
    }
    for word in Self.words(outcome) {
      guard let found = [Record.Outcome.done, .refused, .failed].first(where: { LogWords.outcome($0) == word }) else {
        throw CommandFailure(.usage, .badOutcome, ["value": word])
      }
      filter.outcomes.insert(found)
    }
    for word in Self.words(grant) { filter.grants.append(try Arguments.rule(word)) }
    filter.programs = program
    return filter
  }

  /// A path of the vault; or one of the machine, inside a mount.
  static func path(_ text: String, _ table: MountTable) throws(CommandFailure) -> VaultPath {
    if let (found, place) = try? VaultFinder(table: table).find(text, vaultFolder: nil), found.mountpoint != nil { return place }
    guard let place = VaultPath(text: text) else {
      throw CommandFailure(.usage, .badVaultPath, ["value": text], hint: .vaultPath)
    }
    return place
  }

  private static func bare(_ text: String, _ prefix: String) -> String {
    text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
  }

  static func words(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",") }.map { String($0) }
  }
}

/// How an answer is written: the options that every command has, and CSV.
package struct LogOutputOptions: ParsableArguments {
  @Flag(help: ArgumentHelp(.csv)) package var csv = false
  @OptionGroup package var global: GlobalOptions

  package init() {}

  package func validate() throws {
    if csv, global.json { throw ValidationError("--csv and --json cannot be used together") }
  }
}

/// A command whose answer can be CSV.
protocol LogQuestion: StrongroomCommand {
  var output: LogOutputOptions { get }
}

extension LogQuestion {
  var global: GlobalOptions { output.global }
}

/// Since when and until when.
package struct LogTimeOptions: ParsableArguments {
  @Option(time: .long, .since) package var since: String?
  @Option(time: .long, .untilLog) package var until: String?

  package init() {}

  package func filter() throws(CommandFailure) -> LogFilter {
    var filter = LogFilter()
    filter.since = try Arguments.time(since, option: "--since", bare: .past)
    filter.until = try Arguments.time(until, option: "--until", bare: .past)
    if let since = filter.since, let until = filter.until, until <= since { throw CommandFailure(.usage, .untilBeforeFrom) }
    return filter
  }
}

extension Arguments {
  /// A whole number from 1.
  static func count(_ text: String?, option: String) throws(CommandFailure) -> UInt64? {
    guard let text else { return nil }
    guard let number = UInt64(text), number > 0 else {
      throw CommandFailure(.usage, .badCount, ["value": text, "option": option])
    }
    return number
  }
}
