import Access
import Platform
import Synchronization
import Trail
import Vault
package import VaultFormat

/// OPEN, CREATE, RELEASE, FLUSH, FSYNC.
extension VaultFS {
  /// Row 6. Opened and unsealed first, then recorded, then answered.
  package func open(_ caller: Caller, _ number: FileNumber, _ access: OpenAccess) throws(FSError) -> HandleID {
    statistics.operation()
    let judge = try judge(caller, .open)
    let node = try node(number)
    guard slots.user(of: number.slot) == caller.uid else {
      // The node id was given to another user: their path, passed on through /proc or a race.
      throw deny(judge, .open, node, .foreignHandle, .accessDenied)
    }
    return try open(judge, node, access).id
  }

  /// Opens a document that the caller sees and has the rights to.
  private func open(_ judge: Judge, _ node: Node, _ access: OpenAccess) throws(FSError) -> OpenDocument {
    let generation = judge.rights.generation
    // Before judging: should the node move while it is judged, the permit is of its old place and counts for nothing.
    let place = node.placeGeneration.load(ordering: .acquiring)
    let standing = try requireVisible(node, judge, .open)
    guard node.kind == .document else { throw node.kind == .folder ? .isFolder : .tooManySymlinks }
    try require(access.rights, judge, standing, .open, node)
    let content: DocumentContent?
    do throws(VaultError) { content = try vault.open(node) } catch { throw FSError(error) }
    let id = handles.newID()
    let record = openRecord(judge, node, id, standing.decision(for: access.rights), access)
    let handle = OpenDocument(
      id: id, node: node, opener: judge.caller, name: judge.subject.user.name, access: access, isCreator: false, record: record)
    handle.keep(content)
    do throws(FSError) {
      try append(record, judge)
    } catch {
      vault.close(node)
      throw error
    }
    if access.truncates {
      do throws(VaultError) {
        try vault.truncate(node, to: 0)
      } catch {
        // OPEN is on record: so is that nothing came of it.
        recordWrite(judge.caller, handle, nil, 0, asked: 0, returned: 0, kind: "truncate", failure: FSError(error))
        vault.close(node)
        recordRelease(handle)
        throw FSError(error)
      }
      recordWrite(judge.caller, handle, nil, 0, asked: 0, returned: 0, kind: "truncate")
    }
    permit(handle, standing, isMaker: false, judge, generation: generation, place: place)
    handles.insert(handle)
    return handle
  }

  /// Rows 7 and 7a.
  package func create(
    _ caller: Caller, in parent: FileNumber, _ nameBytes: UnsafeRawBufferPointer, mode: UInt16, _ access: OpenAccess
  ) throws(FSError) -> (attributes: FileAttributes, handle: HandleID) {
    statistics.operation()
    let judge = try judge(caller, .create)
    let name = try name(nameBytes)
    let (folder, standing) = try visibleFolder(parent, judge, .create)
    while true {
      let epoch = vault.epoch
      let found = try child(of: folder, standing, named: name, judge)
      if let node = found.node {
        guard found.isVisible else {
          // Without `add` a hidden name is answered as an absent one is.
          try require(.add, judge, standing, .create, folder)
          throw deny(judge, .create, folder, standing.decision(for: .list), access.isExclusive ? .exists : .accessDenied)
        }
        if access.isExclusive { throw .exists }
        guard node.kind == .document else { throw node.kind == .folder ? .isFolder : .tooManySymlinks }
        let handle = try open(judge, node, access)
        do throws(FSError) {
          return (try attributes(of: node, for: judge), handle.id)
        } catch {
          release(handle.id, lockOwner: nil)
          throw error
        }
      }
      try require(.add, judge, standing, .create, folder)
      let slot = try slots.slot(of: caller.uid)
      guard let node = try makeNode(.document, named: name, in: folder, mode: mode, caller, absentSince: epoch) else { continue }
      let id = handles.newID()
      let record = openRecord(judge, node, id, .creator(standing.grant(for: .add)), access)
      let handle = OpenDocument(
        id: id, node: node, opener: caller, name: judge.subject.user.name, access: access, isCreator: true, record: record)
      var isOpen = false
      do throws(FSError) {
        do throws(VaultError) { handle.keep(try vault.open(node)) } catch { throw FSError(error) }
        isOpen = true
        try recordCreation(judge, node, standing, record.actor, record.object)
        try append(record)
      } catch {
        // Somebody else may have opened it already: only the open of this call is taken back.
        if isOpen { vault.close(node) }
        undoCreation(node)
        throw error
      }
      // As a write through it would be judged, while nobody has moved the document from where it was made.
      permit(
        handle, standing, isMaker: true, judge, generation: judge.rights.generation, place: Node.firstPlaceGeneration)
      handles.insert(handle)
      return (attributes(of: node, FileNumber(node.id, slot: slot), standing), handle.id)
    }
  }

  /// Row 7, MKNOD of a regular file; row 13, MKDIR and SYMLINK.
  package func make(
    _ kind: NodeRecord.Kind, _ caller: Caller, in parent: FileNumber, _ nameBytes: UnsafeRawBufferPointer, mode: UInt16,
    target: [UInt8] = []
  ) throws(FSError) -> FileAttributes {
    statistics.operation()
    let operation: Operation = kind == .folder ? .mkdir : kind == .symlink ? .symlink : .mknod
    let judge = try judge(caller, operation)
    let name = try name(nameBytes)
    guard target.count <= NodeRecord.targetByteCountMax else { throw .nameTooLong }
    let (folder, standing) = try visibleFolder(parent, judge, operation)
    // A taken name is EEXIST for whoever may add, hidden or not; others learn only what they see.
    let epoch = vault.epoch
    let found = try child(of: folder, standing, named: name, judge)
    if found.node != nil, found.isVisible { throw .exists }
    try require(.add, judge, standing, operation, folder)
    guard found.node == nil,
      let node = try makeNode(kind, named: name, in: folder, mode: mode, caller, target: target, absentSince: epoch)
    else {
      throw .exists
    }
    do throws(FSError) {
      try recordCreation(judge, node, standing, actor(judge), object(node))
      return try attributes(of: node, for: judge)
    } catch {
      undoCreation(node)
      throw error
    }
  }

  /// Nil where the name was taken meanwhile.
  private func makeNode(
    _ kind: NodeRecord.Kind, named name: Name, in folder: Node, mode: UInt16, _ caller: Caller, target: [UInt8] = [],
    absentSince epoch: UInt64
  ) throws(FSError) -> Node? {
    do throws(VaultError) {
      return try vault.create(
        kind, named: name, in: folder, mode: mode & 0o1777, uid: caller.uid, gid: caller.gid, target: target,
        absentSince: epoch)
    } catch {
      if case .exists = error { return nil }
      throw FSError(error)
    }
  }

  /// A creation that could not be recorded has not happened.
  private func undoCreation(_ node: Node) {
    _ = try? vault.remove(node)
  }

  private func recordCreation(
    _ judge: Judge, _ node: Node, _ standing: Standing, _ actor: Record.Actor?, _ object: Record.Object?
  ) throws(FSError) {
    var record = Record(.create)
    record.actor = actor
    record.object = object
    record.decision = standing.decision(for: .add)
    record.details = [Record.Detail("kind", node.kind.word)]
    try append(record, judge)
  }

  private func openRecord(
    _ judge: Judge, _ node: Node, _ id: HandleID, _ decision: Record.Decision, _ access: OpenAccess
  ) -> Record {
    var record = Record(.open)
    record.actor = actor(judge)
    record.object = object(node)
    record.handle = id
    record.decision = decision
    record.details = [Record.Detail("mode", access.words)]
    return record
  }

  /// Row 10: never refused. Its caller is nobody worth the name.
  package func release(_ id: HandleID, lockOwner: UInt64?) {
    statistics.operation()
    guard let handle = handles.remove(id) else { return }
    locks.release(handle.node.id, handle: id, owner: lockOwner)
    vault.close(handle.node)
    recordRelease(handle)
  }

  private func recordRelease(_ handle: OpenDocument) {
    var record = Record(.release)
    record.handle = handle.id
    record.usage = handle.usage
    record.actor = Record.Actor(uid: handle.opener.uid, name: handle.openerName, pid: 0)
    record.object = Record.Object(node: handle.node.id, path: [])
    trail.appendAlways(record)
  }

  /// Row 10. Drops the locks of the owner; reports what failed since, which release cannot.
  package func flush(_ id: HandleID, lockOwner: UInt64) throws(FSError) {
    guard let handle = handles[id] else { throw .badHandle }
    locks.dropPosix(handle.node.id, owner: lockOwner)
    if handle.canWrite, let failure = vault.changeFailure { throw FSError(failure) }
  }

  /// Row 10. Everything changed before is on disk on return.
  package func sync() throws(FSError) {
    do throws(VaultError) { try vault.sync() } catch { throw FSError(error) }
  }

  /// The same without a thread that waits: `answer` is called once, on any thread, with the failure. On a disk that does not answer that is `io`
  /// after `VaultSettings.syncPatienceNanoseconds`.
  package func sync(then answer: @escaping @Sendable (FSError?) -> Void) {
    vault.sync { failure in answer(failure.map { FSError($0) }) }
  }

  // MARK: Judging handles

  /// Until when a judgement may be kept with a handle: the rights may change by time, and who the caller is goes stale.
  func permitEnd(_ judge: Judge, _ standing: Standing) -> Int64 {
    min(judge.view.validUntil, standing.validUntil, judge.now + settings.permitNanoseconds)
  }

  /// The same on the boot clock, which nobody sets back. Who the caller is was asked no earlier than `judge.boot`.
  func permitEndBoot(_ judge: Judge) -> Int64 { judge.boot + settings.permitNanoseconds }

  /// Keeps with a handle what its opener may do by `standing`, as `judgeHandle` would find it.
  private func permit(
    _ handle: OpenDocument, _ standing: Standing, isMaker: Bool, _ judge: Judge, generation: UInt64, place: UInt64
  ) {
    handle.permit(
      isMaker ? standing.rights.union([.read, .edit]) : standing.rights,
      reading: decision(standing, for: .read, isMaker: isMaker), editing: decision(standing, for: .edit, isMaker: isMaker),
      generation: generation, place: place, until: permitEnd(judge, standing), untilBoot: permitEndBoot(judge))
  }

  /// What decides about a right on an open document: for its maker `add`, whatever else they have.
  private func decision(_ standing: Standing, for right: Rights, isMaker: Bool) -> Record.Decision {
    isMaker ? .creator(standing.grant(for: .add)) : standing.decision(for: right)
  }

  /// Judges `caller`, and the opener too where that is someone else (row 28), for one right, `read` or `edit`, on an open document.
  ///
  /// Returns what decided, for the record of what is done; nil where OPEN's record has it: the caller is the opener, and the same rule decides.
  @discardableResult
  func judgeHandle(_ handle: OpenDocument, _ caller: Caller, _ right: Rights, _ operation: Operation) throws(FSError)
    -> Record.Decision?
  {
    let generation = vault.rightsGeneration
    let now = vault.latestTime()
    if caller.uid == handle.opener.uid, handle.isPermitted(right, generation: generation, now: now, boot: Clock.boot()) {
      return handle.decision(for: right)
    }
    let judge = try judge(caller, operation)
    let place = handle.node.placeGeneration.load(ordering: .acquiring)
    let standing = try standing(judge, of: handle.node)
    let isMaker = handle.isCreator && caller.uid == handle.opener.uid && standing.rights.contains(.add)
    if !isMaker { try require(right, judge, standing, operation, handle.node, through: handle) }
    // Not another use; but one that goes on.
    judge.rights.noteUse(standing.decision(for: right), now: judge.now, times: 0)
    let decision = decision(standing, for: right, isMaker: isMaker)
    if caller.uid == handle.opener.uid {
      permit(handle, standing, isMaker: isMaker, judge, generation: judge.rights.generation, place: place)
      return decision == handle.record.decision ? nil : decision
    }
    try judgeOpener(handle, judge, right, operation)
    return decision
  }

  /// The opener must still have the right when someone else uses the handle.
  func judgeOpener(_ handle: OpenDocument?, _ judge: Judge, _ right: Rights, _ operation: Operation) throws(FSError) {
    guard let handle, handle.opener.uid != judge.caller.uid else { return }
    let opener = try self.judge(Caller(uid: handle.opener.uid, gid: handle.opener.gid, thread: judge.caller.thread), operation)
    let standing = try standing(opener, of: handle.node)
    if handle.isCreator, standing.rights.contains(.add) { return }
    guard standing.rights.isSuperset(of: right) else {
      throw deny(judge, operation, handle.node, standing.decision(for: right), .accessDenied, through: handle)
    }
  }
}

extension Standing {
  /// The grant that gives a right; 0 where none does.
  func grant(for right: Rights) -> RuleID {
    if case .grant(let id) = decision(for: right) { return id }
    return RuleID(0)
  }
}
