import Glibc
import VaultFormat

/// Holds what the attackers got against what they could have had.
///
/// - What left must have been allowed in one of the worlds that the operation can have met.
/// - Where it can have met only one, the answer must be exactly that world's: what is allowed succeeds, what is hidden does not
///   exist (ENOENT), what is seen and not allowed is EACCES (EPERM for attributes).
struct AttackOracle {
  var worlds: AttackWorlds
  /// Documents with lower numbers were planted whole, with their tag.
  let plantedCount: Int
  private(set) var exactCount = 0

  init(worlds: AttackWorlds, plantedCount: Int) {
    self.worlds = worlds
    self.plantedCount = plantedCount
  }

  /// One world at one time, as one operation may have met it.
  private struct Meeting {
    let tree: AttackWorlds.Tree
    let caller: AttackWorlds.Standing
    let opener: AttackWorlds.Standing

    func place(_ document: Int) -> Int? { tree.removed.contains(document) ? nil : tree.documentFolders[document] }

    func has(_ right: Rights, _ folder: Int?) -> Bool { folder.map { caller.rights[$0]!.contains(right) } ?? false }

    /// Row 28 and 29: caller and opener, at the document's folder or the one that it was in last.
    func has(_ rights: Rights, by record: AttackRecord) -> Bool {
      guard let folder = tree.documentFolders[record.document] else { return false }
      return [caller, opener].allSatisfy { standing in
        standing.rights[folder]!.isSuperset(of: rights)
          || record.flags.contains(.creator) && standing.rights[folder]!.contains(.add)
      }
    }

    /// Whether each folder of a path is where the path says, and seen.
    func resolves(_ chain: [Int]) -> Bool {
      var parent = -1
      for folder in chain {
        guard tree.parents[folder] == parent, caller.visible.contains(folder) else { return false }
        parent = folder
      }
      return true
    }

    func shown(in folder: Int) -> (folders: Set<Int>, documents: Set<Int>) {
      let folders = caller.visible.filter { $0 >= 0 && tree.parents[$0] == folder }
      guard caller.rights[folder]!.contains(.list) else { return (folders, []) }
      return (folders, Set(tree.documentFolders.filter { $0.value == folder && !tree.removed.contains($0.key) }.keys))
    }
  }

  private mutating func meeting(_ record: AttackRecord, _ world: Int, _ time: Int64) -> Meeting {
    Meeting(
      tree: worlds.trees[min(world, worlds.trees.count - 1)], caller: worlds.standing(record.user, in: world, at: time),
      opener: worlds.standing(record.opener, in: world, at: time))
  }

  /// What is wrong about a record, or nil.
  mutating func objection(to record: AttackRecord) -> String? {
    if record.flags.contains(.foreign) { return "bytes that are not the document's" }
    if record.flags.contains(.unknownName) { return "a name that nothing has" }
    // A change met the world before it: nothing else changed meanwhile.
    let last = record.change > 0 ? record.change - 1 : record.after
    let isSteady = worlds.isSteady(record.began, record.ended)
    var meetings: [Meeting] = []
    for world in min(record.before, last)...last {
      meetings.append(meeting(record, world, record.began))
      if !isSteady {
        meetings.append(meeting(record, world, record.began - 20_000_000))
        meetings.append(meeting(record, world, record.ended + 20_000_000))
      }
    }
    if record.isDone, !meetings.contains(where: { allows($0, record) }) { return "it was allowed at no moment" }
    if record.kind == .list, record.isDone, let leaked = leak(record, meetings) { return leaked }
    guard meetings.count == 1, record.change == 0 else { return nil }
    exactCount += 1
    return inexactness(meetings[0], record)
  }

  // MARK: What may have left

  private func allows(_ met: Meeting, _ record: AttackRecord) -> Bool {
    let place = met.place(record.document)
    switch record.kind {
    case .statDocument, .listAttributes, .why: return met.has(.list, place)
    case .statFolder:
      return met.caller.visible.contains(record.folder)
        && (!record.flags.isDisjoint(with: [.bare, .kept]) || met.has(.list, record.folder))
    case .list: return met.caller.visible.contains(record.folder)
    case .access, .keep: return met.has(Self.needed(record), place)
    case .read, .map, .getAttribute: return met.has(.read, place)
    case .write: return met.has(.edit, place)
    // The creator's open handle counts for attributes.
    case .setMode: return met.has(.edit, place) || record.document >= plantedCount && met.has(.add, place)
    case .readLink: return met.has(.list, record.folder)
    case .handleRead, .handleSeek, .handleLock: return met.has(.read, by: record)
    case .handleWrite: return met.has(.edit, by: record)
    case .copy:
      return met.has(.edit, met.tree.documentFolders[record.otherDocument]) && met.has(.read, by: record)
    case .reopen: return record.user == record.opener && met.has(.read, met.tree.documentFolders[record.document])
    case .parent:
      let parent = met.tree.parents[record.folder]
      return met.caller.visible.contains(parent) && (record.flags.contains(.bare) || met.has(.list, parent))
    case .heldFolder: return place == record.folder && met.has(.list, place)
    case .create: return met.has(.add, record.folder)
    case .unlink: return met.has(.remove, record.folder)
    case .moveDocument:
      return met.has(.read, record.folder) && met.has(.remove, record.folder) && met.has(.add, record.otherFolder)
    case .moveFolder:
      let parent = met.tree.parents[record.folder]
      return [parent, record.folder].allSatisfy { met.has(.read, $0) && met.has(.remove, $0) }
        && met.has(.add, record.otherFolder)
    }
  }

  private static func needed(_ record: AttackRecord) -> Rights {
    var rights: Rights = []
    if record.flags.contains(.reading) { rights.insert(.read) }
    if record.flags.contains(.writing) { rights.insert(.edit) }
    return rights
  }

  private func leak(_ record: AttackRecord, _ meetings: [Meeting]) -> String? {
    let shown = meetings.map { $0.shown(in: record.folder) }
    for folder in record.folders where !shown.contains(where: { $0.folders.contains(folder) }) {
      return "a listing showed folder \(folder)"
    }
    for document in record.documents where !shown.contains(where: { $0.documents.contains(document) }) {
      return "a listing showed document \(document)"
    }
    if record.flags.contains(.link), !meetings.contains(where: { $0.has(.list, record.folder) }) {
      return "a listing showed the symlink"
    }
    return nil
  }

  // MARK: What must have been answered

  private func inexactness(_ met: Meeting, _ record: AttackRecord) -> String? {
    let isAllowed = allows(met, record)
    switch record.kind {
    case .list, .statFolder:
      guard met.resolves(record.chain) else { return expect(record, [ENOENT]) }
      guard record.isDone else { return expect(record, [0]) }
      let isListing = met.has(.list, record.folder)
      guard record.kind == .list else {
        return record.flags.contains(.kept) || record.flags.contains(.bare) == !isListing
          ? nil : "attributes of a bare chain: \(record.flags.contains(.bare))"
      }
      let shown = met.shown(in: record.folder)
      if shown.folders != record.folders || shown.documents != record.documents { return "a listing was not what is shown" }
      return record.folder < 0 || record.flags.contains(.link) == isListing ? nil : "the symlink was not listed rightly"
    case .readLink: return expect(record, met.resolves(record.chain) && isAllowed ? [0] : [ENOENT])
    case .handleRead, .handleWrite, .handleSeek, .handleLock:
      // A handle that made its document also counts, while `add` holds.
      return expect(record, isAllowed ? [0] : [EACCES])
    case .reopen:
      if met.tree.removed.contains(record.document) { return nil }
      return expect(record, isAllowed ? [0] : met.has(.list, met.place(record.document)) ? [EACCES] : [ENOENT, EACCES])
    case .parent:
      return expect(record, met.caller.visible.contains(met.tree.parents[record.folder]) ? [0] : [ENOENT, EACCES])
    case .heldFolder: return expect(record, isAllowed ? [0] : [ENOENT, EACCES])
    case .copy: return nil
    default: break
    }
    // All others name a document by its path.
    let place = met.place(record.document)
    guard met.resolves(record.chain), place == record.folder, met.has(.list, place) else { return expect(record, [ENOENT]) }
    if record.document >= plantedCount, [.map, .setMode, .getAttribute].contains(record.kind) { return nil }
    if isAllowed { return expect(record, [0]) }
    return expect(record, record.kind == .setMode ? [EPERM] : [EACCES])
  }

  private func expect(_ record: AttackRecord, _ errors: [Int32]) -> String? {
    errors.contains(record.error) ? nil : "errno \(record.error) where \(errors) was due"
  }
}
