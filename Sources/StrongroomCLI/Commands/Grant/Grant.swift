import ArgumentParser

struct GrantNoun: ParsableCommand {
  static var configuration: CommandConfiguration {
    CommandConfiguration(
      "grant", .grant,
      [
        GrantAdd.self, GrantList.self, GrantRevoke.self, GrantExpiring.self, GrantExport.self, GrantImport.self,
      ])
  }
}
