import ArgumentParser

struct ConfigNoun: ParsableCommand {
  static var configuration: CommandConfiguration { CommandConfiguration("config", .config, [ConfigShow.self]) }
}
