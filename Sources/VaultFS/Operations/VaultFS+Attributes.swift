import Access
import Glibc
import Platform
import Vault
package import VaultFormat

/// LOOKUP, GETATTR, SETATTR, ACCESS, READLINK, STATFS.
extension VaultFS {
  /// Bytes that programs should read and write at a time: 128 KiB.
  package static let blockByteCount: UInt32 = 128 << 10

  /// OPERATIONS row 1. Hidden and absent are one answer.
  package func lookup(_ caller: Caller, in parent: FileNumber, _ nameBytes: UnsafeRawBufferPointer) throws(FSError)
    -> FileAttributes
  {
    statistics.operation()
    let judge = try judge(caller, .lookup)
    let name = try name(nameBytes)
    // Mostly all of it is in memory, and found in one step. It is judged before anything is said of it.
    if let sight = vault.sight(of: name, in: parent.node) { return try attributes(of: sight, judge) }
    let (folder, standing) = try visibleFolder(parent, judge, .lookup)
    let found = try child(of: folder, standing, named: name, judge)
    guard let node = found.node, found.isVisible else { throw hidden(judge, .lookup, folder: folder, standing) }
    return try attributes(of: node, for: judge)
  }

  private func attributes(of sight: Sight, _ judge: Judge) throws(FSError) -> FileAttributes {
    let standing = try standing(judge, at: sight.folder)
    guard standing.isVisible, let (node, attributes) = sight.found else {
      throw hidden(judge, .lookup, folder: sight.folder, standing)
    }
    if node.kind == .folder {
      let own = try self.standing(judge, at: node)
      guard own.isVisible else { throw hidden(judge, .lookup, folder: sight.folder, standing) }
      let number = FileNumber(node.id, slot: 0)
      return own.rights.contains(.list) ? Self.attributes(number, attributes) : Self.constants(number)
    }
    guard standing.rights.contains(.list) else { throw hidden(judge, .lookup, folder: sight.folder, standing) }
    let slot = node.kind == .document ? try slots.slot(of: judge.caller.uid) : 0
    // Not before: who waits for a document's content would tell by the time it took that there is one.
    return Self.attributes(FileNumber(node.id, slot: slot), vault.completed(attributes, of: node))
  }

  /// Row 2.
  package func attributes(_ caller: Caller, of number: FileNumber) throws(FSError) -> FileAttributes {
    statistics.operation()
    let judge = try judge(caller, .getattr)
    let (node, standing) = try visibleNode(number, judge, .getattr)
    return attributes(of: node, number, standing)
  }

  /// Row 2 through an open document: also for one that was unlinked (row 29).
  package func attributes(_ caller: Caller, of number: FileNumber, handle: HandleID) throws(FSError) -> FileAttributes {
    statistics.operation()
    guard let open = handles[handle], open.node.id == number.node else { return try attributes(caller, of: number) }
    let judge = try judge(caller, .getattr)
    let standing = try standing(judge, of: open.node)
    // By handle, hidden is refused rather than absent.
    guard standing.rights.contains(.list) else {
      throw deny(judge, .getattr, open.node, standing.decision(for: .list), .accessDenied)
    }
    try judgeOpener(open, judge, .list, .getattr)
    return attributes(of: open.node, number, standing)
  }

  func attributes(of node: Node, for judge: Judge) throws(FSError) -> FileAttributes {
    let standing = try standing(judge, of: node)
    let slot = node.kind == .document ? try slots.slot(of: judge.caller.uid) : 0
    return attributes(of: node, FileNumber(node.id, slot: slot), standing)
  }

  func attributes(of node: Node, _ number: FileNumber, _ standing: Standing) -> FileAttributes {
    if node.kind == .folder, !standing.rights.contains(.list) { return Self.constants(number) }
    return Self.attributes(number, vault.attributes(of: node))
  }

  /// Of a bare chain folder, or one seen through `grant` alone: the same for every one.
  private static func constants(_ number: FileNumber) -> FileAttributes {
    FileAttributes(
      number: number, kind: .folder, mode: 0o555, uid: 0, gid: 0, size: 0, blockCount: 0, accessed: 0, modified: 0, changed: 0)
  }

  private static func attributes(_ number: FileNumber, _ node: NodeAttributes) -> FileAttributes {
    FileAttributes(
      number: number, kind: node.kind, mode: node.mode, uid: node.uid, gid: node.gid, linkCount: node.isRemoved ? 0 : 1,
      size: node.kind == .folder ? 0 : node.size, blockCount: ((node.allocatedByteCount ?? 0) + 511) / 512,
      accessed: node.accessed, modified: node.modified, changed: node.changed)
  }

  /// Row 3: what `access(2)` and `chdir(2)` ask.
  package func access(_ caller: Caller, _ number: FileNumber, mask: Int32) throws(FSError) {
    statistics.operation()
    let judge = try judge(caller, .access)
    let (node, standing) = try visibleNode(number, judge, .access)
    if node.kind == .folder {
      if mask & R_OK != 0 { try require(.list, judge, standing, .access, node) }
      if mask & W_OK != 0, standing.rights.isDisjoint(with: [.add, .edit, .remove]) {
        throw deny(judge, .access, node, standing.decision(for: .edit), .accessDenied)
      }
      return
    }
    if mask & (R_OK | X_OK) != 0 { try require(.read, judge, standing, .access, node) }
    if mask & W_OK != 0 { try require(.edit, judge, standing, .access, node) }
    if mask & X_OK != 0, vault.record(of: node).mode & 0o111 == 0 {
      throw deny(judge, .access, node, .neverAllowed, .accessDenied)
    }
  }

  /// Row 5. The target is walked by lookups of its own.
  package func readLink(_ caller: Caller, _ number: FileNumber) throws(FSError) -> [UInt8] {
    statistics.operation()
    let judge = try judge(caller, .readlink)
    let (node, _) = try visibleNode(number, judge, .readlink)
    guard node.kind == .symlink else { throw .invalid }
    return vault.record(of: node).target
  }

  /// Row 22, and truncation (row 9). `handle` is the open document that `ftruncate` and `futimens` come through.
  package func setAttributes(
    _ caller: Caller, of number: FileNumber, handle: HandleID?, _ change: AttributeChange
  ) throws(FSError) -> FileAttributes {
    statistics.operation()
    let operation: Operation = change.size == nil ? .setattr : .truncate
    let judge = try judge(caller, operation)
    let open = handle.flatMap { handles[$0] }.flatMap { $0.node.id == number.node ? $0 : nil }
    let node: Node
    let standing: Standing
    if let open {
      node = open.node
      standing = try self.standing(judge, of: node)
      guard standing.rights.contains(.list) else {
        throw deny(judge, operation, node, standing.decision(for: .list), .accessDenied)
      }
    } else {
      (node, standing) = try visibleNode(number, judge, operation)
    }
    // Who has `edit` needs to have made nothing: no handle is looked for then.
    let isAsMaker = standing.rights.contains(.add) && (open != nil || !standing.rights.contains(.edit))
    let isMaker = isAsMaker && isMaker(caller, of: node, through: open)
    if !isMaker {
      // A truncation is a write: EACCES. An attribute without `edit` is EPERM.
      try require(.edit, judge, standing, operation, node, as: change.size == nil ? .notPermitted : .accessDenied)
    }
    try judgeOpener(open, judge, .edit, operation)
    try requireOwnership(change, judge, node)
    try requireTrail()
    if let size = change.size { try truncate(node, to: size) }
    let decision: Record.Decision = isMaker ? .creator(standing.grant(for: .add)) : standing.decision(for: .edit)
    if change.hasAttributes {
      do throws(FSError) {
        try apply(change, to: node)
      } catch {
        // The truncation was made all the same.
        if change.size != nil { recordAttributeChange(judge, node, open, change, decision) }
        throw error
      }
    }
    recordAttributeChange(judge, node, open, change, decision)
    return attributes(of: node, number, standing)
  }

  /// Whether the caller holds the handle that created the document. The kernel names no handle for `fchmod` and `futimens`, so that any
  /// such handle of theirs that is still open counts.
  private func isMaker(_ caller: Caller, of node: Node, through open: OpenDocument?) -> Bool {
    if let open { return open.isCreator && open.opener.uid == caller.uid }
    return handles.contains { $0.node === node && $0.isCreator && $0.opener.uid == caller.uid }
  }

  /// As elsewhere only root gives a document away, to a user or a group; others name themselves and their own groups. `edit` alone would
  /// let an editor write any name beside a paper, and `cp -a` counts on the refusal.
  private func requireOwnership(_ change: AttributeChange, _ judge: Judge, _ node: Node) throws(FSError) {
    guard judge.caller.uid != 0 else { return }
    let record = vault.record(of: node)
    let isOwnUser = change.uid.map { $0 == record.uid || $0 == judge.caller.uid } ?? true
    let isOwnGroup =
      change.gid.map { gid in
        gid == record.gid || gid == judge.caller.gid || judge.subject.groups.contains { $0.id == gid }
      } ?? true
    guard isOwnUser, isOwnGroup else { throw deny(judge, .setattr, node, .neverAllowed, .notPermitted) }
  }

  private func truncate(_ node: Node, to size: UInt64) throws(FSError) {
    guard node.kind == .document else { throw node.kind == .folder ? .isFolder : .invalid }
    do throws(VaultError) { try vault.truncate(node, to: size) } catch { throw FSError(error) }
  }

  private func apply(_ change: AttributeChange, to node: Node) throws(FSError) {
    do throws(VaultError) {
      try vault.change(node) { record in
        // Set-uid and set-gid bits are never kept.
        if let mode = change.mode { record.mode = mode & 0o1777 }
        if let uid = change.uid { record.uid = uid }
        if let gid = change.gid { record.gid = gid }
        if let accessed = change.accessed { record.accessed = accessed }
        if let modified = change.modified { record.modified = modified }
        return true
      }
    } catch { throw FSError(error) }
  }

  private func recordAttributeChange(
    _ judge: Judge, _ node: Node, _ open: OpenDocument?, _ change: AttributeChange, _ decision: Record.Decision
  ) {
    var record = Record(.write)
    record.actor = actor(judge)
    record.object = object(node)
    record.handle = open?.id
    record.decision = decision
    if let open, open.opener.uid != judge.caller.uid {
      record.opener = Record.Actor(uid: open.opener.uid, name: open.openerName, pid: 0)
    }
    if let size = change.size {
      record.range = Record.Range(offset: size, asked: 0, returned: 0)
      record.details.append(Record.Detail("kind", "truncate"))
    } else {
      record.details.append(Record.Detail("kind", "attributes"))
    }
    recordDone(record, judge)
  }

  /// Row 27: room under the vault; nothing about what is in it.
  package func statfs() throws(FSError) -> (blockCount: UInt64, freeBlockCount: UInt64, availableBlockCount: UInt64) {
    try requireTrail()
    do throws(SystemError) {
      let space = try vault.folder.space()
      return (space.byteCount / 4096, space.freeByteCount / 4096, space.availableByteCount / 4096)
    } catch { throw .io }
  }
}

/// The attributes that a SETATTR sets; nil for those it leaves. Times in wall nanoseconds.
package struct AttributeChange: Sendable {
  package var mode: UInt16?
  package var uid: UInt32?
  package var gid: UInt32?
  package var size: UInt64?
  package var accessed: Int64?
  package var modified: Int64?

  package init() {}

  var hasAttributes: Bool { mode != nil || uid != nil || gid != nil || accessed != nil || modified != nil }
}
