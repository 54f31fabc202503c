import Access
import Trail
import Vault
import VaultFormat

/// UNLINK, RMDIR, and what is refused for everybody.
extension VaultFS {
  /// Row 15.
  package func unlink(_ caller: Caller, in parent: FileNumber, _ nameBytes: UnsafeRawBufferPointer) throws(FSError) {
    statistics.operation()
    let name = try name(nameBytes)
    for _ in 0..<Self.tryCountMax {
      let judge = try judge(caller, .unlink)
      let (folder, standing) = try visibleFolder(parent, judge, .unlink)
      let found = try child(of: folder, standing, named: name, judge)
      guard let node = found.node, found.isVisible else { throw hidden(judge, .unlink, folder: folder, standing) }
      guard node.kind != .folder else { throw .isFolder }
      try require(.remove, judge, standing, .unlink, node)
      if try remove(judge, node, folder, name, standing.decision(for: .remove)) { return }
    }
    throw .io
  }

  /// Row 16. Hidden content answers ENOTEMPTY: a leak that the threat model states.
  package func removeFolder(_ caller: Caller, in parent: FileNumber, _ nameBytes: UnsafeRawBufferPointer) throws(FSError) {
    statistics.operation()
    let name = try name(nameBytes)
    for _ in 0..<Self.tryCountMax {
      let judge = try judge(caller, .rmdir)
      let (folder, standing) = try visibleFolder(parent, judge, .rmdir)
      let found = try child(of: folder, standing, named: name, judge)
      guard let node = found.node, found.isVisible else { throw hidden(judge, .rmdir, folder: folder, standing) }
      guard node.kind == .folder else { throw .notFolder }
      try require(.remove, judge, standing, .rmdir, node)
      try require(.remove, judge, try self.standing(judge, at: node), .rmdir, node)
      if try remove(judge, node, folder, name, standing.decision(for: .remove)) { return }
    }
    throw .io
  }

  /// Removals and renames that others keep getting in the way of give up after this.
  static let tryCountMax = 64

  /// Whether a node is where it was judged, by the rights it was judged by. Asked right before a change that is not undone. What moves
  /// between this and the vault's own look at the node, some instructions later, is not seen.
  func isAsJudged(_ judge: Judge, _ node: Node, in folder: Node, named name: Name) -> Bool {
    guard vault.rightsGeneration == judge.rights.generation else { return false }
    let record = vault.record(of: node)
    return record.parent == folder.id && record.name == name
  }

  /// Removes what was judged, and records it with the rules that went with it. Returns false where something changed meanwhile.
  private func remove(
    _ judge: Judge, _ node: Node, _ folder: Node, _ name: Name, _ decision: Record.Decision
  ) throws(FSError) -> Bool {
    var record = Record(.remove)
    record.actor = actor(judge)
    record.object = object(node)
    record.decision = decision
    record.details = [Record.Detail("kind", node.kind.word)]
    try requireTrail()
    let dropped: [Rule]
    guard isAsJudged(judge, node, in: folder, named: name) else { return false }
    do throws(VaultError) {
      dropped = try vault.remove(node)
    } catch {
      if case .gone = error { throw .noEntry }
      throw FSError(error)
    }
    recordDone(record, judge)
    for rule in dropped {
      recordDone(revocation(of: rule, judge, decision, reason: "folder removed", path: record.object?.path ?? []))
    }
    if !dropped.isEmpty { tellRightsChanged(mayWait: false) }
    return true
  }

  /// A rule that goes with its folder. `decision` is what allowed the folder's removal.
  func revocation(
    of rule: Rule, _ judge: Judge, _ decision: Record.Decision?, reason: String, path: [UInt8]
  ) -> Record {
    var record = Record(.revoke)
    record.actor = actor(judge)
    record.object = Record.Object(node: rule.folder, path: path)
    record.decision = decision
    record.details = [Record.Detail("rule", String(rule.id.value)), Record.Detail("reason", reason)]
    switch rule {
    case .grant(let grant):
      record.details += [Record.Detail("to", grant.principal.description), Record.Detail("rights", grant.rights.names)]
    case .barrier(let barrier): record.details.append(Record.Detail("against", barrier.principal.description))
    case .boundary: record.details.append(Record.Detail("kind", "boundary"))
    }
    return record
  }

  /// Row 14: what exists for nobody, once the folder is seen.
  package func refuse(_ caller: Caller, in parent: FileNumber, _ operation: NeverAllowed) -> FSError {
    statistics.operation()
    do throws(FSError) {
      let judge = try judge(caller, operation.operation)
      let (folder, _) = try visibleFolder(parent, judge, operation.operation)
      return deny(judge, operation.operation, folder, .neverAllowed, .notPermitted)
    } catch { return error }
  }

  /// What this file system makes for nobody: row 14.
  package enum NeverAllowed: Sendable {
    case hardLink, device

    var operation: Operation { self == .hardLink ? .link : .mknod }
  }
}
