import Access
import Vault
import VaultFormat

/// Row 25: what `getfattr -n user.strongroom.why` says to a caller about themself, in one line.
extension VaultFS {
  /// Like `list: grant 3; read: no, grant 812 is suspended by review 3; add: no grant; …`: each right with the row that gives it, or what is
  /// missing.
  func why(_ judge: Judge, _ node: Node) throws(FSError) -> String {
    let standing = try standing(judge, of: node)
    let isManager = standing.rights.contains(.grant)
    var parts: [String] = []
    for (right, name) in Rights.named {
      switch standing.decision(for: right) {
      case .grant(let id): parts.append("\(name): grant \(id)")
      case .barrier(let id): parts.append(isManager ? "\(name): no, barrier \(id)" : "\(name): no, a barrier stands")
      default:
        let suspended = try suspended(right, judge, node).map { "no, grant \($0.grant) is suspended by review \($0.review)" }
        parts.append("\(name): \(suspended ?? "no grant")")
      }
    }
    return parts.joined(separator: "; ")
  }

  /// The lowest grant that would give the right if no review had suspended it. It names the caller, so it is theirs to know.
  private func suspended(
    _ right: Rights, _ judge: Judge, _ node: Node
  ) throws(FSError) -> (grant: RuleID, review: RuleID)? {
    guard !judge.rights.suspensions.isEmpty else { return nil }
    let folder = try judgingFolder(of: node)
    let anchor: NodeID
    do throws(VaultError) { anchor = try vault.anchor(of: folder, in: judge.rights) } catch { throw FSError(error) }
    let explanation = judge.rights.explain(judge.subject, right, at: anchor, now: judge.now, seen: judge.view)
    for row in explanation.nearMisses where row.gives.contains(right) && row.failings.count == 1 {
      if case .suspended(let review) = row.failings[0] { return (row.grant.id, review) }
    }
    return nil
  }
}
