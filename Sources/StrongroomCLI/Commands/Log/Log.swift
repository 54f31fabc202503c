import ArgumentParser

/// `log`: questions to the trail, on its folder alone.
struct LogNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("log", .log, [LogQuery.self, LogVerify.self])
  }
}
