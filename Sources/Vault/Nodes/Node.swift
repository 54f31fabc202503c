package import Synchronization
package import VaultFormat

/// A document, folder or symlink in memory: one object per node number while anybody needs it.
///
/// Everything but `id`, `kind` and what `content` guards itself belongs to the vault's tree lock.
package final class Node: @unchecked Sendable {
  package let id: NodeID
  package let kind: NodeRecord.Kind

  /// Without extents for a document: those are in `content`, or in `stored` while it has none.
  package internal(set) var record: NodeRecord
  /// The tag of `record.name` under `record.parent`.
  var tag: NameTag
  /// What the catalog holds of this node; nil for one that was never committed.
  var stored: StoredNode?
  /// Present while the document is open or changed.
  var content: DocumentContent?
  /// Handles open on it.
  package internal(set) var openCount = 0
  /// Operations that work on its content right now, open or not.
  var userCount = 0
  package internal(set) var isRemoved = false
  /// Changed since the last commit began (`dirty`), or part of the commit under way (`committing`).
  var isDirty = false
  var isCommitting = false
  /// The extents differ from what the catalog holds.
  var isContentChanged = false
  /// A folder made since the mount of which every child is in memory: a name not found there is nowhere.
  var isComplete = false
  /// Counts children that came or went; an emptiness check holds only while it stands still.
  var childChanges: UInt64 = 0
  /// A folder's path, as it was when so many folders had moved; nil where nobody asked.
  var keptPath: [UInt8]?
  var keptPathMoveCount: UInt64 = 0
  /// Second chance in the cache.
  var wasUsed = true

  /// The folder it was last in, once it is removed: open handles are judged by it.
  var lastFolder: Node?
  /// Read without a lock. Changes whenever the node moves or is removed: what was judged by its place before is to be judged anew.
  package let placeGeneration = Atomic<UInt64>(Node.firstPlaceGeneration)
  /// That of a node which has been nowhere but where it was made, or was found after the mount.
  package static let firstPlaceGeneration: UInt64 = 0
  /// Read without a lock: the nearest folder at or above that the rights table speaks of.
  let rightsAnchorCell = RightsAnchorCell()

  init(id: NodeID, record: NodeRecord, tag: NameTag, stored: StoredNode?) {
    self.id = id
    kind = record.kind
    self.record = record
    self.tag = tag
    self.stored = stored
  }

  /// Its content must stay in memory, and the bytes of a removed document on disk.
  var isInUse: Bool { openCount > 0 || userCount > 0 }

  var key: DentryKey { DentryKey(parent: record.parent, tag: tag) }
}

/// The rows of one node as the catalog holds them now: what a commit must replace, and subtract from the digests.
struct StoredNode {
  var digest: RowDigest
  var parent: NodeID
  var tag: NameTag
  var extentCount: UInt64
  var firstExtent: Extent?
  /// Rows of table `extent` by their start; nil until somebody read them. Empty where `extentCount` is 0 or 1.
  var furtherExtents: [UInt64: StoredExtent]?
  /// Bytes that are in no hole; nil until somebody asked, unless the first extent says it.
  var allocatedByteCount: UInt64?

  init(
    digest: RowDigest, parent: NodeID, tag: NameTag, extentCount: UInt64, firstExtent: Extent?,
    furtherExtents: [UInt64: StoredExtent]?
  ) {
    self.digest = digest
    self.parent = parent
    self.tag = tag
    self.extentCount = extentCount
    self.firstExtent = firstExtent
    self.furtherExtents = furtherExtents
    allocatedByteCount = Self.allocatedByteCount(extentCount, firstExtent)
  }

  /// Of documents of one extent at most, and of what is no document; nil for others.
  static func allocatedByteCount(_ extentCount: UInt64, _ first: Extent?) -> UInt64? {
    guard extentCount <= 1 else { return nil }
    guard let first, first.blob != nil else { return 0 }
    return first.byteCount
  }
}

struct StoredExtent {
  var extent: Extent
  var digest: RowDigest
}

/// A name in a folder, as the catalog finds it.
struct DentryKey: Hashable {
  let parent: NodeID
  let tag: NameTag

  static func == (left: DentryKey, right: DentryKey) -> Bool {
    left.tag.low == right.tag.low && left.tag.high == right.tag.high && left.parent.value == right.parent.value
  }

  /// The tag is a keyed hash of both already: nobody can choose names of which many fall together.
  func hash(into hasher: inout Hasher) { hasher.combine(tag.low) }
}
