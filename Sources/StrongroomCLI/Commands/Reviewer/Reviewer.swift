import ArgumentParser

struct ReviewerNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("reviewer", .reviewer, [ReviewerKeygen.self, ReviewerAdd.self, ReviewerList.self, ReviewerRetire.self])
  }
}
