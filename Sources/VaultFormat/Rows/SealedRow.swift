/// The primary key of a catalog row, as its associated data names it: a table and one or two numbers.
package struct RowKey: Hashable, Sendable {
  package let table: Table
  package let first: UInt64
  /// The start of an extent; 0 in every other table.
  package let second: UInt64

  package init(_ table: Table, _ first: UInt64, _ second: UInt64 = 0) {
    self.table = table
    self.first = first
    self.second = second
  }
}

/// The columns of table `node` that stand beside the sealed bytes, so that rows can be found without opening any.
package struct NodeColumns: Hashable, Sendable {
  package let parent: NodeID
  package let tag: NameTag

  package init(parent: NodeID, tag: NameTag) {
    self.parent = parent
    self.tag = tag
  }
}

/// A row as the catalog holds it.
package struct SealedRow: Hashable, Sendable {
  package let key: RowKey
  package let version: RowVersion
  /// Present in table `node` and nowhere else.
  package let node: NodeColumns?
  /// nonce (24) ‖ ciphertext ‖ tag (16)
  package let sealed: [UInt8]

  package init(key: RowKey, version: RowVersion, node: NodeColumns? = nil, sealed: [UInt8]) {
    self.key = key
    self.version = version
    self.node = node
    self.sealed = sealed
  }
}

/// Which rows are digested together: 256 neighbouring node numbers with their extents, or one of the small tables.
package enum CatalogBuckets {
  /// Buckets of nodes stand below this number, those of the small tables at and above it.
  package static let firstOfTables: UInt64 = 1 << 40
  package static let nodesPerBucket: UInt64 = 256

  /// The bucket that covers the rows of a node, or of a small table.
  package static func bucket(of node: NodeID) -> UInt64 { node.value / nodesPerBucket }
  package static func bucket(of table: Table) -> UInt64 { firstOfTables + UInt64(table.rawValue) }

  /// The node numbers of a bucket of nodes, from first to last; nil for the bucket of a table.
  package static func nodes(of bucket: UInt64) -> ClosedRange<UInt64>? {
    guard bucket < firstOfTables else { return nil }
    return bucket * nodesPerBucket...bucket * nodesPerBucket + nodesPerBucket - 1
  }

  /// The table of a bucket at or above `firstOfTables`.
  package static func table(of bucket: UInt64) -> Table? {
    guard bucket >= firstOfTables, bucket - firstOfTables <= UInt64(UInt8.max) else { return nil }
    return Table(rawValue: UInt8(bucket - firstOfTables))
  }
}
