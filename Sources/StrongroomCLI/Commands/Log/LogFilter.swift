package import ArgumentParser
package import Control
package import VaultFormat

/// Which records are wanted; what is nil or empty does not filter.
package struct LogFilter: Sendable, Equatable {
  package var user: String?
  package var path: VaultPath?
  package var actions: Set<Record.Action> = []
  package var outcomes: Set<Record.Outcome> = []
  package var since: WallTime?
  package var until: WallTime?

  package init() {}
}

/// The options that make one.
package struct LogFilterOptions: ParsableArguments {
  @Option(help: ArgumentHelp(.filterUser, value: "name")) package var user: String?
  @Option(help: ArgumentHelp(.filterPath)) package var path: String?
  @Option(help: ArgumentHelp(.filterAction)) package var action: [String] = []
  @Option(help: ArgumentHelp(.filterOutcome)) package var outcome: [String] = []
  @Option(time: .long, .since) package var since: String?
  @Option(time: .long, .untilLog) package var until: String?

  package init() {}

  package func filter() throws(CommandFailure) -> LogFilter {
    var filter = LogFilter()
    filter.user = user
    if let path {
      guard let place = VaultPath(text: path) else {
        throw CommandFailure(.usage, .badVaultPath, ["value": path], hint: .vaultPath)
      }
      filter.path = place
    }
    let actions = Record.Action.allCases
    for word in Self.words(action) {
      guard let found = actions.first(where: { $0.name == word.uppercased() }) else {
        throw CommandFailure(
          .usage, .configBadWord,
          ["place": "--action", "name": "action", "value": word, "words": actions.map(\.name).joined(separator: ", ")])
      }
      filter.actions.insert(found)
    }
    for word in Self.words(outcome) {
      guard let found = [Record.Outcome.done, .refused, .failed].first(where: { "\($0)" == word }) else {
        throw CommandFailure(
          .usage, .configBadWord, ["place": "--outcome", "name": "outcome", "value": word, "words": "done, refused, failed"])
      }
      filter.outcomes.insert(found)
    }
    filter.since = try Arguments.time(since, option: "--since", bare: .past)
    filter.until = try Arguments.time(until, option: "--until", bare: .past)
    return filter
  }

  private static func words(_ values: [String]) -> [String] {
    values.flatMap { $0.split(separator: ",") }.map { String($0) }
  }
}
