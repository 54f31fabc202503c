import ArgumentParser

struct BoundaryNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("boundary", .boundary, [BoundarySet.self, BoundaryClear.self, BoundaryList.self])
  }
}
