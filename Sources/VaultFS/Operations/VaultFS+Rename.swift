import Access
import Trail
package import Vault
import VaultFormat

/// RENAME, rows 17 to 21.
extension VaultFS {
  /// RENAME: rows 17 to 21. Recorded for each node that moves.
  package func rename(
    _ caller: Caller, from sourceNumber: FileNumber, _ sourceBytes: UnsafeRawBufferPointer, to targetNumber: FileNumber,
    _ targetBytes: UnsafeRawBufferPointer, mode: Vault.RenameMode
  ) throws(FSError) {
    statistics.operation()
    let sourceName = try name(sourceBytes)
    let targetName = try name(targetBytes)
    for _ in 0..<Self.tryCountMax {
      let judge = try judge(caller, .rename)
      let (source, sourceStanding) = try visibleFolder(sourceNumber, judge, .rename)
      let (target, targetStanding) = try visibleFolder(targetNumber, judge, .rename)
      let found = try child(of: source, sourceStanding, named: sourceName, judge)
      guard let node = found.node, found.isVisible else { throw hidden(judge, .rename, folder: source, sourceStanding) }
      let taken = try child(of: target, targetStanding, named: targetName, judge)
      let move = Move(
        node: node, source: source, sourceStanding: sourceStanding, target: target, targetStanding: targetStanding,
        taken: taken.node)
      // First whether they may move it at all: who may not gets one answer, whatever stands at the target.
      try judgeMove(judge, move)
      if try checkNames(judge, move, mode, isTakenVisible: taken.isVisible) { return }
      if let other = taken.node {
        if mode == .exchange {
          let back = Move(
            node: other, source: target, sourceStanding: targetStanding, target: source, targetStanding: sourceStanding,
            taken: node)
          try judgeMove(judge, back)
        } else {
          try judgeReplacement(judge, move, other)
        }
      }
      if try perform(judge, move, sourceName, targetName, mode) { return }
    }
    throw .io
  }

  private struct Move {
    let node: Node
    let source: Node
    let sourceStanding: Standing
    let target: Node
    let targetStanding: Standing
    let taken: Node?

    var isWithinFolder: Bool { source === target }
  }

  /// What the names say, to a mover with the rights to move. Returns true where there is nothing to do.
  private func checkNames(_ judge: Judge, _ move: Move, _ mode: Vault.RenameMode, isTakenVisible: Bool) throws(FSError) -> Bool {
    guard let taken = move.taken else {
      if mode == .exchange { throw hidden(judge, .rename, folder: move.target, move.targetStanding) }
      return false
    }
    // Hidden or not, whoever may put a name here learns that it is taken.
    if mode == .keepExisting { throw .exists }
    guard isTakenVisible else {
      if mode == .exchange { throw hidden(judge, .rename, folder: move.target, move.targetStanding) }
      throw deny(judge, .rename, move.target, move.targetStanding.decision(for: .list), .accessDenied)
    }
    if taken === move.node { return true }
    guard mode == .replace else { return false }
    if taken.kind == .folder, move.node.kind != .folder { throw .isFolder }
    if taken.kind != .folder, move.node.kind == .folder { throw .notFolder }
    return false
  }

  private func judgeMove(_ judge: Judge, _ move: Move) throws(FSError) {
    let own = move.node.kind == .folder ? try standing(judge, at: move.node) : nil
    if move.isWithinFolder {
      try require(.edit, judge, move.sourceStanding, .rename, move.node)
      if let own { try require(.edit, judge, own, .rename, move.node) }
      return
    }
    // Without `read` a move is what it is for whoever may not read: a copy, each read of which is checked.
    try require(.read, judge, move.sourceStanding, .rename, move.node, as: .crossDevice)
    if let own { try require(.read, judge, own, .rename, move.node, as: .crossDevice) }
    try require(.remove, judge, move.sourceStanding, .rename, move.node)
    if let own { try require(.remove, judge, own, .rename, move.node) }
    try require(.add, judge, move.targetStanding, .rename, move.target)
    guard try crossesWall(judge, move) else { return }
    try require(.grant, judge, move.sourceStanding, .rename, move.node, as: .crossDevice)
    try require(.grant, judge, move.targetStanding, .rename, move.target, as: .crossDevice)
  }

  /// Row 20: whether other boundaries or barriers stand above the target, or the subtree carries rules of its own.
  private func crossesWall(_ judge: Judge, _ move: Move) throws(FSError) -> Bool {
    do throws(VaultError) {
      if move.node.kind == .folder, judge.rights.isAnchor(move.node.id) { return true }
      let source = try vault.anchor(of: move.source, in: judge.rights)
      let target = try vault.anchor(of: move.target, in: judge.rights)
      return source != target && !judge.rights.hasSameWalls(source, target)
    } catch { throw FSError(error) }
  }

  private func judgeReplacement(_ judge: Judge, _ move: Move, _ replaced: Node) throws(FSError) {
    try require(.remove, judge, move.targetStanding, .rename, replaced)
    guard replaced.kind == .folder else { return }
    try require(.remove, judge, try standing(judge, at: replaced), .rename, replaced)
    do throws(VaultError) { guard try vault.isEmpty(replaced) else { throw .notEmpty } } catch { throw FSError(error) }
  }

  /// Moves and records. Returns false where something changed meanwhile.
  private func perform(_ judge: Judge, _ move: Move, _ oldName: Name, _ name: Name, _ mode: Vault.RenameMode) throws(FSError)
    -> Bool
  {
    let there = vault.path(of: move.target)
    let path = (there == [0x2f] ? [] : there) + [0x2f] + name.bytes
    let before = object(move.node)
    let otherBefore = move.taken.map { object($0) }
    let rulesBefore = move.taken.map { vault.rules(on: $0.id) } ?? []
    try requireTrail()
    guard isAsJudged(judge, move.node, in: move.source, named: oldName) else { return false }
    do throws(VaultError) {
      guard try vault.rename(move.node, to: name, in: move.target, over: move.taken, mode: mode) else { return false }
    } catch {
      // A folder into itself.
      if case .isFolder = error { throw .invalid }
      throw FSError(error)
    }
    var record = Record(.rename)
    record.actor = actor(judge)
    record.object = before
    record.target = Record.Object(node: move.node.id, path: Self.recorded(path))
    decide(&record, judge, isWithinFolder: move.isWithinFolder, from: move.sourceStanding, to: move.targetStanding)
    recordDone(record, judge)
    if let other = otherBefore {
      var second = Record(mode == .exchange ? .rename : .remove)
      second.actor = record.actor
      second.object = other
      if mode == .exchange {
        second.target = Record.Object(node: other.node, path: before.path)
        decide(&second, judge, isWithinFolder: move.isWithinFolder, from: move.targetStanding, to: move.sourceStanding)
      } else {
        second.decision = move.targetStanding.decision(for: .remove)
      }
      recordDone(second, judge)
      if mode == .replace {
        for rule in rulesBefore {
          recordDone(revocation(of: rule, judge, second.decision, reason: "folder replaced", path: other.path))
        }
      }
    }
    if vault.rightsGeneration != judge.rights.generation { tellRightsChanged(mayWait: false) }
    return true
  }

  /// What allowed the move that `record` tells of: rows 17 and 19. Between folders two grants did, and both are used.
  private func decide(
    _ record: inout Record, _ judge: Judge, isWithinFolder: Bool, from source: Standing, to target: Standing
  ) {
    record.decision = source.decision(for: isWithinFolder ? .edit : .remove)
    guard !isWithinFolder, case .grant(let id) = target.decision(for: .add) else { return }
    judge.rights.noteUse(.grant(id), now: judge.now)
    record.details = [Record.Detail("target-grant", String(id.value))]
  }
}
