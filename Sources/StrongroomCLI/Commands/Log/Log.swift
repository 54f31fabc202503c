import ArgumentParser

/// `log`: questions to the trail, on its folder alone.
struct LogNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      "log", .log,
      [
        LogQuery.self, LogWho.self, LogUser.self, LogDenials.self, LogFirstAccess.self, LogOffHours.self, LogTop.self,
        LogAround.self,
        LogHealth.self, LogVerify.self, LogExport.self, LogPack.self, LogVerifyPack.self,
      ])
  }
}
