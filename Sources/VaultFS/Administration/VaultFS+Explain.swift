package import Access
import Vault
package import VaultFormat

/// Who may do what, and why.
extension VaultFS {
  /// An answer about one principal and one path.
  package enum Explained: Sendable {
    /// Reasons of rules and names of barriers are for whoever has `grant` at the folder that the rule stands on: one of `managed`.
    case explanation(Explanation, managed: Set<NodeID>)
    /// For those who may ask about others: the name is not there.
    case noSuchName
    /// About oneself, hidden and absent answer alike.
    case hiddenOrAbsent
  }

  /// Whether a principal has a right at a path, and the rows that decide. About oneself anyone may ask; about others, holders of `grant`
  /// at the path.
  /// - Parameters:
  ///   - time: the moment to judge, wall nanoseconds; nil for now.
  ///   - id: a grant to suppose without its limits of time.
  ///   - goneID: a grant to suppose gone.
  package func explain(
    _ caller: Caller, _ principalName: String, _ right: Rights, at path: [UInt8], time: Int64?, supposing id: RuleID? = nil,
    without goneID: RuleID? = nil
  ) throws(AdministrationFailure) -> Explained {
    let judge = try administrator(caller)
    let isOwn = principalName == judge.subject.user.description
    let found: (node: Node, folder: Node, standing: Standing)
    do throws(AdministrationFailure) {
      found = try find(path, judge)
    } catch {
      guard case .noSuchPath = error else { throw error }
      if isOwn { return .hiddenOrAbsent }
      // Only for whoever manages the nearest folder that is there.
      guard try managesNearest(path, judge) else { throw error }
      return .noSuchName
    }
    let isManager = found.standing.allows(.grant)
    if !isOwn {
      try allow(judge, found.folder) { () throws(AdministrationError) in
        try Administration.mayAskAboutOthers(at: found.folder.id, found.standing)
      }
    }
    let subject = isOwn ? judge.subject : try self.subject(principalName)
    let anchor = try anchor(of: found.folder, judge)
    func known(_ id: RuleID) throws(AdministrationFailure) -> Grant {
      guard isManager, let grant = vault.grants.first(where: { $0.id == id }), try mayKnow(grant, from: found.folder, judge)
      else { throw .noSuchRule(id) }
      return grant
    }
    // A grant that has ended, or begins later, can be supposed to hold; one that holds, to be gone.
    var supposed: [Grant] = []
    if let id {
      var grant = try known(id)
      grant.from = nil
      grant.until = nil
      supposed = [grant]
    }
    let gone = try goneID.map { id throws(AdministrationFailure) in try known(id).id }
    let explanation = judge.rights.explain(
      subject, right, at: anchor, now: time ?? judge.now, with: supposed,
      without: Set([id, gone].compactMap { $0 }), seen: judge.view)
    return .explanation(explanation, managed: try managedFolders(of: explanation, judge))
  }

  /// A rule on the way to the folder asked about, which the answer would name anyway, or one that the caller manages.
  private func mayKnow(_ grant: Grant, from folder: Node, _ judge: Judge) throws(AdministrationFailure) -> Bool {
    let chain: [Node]
    do throws(VaultError) { chain = try vault.chain(to: folder) } catch { throw .failed(FSError(error)) }
    if chain.contains(where: { $0.id == grant.folder }) { return true }
    return try standing(atRule: grant.folder, judge)?.standing.allows(.grant) ?? false
  }

  /// Those folders that rules in the answer stand on, where the caller has `grant`.
  private func managedFolders(of explanation: Explanation, _ judge: Judge) throws(AdministrationFailure) -> Set<NodeID> {
    let rows = explanation.deciding.map(\.grant.folder) + explanation.nearMisses.map(\.grant.folder)
    var managed: Set<NodeID> = []
    for folder in Set(rows + explanation.barriers.map(\.barrier.folder)) {
      if try standing(atRule: folder, judge)?.standing.allows(.grant) ?? false { managed.insert(folder) }
    }
    return managed
  }

  /// Everyone with rights at a path, each principal by itself.
  package func who(_ caller: Caller, at path: [UInt8], time: Int64?) throws(AdministrationFailure) -> [Holding] {
    let judge = try administrator(caller)
    let found = try find(path, judge)
    try allow(judge, found.folder) { () throws(AdministrationError) in
      try Administration.mayAskAboutOthers(at: found.folder.id, found.standing)
    }
    return judge.rights.who(at: try anchor(of: found.folder, judge), now: time ?? judge.now)
  }

  /// Every folder from which on a principal has other rights, as far as the caller manages them; all, about oneself.
  package func what(_ caller: Caller, _ principalName: String, time: Int64?) throws(AdministrationFailure) -> [Reach] {
    let judge = try administrator(caller)
    let isOwn = principalName == judge.subject.user.description
    if !isOwn { try requireManagerOfSomething(judge) }
    let subject = isOwn ? judge.subject : try self.subject(principalName)
    return try select(judge.rights.what(subject, now: time ?? judge.now)) { (reach) throws(AdministrationFailure) in
      if isOwn { return reach.standing.isVisible }
      return try standing(atRule: reach.folder, judge)?.standing.allows(.grant) ?? false
    }
  }

  /// Whoever manages nothing has nothing to ask about others. Refused before the system is asked who they are: strangers could else keep all threads that
  /// ask it busy, and with them everybody who is not known yet.
  private func requireManagerOfSomething(_ judge: Judge) throws(AdministrationFailure) {
    let kinds = duties.kinds(of: judge.subject)
    if kinds.contains(.administrator) || kinds.contains(.reviewer) { return }
    if judge.rights.what(judge.subject, now: judge.now).contains(where: { $0.standing.allows(.grant) }) { return }
    let root: Node
    do throws(FSError) { root = try node(.root) } catch { throw .failed(error) }
    try allow(judge, root) { () throws(AdministrationError) in throw .lacksGrant(at: .root) }
  }

  private func subject(_ name: String) throws(AdministrationFailure) -> Subject {
    let principal = try principal(name)
    do throws(IdentityError) { return try identities.subject(for: principal) } catch { throw .identity(error) }
  }

  private func anchor(of folder: Node, _ judge: Judge) throws(AdministrationFailure) -> NodeID {
    do throws(VaultError) { return try vault.anchor(of: folder, in: judge.rights) } catch { throw .failed(FSError(error)) }
  }

  private func managesNearest(_ path: [UInt8], _ judge: Judge) throws(AdministrationFailure) -> Bool {
    var parts = path.split(separator: 0x2f)
    while !parts.isEmpty {
      parts.removeLast()
      let shorter = [0x2f] + Array(parts.joined(separator: [0x2f]))
      if let found = try? find(shorter, judge) { return found.node.kind == .folder && found.standing.allows(.grant) }
    }
    return false
  }
}
