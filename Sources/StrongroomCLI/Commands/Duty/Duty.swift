import ArgumentParser

struct DutyNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("duty", .duty, [DutyAdd.self, DutyRemove.self, DutyList.self])
  }
}
