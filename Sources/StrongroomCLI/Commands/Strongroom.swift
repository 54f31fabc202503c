import ArgumentParser

/// The tree of commands. A command is here when it does its work.
struct Strongroom: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "strongroom", abstract: HelpText.strongroom(), discussion: HelpText.discussion(),
      version: "strongroom \(version)",
      subcommands: [
        InitCommand.self, MountCommand.self, MountDaemon.self, MountHelper.self,
        UnmountCommand.self, StatusCommand.self, GrantNoun.self, BarrierNoun.self, BoundaryNoun.self, AccessNoun.self,
        DutyNoun.self, ReviewNoun.self,
        ReviewerNoun.self, LogNoun.self, ConfigNoun.self,
        VerifyCommand.self, RestoreCommand.self, KeyNoun.self, SpeedCommand.self,
      ])
  }

  #if STRONGROOM_BENCHMARK_UNCHECKED
    static let version = "0.1-unchecked-benchmark-build"
  #else
    static let version = "0.1"
  #endif
}
