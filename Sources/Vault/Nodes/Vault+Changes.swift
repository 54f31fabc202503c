import Access
import Catalog
import Keys
import Platform
package import VaultFormat

/// Changing the tree: making, removing, renaming nodes and their attributes. All are seen at once and durable with their group.
extension Vault {
  /// Makes an empty document, a folder or a symlink called `name` in `folder`.
  /// - Parameter absence: an `epoch` before the name was looked for and not found: where nothing was committed since, it is not looked for
  ///   in the catalog again.
  /// - Throws: `exists`, `gone` where the folder is, `exhausted`, `changesRefused`.
  package func create(
    _ kind: NodeRecord.Kind, named name: Name, in folder: Node, mode: UInt16, uid: UInt32, gid: UInt32, target: [UInt8] = [],
    absentSince absence: UInt64? = nil
  ) throws(VaultError) -> Node {
    try changesRefused.check()
    let key = DentryKey(parent: folder.id, tag: keys.nameTag(parent: folder.id, name: name))
    let id = try numbers.nextNode()
    while true {
      let epoch = committer.epoch
      if epoch != absence { guard try child(key) == nil else { throw .exists } }
      let now = Clock.wall()
      let made = try tree.withLockThrowing { () throws(VaultError) -> Node? in
        guard !folder.isRemoved else { throw .gone }
        switch table.find(key) {
        case .node: throw .exists
        case .unknown where committer.epoch != epoch: return nil
        default: break
        }
        let record = NodeRecord(
          kind: kind, parent: folder.id, name: name, mode: mode, uid: uid, gid: gid, time: now, target: target)
        let node = Node(id: id, record: record, tag: key.tag, stored: nil)
        node.isComplete = kind == .folder
        if kind == .document { node.content = DocumentContent(list: ExtentList(), store: content, pressure: pressure) }
        table.insert(node)
        table.take(key)
        table.touch(id, in: folder.id, group: committer.group)
        noteChildren(of: folder, at: now)
        markDirty(node)
        table.trim()
        return node
      }
      if let made {
        committer.hurryIfLarge()
        return made
      }
    }
  }

  /// Removes a document or symlink, or an empty folder. Content goes when the last handle does. Returns the rules that stood on the
  /// folder and went with it.
  /// - Throws: `gone` where it is not there (any more), `notEmpty`.
  @discardableResult
  package func remove(_ node: Node) throws(VaultError) -> [Rule] {
    try changesRefused.check()
    guard let folder = try parent(of: node) else { throw .notEmpty }
    return try removing(node) { () throws(VaultError) in try remove(node, from: folder) }
  }

  private func remove(_ node: Node, from folder: Node) throws(VaultError) -> [Rule] {
    var plan: RightsPlan?
    while true {
      let (seen, isRuled) = tree.withLock { (node.childChanges, rules.hasRules(on: node.id)) }
      if node.kind == .folder { guard try isEmpty(node) else { throw .notEmpty } }
      plan = isRuled ? planRights(leaving: node.id).plan : nil
      let done = try tree.withLockThrowing { () throws(VaultError) -> Bool in
        guard !node.isRemoved else { throw .gone }
        guard node.childChanges == seen, node.record.parent == folder.id else { return false }
        if let plan {
          guard publish(plan) else { return false }
        } else {
          guard !rules.hasRules(on: node.id) else { return false }
        }
        let now = Clock.wall()
        removeLocked(node, at: now)
        noteChildren(of: folder, at: now)
        return true
      }
      if done { break }
      if tree.withLock({ node.record.parent != folder.id }) { throw .gone }
    }
    committer.hurryIfLarge()
    return plan?.dropped ?? []
  }

  /// What a rename does to a name that is taken.
  package enum RenameMode: Sendable {
    case replace
    /// `exists` where the name is taken.
    case keepExisting
    case exchange
  }

  /// Moves `node` to `name` in `folder`. `replaced` is what the caller judged to stand there, nil for nothing.
  /// Returns false where something changed meanwhile: look up, judge and call again.
  package func rename(_ node: Node, to name: Name, in folder: Node, over replaced: Node?, mode: RenameMode) throws(VaultError)
    -> Bool
  {
    try changesRefused.check()
    let key = DentryKey(parent: folder.id, tag: keys.nameTag(parent: folder.id, name: name))
    guard let source = try parent(of: node) else { throw .notFolder }
    if mode == .keepExisting, replaced != nil { throw .exists }
    guard let replaced, mode == .replace else {
      return try rename(node, from: source, to: key, name, in: folder, over: replaced, mode: mode, seen: nil)
    }
    return try removing(replaced) { () throws(VaultError) in
      let seen = tree.withLock { replaced.childChanges }
      if replaced.kind == .folder { guard try isEmpty(replaced) else { throw .notEmpty } }
      return try rename(node, from: source, to: key, name, in: folder, over: replaced, mode: mode, seen: seen)
    }
  }

  /// - Parameter seen: the count of changes below `replaced` when it was found empty; nil where it stays.
  private func rename(
    _ node: Node, from source: Node, to key: DentryKey, _ name: Name, in folder: Node, over replaced: Node?, mode: RenameMode,
    seen: UInt64?
  ) throws(VaultError) -> Bool {
    let move = Move(node: node, source: source, folder: folder, key: key, name: name, replaced: replaced, mode: mode, seen: seen)
    guard move.changesFolders else { return try rename(move, rights: nil) ?? false }
    // Only folder moves change who is above whom; one at a time, so that no circle can close.
    return try folderMoves.withLockThrowing { () throws(VaultError) -> Bool in
      if node.kind == .folder, try chain(to: folder).contains(where: { $0 === node }) { throw .isFolder }
      if mode == .exchange, let replaced, replaced.kind == .folder, try chain(to: source).contains(where: { $0 === replaced }) {
        throw .isFolder
      }
      while true {
        let plan = planRights(moving: move.movedFolders, leaving: move.removedFolder?.id).plan
        if let isDone = try rename(move, rights: plan) { return isDone }
      }
    }
  }

  /// False where something changed meanwhile; nil where the rules did, so that the rights are to be planned anew.
  private func rename(_ move: Move, rights plan: RightsPlan?) throws(VaultError) -> Bool? {
    let (node, source, folder, replaced) = (move.node, move.source, move.folder, move.replaced)
    return try tree.withLockThrowing { () throws(VaultError) -> Bool? in
      guard !node.isRemoved, node.record.parent == source.id, !folder.isRemoved else { return false }
      switch table.find(move.key) {
      case .node(let there): guard there === replaced else { return false }
      case .free, .unknown: guard replaced == nil else { return false }
      }
      if let seen = move.seen, replaced?.childChanges != seen { return false }
      if let plan { guard publish(plan) else { return nil } }
      let now = Clock.wall()
      if move.mode == .exchange, let replaced {
        exchangeLocked(node, replaced, now: now)
      } else {
        if let replaced, replaced !== node { removeLocked(replaced, at: now) }
        table.rename(node, to: move.key, name: move.name, group: committer.group)
      }
      node.record.changed = now
      markDirty(node)
      noteChildren(of: source, at: now)
      if folder !== source { noteChildren(of: folder, at: now) }
      return true
    }
  }

  /// Lets `change` alter the attributes of a node; `changed` moves to now, unless it returns false because nothing is to change.
  package func change(_ node: Node, _ change: (inout NodeRecord) -> Bool) throws(VaultError) {
    try changesRefused.check()
    try tree.withLockThrowing { () throws(VaultError) -> Void in
      let parent = node.record.parent
      guard change(&node.record) else { return }
      precondition(node.record.parent == parent)
      node.record.changed = Clock.wall()
      if !node.isRemoved { markDirty(node) }
    }
  }

  // MARK: Helpers, under the tree lock

  func markDirty(_ node: Node) {
    node.isDirty = true
    committer.dirty[node.id] = node
  }

  private func noteChildren(of folder: Node, at now: Int64) {
    folder.childChanges += 1
    table.listings.drop(folder.id)
    folder.record.modified = now
    folder.record.changed = now
    if !folder.isRemoved { markDirty(folder) }
  }

  private func removeLocked(_ node: Node, at now: Int64) {
    node.record.changed = now
    table.remove(node, group: committer.group)
    markDirty(node)
  }

  private func exchangeLocked(_ first: Node, _ second: Node, now: Int64) {
    let firstKey = first.key
    let firstName = first.record.name
    let secondKey = second.key
    let secondName = second.record.name
    // Each rename vacates its old name, which the other then takes.
    table.rename(first, to: secondKey, name: secondName, group: committer.group)
    table.rename(second, to: firstKey, name: firstName, group: committer.group)
    table.restore(first)
    second.record.changed = now
    markDirty(second)
  }

  /// Runs `body`, which may remove the node, while its content stays in memory: which blobs go with it must be known under the lock.
  private func removing<Result>(_ node: Node, _ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
    guard node.kind == .document else { return try body() }
    return try using(node) { () throws(VaultError) in
      do throws(VaultError) {
        _ = try loadedContent(of: node)
      } catch {
        // Where rows of extents are damaged nobody can say which: the document can go all the same. Its blobs are garbage from then on, and as
        // long as the damaged rows stand nobody removes garbage.
        guard case .damaged = error else { throw error }
      }
      return try body()
    }
  }
}

/// One rename, as it was judged.
private struct Move {
  let node: Node
  let source: Node
  let folder: Node
  let key: DentryKey
  let name: Name
  let replaced: Node?
  let mode: Vault.RenameMode
  let seen: UInt64?

  /// Folders that come to stand under another one, with that one's number.
  var movedFolders: [(folder: Node, to: NodeID)] {
    guard source.id != folder.id else { return [] }
    var moved: [(folder: Node, to: NodeID)] = []
    if node.kind == .folder { moved.append((node, folder.id)) }
    if mode == .exchange, let replaced, replaced.kind == .folder { moved.append((replaced, source.id)) }
    return moved
  }

  /// A folder that goes.
  var removedFolder: Node? {
    guard mode == .replace, let replaced, replaced.kind == .folder, replaced !== node else { return nil }
    return replaced
  }

  /// Whether rights can change by it.
  var changesFolders: Bool { !movedFolders.isEmpty || removedFolder != nil }
}

extension Lock {
  /// `withLock` for closures that throw one type and return nothing a caller may drop.
  @inline(__always)
  func withLockThrowing<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    lock()
    defer { unlock() }
    return try body()
  }
}
