import ArgumentParser

struct AccessNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("access", .access, [AccessExplain.self, AccessWho.self, AccessWhat.self, AccessConflicts.self])
  }
}
