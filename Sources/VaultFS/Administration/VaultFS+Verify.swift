import Access
import Trail
package import Vault
package import VaultFormat

/// What a verification may be asked for and what of it is shown, by whom.
extension VaultFS {
  /// Whether the caller manages the whole vault: has `grant` at its root.
  package func managesAll(_ caller: Caller) -> Bool {
    guard let judge = try? judge(caller, .administer), let root = try? node(.root) else { return false }
    return (try? standing(judge, at: root))?.allows(.grant) ?? false
  }

  /// The path of a node now, for a caller who sees it; nil for others, and where its rows do not open.
  package func path(of id: NodeID, shownTo caller: Caller) -> [UInt8]? {
    guard let judge = try? judge(caller, .administer), let node = try? vault.node(id), (try? isVisible(judge, node)) == true
    else { return nil }
    return vault.path(of: node)
  }

  /// Puts damage that a verification found on record. Never refused.
  package func recordDamage(_ finding: Finding, _ caller: Caller) {
    var record = record(
      .alert, caller,
      [("kind", "damage"), ("what", finding.kind.rawValue), ("subject", finding.subject), ("fault", finding.fault.rawValue)])
    if let id = finding.node {
      record.object = (try? vault.node(id)).map { object($0) } ?? Record.Object(node: id, path: [])
    }
    trail.appendAlways(record)
  }

  /// More damage than is recorded one by one.
  package func recordDamage(count: UInt64, _ caller: Caller) {
    var record = record(.alert, caller, [("kind", "damage")])
    record.count = count
    trail.appendAlways(record)
  }
}
