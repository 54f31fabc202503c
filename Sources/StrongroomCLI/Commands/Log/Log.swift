import ArgumentParser

/// `log query|verify|export VAULT|TRAIL`. In the tree once the trail can be read.
struct LogNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("log", .log, [LogQuery.self, LogVerify.self, LogExport.self])
  }
}
