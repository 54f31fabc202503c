package import Control
package import VaultFormat

/// Which records are wanted; what is nil or empty does not filter. All that is given must hold; of several values for one thing, any.
package struct LogFilter: Sendable, Equatable {
  /// Names or numbers; of the caller or the opener.
  package var users: [String] = []
  /// Names; who is in them is asked of the system now.
  package var groups: [String] = []
  /// These places and all below, by the path at that time, on either side of a RENAME.
  package var paths: [VaultPath] = []
  /// Or these nodes, by whatever path.
  package var nodes: Set<NodeID> = []
  package var actions: Set<Record.Action> = []
  package var outcomes: Set<Record.Outcome> = []
  package var grants: [RuleID] = []
  /// A whole path, or the last name of one.
  package var programs: [String] = []
  package var since: WallTime?
  /// Exclusive.
  package var until: WallTime?
  package var hours: WorkingHours?

  package init() {}

  /// The filters by the names of their options, for the record that the trail is read.
  package var described: [String: String] {
    var words: [String: String] = [:]
    if !users.isEmpty { words["user"] = users.joined(separator: ",") }
    if !groups.isEmpty { words["group"] = groups.joined(separator: ",") }
    if !paths.isEmpty { words["path"] = paths.map(\.text).joined(separator: " ") }
    if !actions.isEmpty { words["action"] = actions.map(\.name).sorted().joined(separator: ",") }
    if !outcomes.isEmpty { words["outcome"] = outcomes.map { "\($0)" }.sorted().joined(separator: ",") }
    if !grants.isEmpty { words["grant"] = grants.map(\.description).joined(separator: ",") }
    if !programs.isEmpty { words["program"] = programs.joined(separator: " ") }
    if let since { words["since"] = since.utc }
    if let until { words["until"] = until.utc }
    if let hours { words["off-hours"] = hours.description }
    return words
  }
}
