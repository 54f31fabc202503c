import Access
import Vault
import VaultFormat

/// Row 25: what `getfattr -n user.strongroom.why` says to a caller about themself, in one line.
extension VaultFS {
  /// Like `list by grant 3; read: no grant; add: …`: each right with the row that gives it, or what is missing.
  func why(_ judge: Judge, _ node: Node) throws(FSError) -> String {
    let standing = try standing(judge, of: node)
    let isManager = standing.rights.contains(.grant)
    var parts: [String] = []
    for (right, name) in Rights.named {
      switch standing.decision(for: right) {
      case .grant(let id): parts.append("\(name): grant \(id)")
      case .barrier(let id): parts.append(isManager ? "\(name): no, barrier \(id)" : "\(name): no, a barrier stands")
      default: parts.append("\(name): no grant")
      }
    }
    return parts.joined(separator: "; ")
  }
}
