import Keys
import Platform
package import VaultFormat

/// What `stat` shows of a node, at one instant: the plain numbers of its record, so that asking copies no name and counts no reference.
package struct NodeAttributes: Sendable {
  package let kind: NodeRecord.Kind
  package let mode: UInt16
  package let uid: UInt32
  package let gid: UInt32
  package let size: UInt64
  /// Wall nanoseconds.
  package let accessed: Int64
  package let modified: Int64
  package let changed: Int64
  /// Removed, and only kept by those who have it open.
  package let isRemoved: Bool
  /// Bytes that take room: all but holes. Nil until it is asked for, where memory does not say.
  package var allocatedByteCount: UInt64?

  /// Under the tree's lock.
  init(of node: Node) {
    kind = node.kind
    mode = node.record.mode
    uid = node.record.uid
    gid = node.record.gid
    size = node.record.size
    accessed = node.record.accessed
    modified = node.record.modified
    changed = node.record.changed
    isRemoved = node.isRemoved
    if node.kind != .document {
      allocatedByteCount = 0
    } else if node.content != nil {
      allocatedByteCount = nil
    } else if node.stored == nil || node.stored?.extentCount == 0 {
      allocatedByteCount = 0
    } else {
      allocatedByteCount = node.stored?.allocatedByteCount
    }
  }
}

/// A folder with what it has under one name, both as they were at one instant.
package struct Sight {
  package let folder: Node
  /// Nil where the name is free.
  package let found: (node: Node, attributes: NodeAttributes)?
}

extension Vault {
  package func attributes(of node: Node) -> NodeAttributes { completed(tree.withLock { NodeAttributes(of: node) }, of: node) }

  /// The node called `name` in a folder, with one turn on the tree's lock. Nil where memory does not say: whoever asks looks for the folder, then
  /// for the node. Nothing of it is judged, so nothing is waited for or read on its account: `completed` does, once whoever asks may know.
  package func sight(of name: Name, in folder: NodeID) -> Sight? {
    let key = DentryKey(parent: folder, tag: keys.nameTag(parent: folder, name: name))
    return tree.withLock { table.sight(key) }
  }

  /// The same with the bytes that take room. May wait for the document's content, and read the catalog.
  package func completed(_ attributes: NodeAttributes, of node: Node) -> NodeAttributes {
    guard attributes.allocatedByteCount == nil else { return attributes }
    var attributes = attributes
    attributes.allocatedByteCount = allocatedByteCount(node)
    return attributes
  }
}
