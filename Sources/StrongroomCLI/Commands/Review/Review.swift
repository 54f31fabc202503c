import ArgumentParser

struct ReviewNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      "review", .review, [ReviewOpen.self, ReviewList.self, ReviewShow.self, ReviewDecide.self, ReviewClose.self])
  }
}
