import ArgumentParser

struct ReviewerNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("reviewer", .reviewer, [ReviewerAdd.self, ReviewerList.self])
  }
}
