import Access
import Platform
package import VaultFormat

/// Which principals of rules are nobody any more: the name or the id that a rule was bound to is no longer that of the system (removed,
/// renamed, or the id given to somebody else). For one answer: the system is asked once about each.
package struct OrphanCheck {
  /// Names are compared byte for byte, as rules do.
  private struct Key: Hashable {
    let kind: Principal.Kind
    let name: [UInt8]
    let id: UInt32
  }

  private let files: VaultFS
  private let end: Int64
  private var known: [Key: Bool?] = [:]

  /// - Parameter patience: how long the system is asked altogether, nanoseconds; whoever is not known by then stays unknown.
  package init(_ files: VaultFS, patience: Int64 = .max) {
    self.files = files
    end = patience == .max ? .max : Clock.boot() + patience
  }

  /// Nil where the system does not answer, or was not asked in time.
  package mutating func isOrphan(_ principal: Principal) -> Bool? {
    let key = Key(kind: principal.kind, name: Array(principal.name.utf8), id: principal.id)
    if let answer = known[key] { return answer }
    guard Clock.boot() < end else { return nil }
    var answer: Bool?
    do throws(IdentityError) { answer = try files.identities.state(of: principal) != .current } catch {}
    known[key] = .some(answer)
    return answer
  }
}
