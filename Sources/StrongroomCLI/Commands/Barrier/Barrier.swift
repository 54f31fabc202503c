import ArgumentParser

struct BarrierNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("barrier", .barrier, [BarrierAdd.self, BarrierList.self, BarrierRemove.self])
  }
}
