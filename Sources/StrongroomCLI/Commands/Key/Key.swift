import ArgumentParser

/// `key list|add|remove|change VAULT`.
struct KeyNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration("key", .key, [KeyList.self, KeyAdd.self, KeyRemove.self, KeyChange.self])
  }
}
