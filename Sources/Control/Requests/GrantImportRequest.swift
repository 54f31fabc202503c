package import VaultFormat

/// Many grants at once, all or nothing: what the lines of a file say is brought about.
package struct GrantImportRequest: Codable, Sendable, Hashable {
  /// What one line of the file says.
  package struct Line: Codable, Sendable, Hashable {
    /// Where it stands in the file, from 1.
    package var line: Int
    /// The grant that it speaks of; absent for a new one.
    package var id: RuleID?
    package var grant: GrantAddRequest

    package init(line: Int, id: RuleID?, grant: GrantAddRequest) {
      self.line = line
      self.id = id
      self.grant = grant
    }
  }

  package var lines: [Line]
  /// Grants at and below it that no line speaks of are revoked; absent: none.
  package var pruning: VaultPath?
  /// Of what is revoked.
  package var reason: String
  /// Only says what would be done.
  package var isDryRun: Bool

  package init(lines: [Line], pruning: VaultPath?, reason: String, isDryRun: Bool) {
    self.lines = lines
    self.pruning = pruning
    self.reason = reason
    self.isDryRun = isDryRun
  }
}
