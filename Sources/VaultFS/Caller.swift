package import VaultFormat

/// Who sent an operation, as the kernel says: the filesystem uid of the thread, its gid, and the thread's id.
package struct Caller: Sendable, Hashable {
  package let uid: UInt32
  package let gid: UInt32
  package let thread: Int32

  package init(uid: UInt32, gid: UInt32, thread: Int32) {
    self.uid = uid
    self.gid = gid
    self.thread = thread
  }
}

/// What the kernel calls a node: slot (24 bits) ‖ node (40 bits). Folders and symlinks have slot 0; a document has its viewer's, so
/// that kernel pages and mappings are never shared between users.
package struct FileNumber: Hashable, Sendable {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  init(_ node: NodeID, slot: UInt32) { value = UInt64(slot) << 40 | node.value }

  package static let root = FileNumber(1)

  package var node: NodeID { NodeID(value & (1 << 40 - 1)) }
  var slot: UInt32 { UInt32(value >> 40) }
}

/// Attributes as `stat(2)` shows them; the same for every caller except in bare chain folders.
package struct FileAttributes: Hashable, Sendable {
  package var number: FileNumber
  package var kind: NodeRecord.Kind
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  /// 1, or 0 for what is removed and still open.
  package var linkCount: UInt32 = 1
  package var size: UInt64
  /// Units of 512 bytes that take room.
  package var blockCount: UInt64
  /// Wall nanoseconds.
  package var accessed: Int64
  package var modified: Int64
  package var changed: Int64
}
