import Access
import Trail
import Vault
package import VaultFormat

/// OPENDIR, READDIR, RELEASEDIR.
extension VaultFS {
  /// A child that the caller may see. Valid only during the call that gives it.
  package struct Entry {
    package let number: FileNumber
    /// Good until the call that hands the entry out returns.
    package let nameBytes: UnsafeRawBufferPointer
    package let kind: NodeRecord.Kind
    /// Pass it back to go on after this entry. Opaque to programs.
    package let offset: UInt64

    package var name: Name { Name(nameBytes)! }
  }

  /// Row 4.
  package func openFolder(_ caller: Caller, _ number: FileNumber) throws(FSError) -> HandleID {
    statistics.operation()
    let judge = try judge(caller, .list)
    let (folder, _) = try visibleFolder(number, judge, .list)
    do throws(VaultError) { try vault.open(folder) } catch { throw FSError(error) }
    let handle = OpenFolder(id: handles.newID(), node: folder, opener: caller, name: judge.subject.user.name)
    folders.insert(handle)
    return handle.id
  }

  /// Row 4. Passes entries after `offset` (0 from the start) to `body` in order of node number until it returns false; each is judged.
  /// The LIST record with the count shown is in the trail before this returns.
  package func list(
    _ caller: Caller, _ id: HandleID, after offset: UInt64, _ body: (Entry) -> Bool
  ) throws(FSError) {
    statistics.operation()
    guard let handle = folders[id] else { throw .badHandle }
    let judge = try judge(caller, .list)
    let standing = try standing(judge, at: handle.node)
    guard standing.isVisible else {
      throw deny(judge, .list, handle.node, standing.decision(for: .list), .accessDenied)
    }
    let isOpeners = caller.uid == handle.opener.uid
    if !isOpeners { try judgeOpener(handle, judge) }
    var shown = 0
    if standing.rights.isDisjoint(with: .seeing) {
      shown = try listBareChain(judge, handle.node, after: offset, body)
    } else {
      shown = try listChildren(judge, handle.node, standing, after: offset, body)
    }
    guard shown > 0 else { return }
    var record = Record(.list)
    record.actor = actor(judge)
    record.object = object(handle.node)
    record.decision = standing.rights.contains(.list) ? standing.decision(for: .list) : .open
    record.count = UInt64(shown)
    if !isOpeners { record.opener = Record.Actor(uid: handle.opener.uid, name: handle.openerName, pid: 0) }
    try append(record, judge)
  }

  /// Row 28: whoever opened the folder must still see it.
  private func judgeOpener(_ handle: OpenFolder, _ judge: Judge) throws(FSError) {
    let opener = try self.judge(Caller(uid: handle.opener.uid, gid: handle.opener.gid, thread: judge.caller.thread), .list)
    let standing = try standing(opener, at: handle.node)
    guard standing.isVisible else { throw deny(judge, .list, handle.node, standing.decision(for: .list), .accessDenied) }
  }

  /// A user with a few grants far below sees a few entries, without a walk over the others.
  private func listBareChain(_ judge: Judge, _ folder: Node, after offset: UInt64, _ body: (Entry) -> Bool) throws(FSError) -> Int
  {
    let anchor: NodeID
    do throws(VaultError) { anchor = try vault.anchor(of: folder, in: judge.rights) } catch { throw FSError(error) }
    guard anchor == folder.id else { return 0 }
    var shown = 0
    for id in judge.view.visibleChildren(of: anchor) where id.value > offset {
      do throws(VaultError) {
        let name = vault.record(of: try vault.node(id)).name
        let number = FileNumber(id, slot: 0)
        let goesOn = name.bytes.withUnsafeBytes { bytes in
          body(Entry(number: number, nameBytes: bytes, kind: .folder, offset: id.value))
        }
        guard goesOn else { return shown }
        shown += 1
      } catch {
        if case .gone = error { continue }
        throw FSError(error)
      }
    }
    return shown
  }

  /// No folder is asked for itself: one that the rights table does not speak of stands as what is above it does.
  private func listChildren(
    _ judge: Judge, _ folder: Node, _ standing: Standing, after offset: UInt64, _ body: (Entry) -> Bool
  ) throws(FSError) -> Int {
    let slot = try slots.slot(of: judge.caller.uid)
    let showsDocuments = standing.rights.contains(.list)
    let showsOthers = standing.ofFolderBelow.isVisible
    var cursor = NodeID(offset)
    var shown = 0
    while true {
      let page: ChildPage
      do throws(VaultError) {
        page = try vault.children(of: folder, after: cursor, limit: 1024)
      } catch { throw FSError(error) }
      guard let last = page.last else { return shown }
      let goesOn = page.forEach(after: cursor) { id, kind, name in
        if kind == .folder {
          guard judge.rights.isAnchor(id) ? judge.view.isVisible(id) : showsOthers else { return true }
        } else {
          guard showsDocuments else { return true }
        }
        let number = FileNumber(id, slot: kind == .document ? slot : 0)
        guard body(Entry(number: number, nameBytes: name, kind: kind, offset: id.value)) else { return false }
        shown += 1
        return true
      }
      guard goesOn else { return shown }
      cursor = last
    }
  }

  /// The number of the folder above, for `..`; the root's is itself. Never shown if hidden: a visible folder's parent is visible.
  package func parentNumber(ofFolder id: HandleID) -> FileNumber {
    guard let handle = folders[id], let parent = try? vault.parent(of: handle.node) else { return .root }
    return FileNumber(parent.id, slot: 0)
  }

  /// Row 10.
  package func releaseFolder(_ id: HandleID) {
    guard let handle = folders.remove(id) else { return }
    vault.close(handle.node)
  }
}
