import Catalog
import Testing
import VaultFormat

/// What every engine must do. Each case gets an empty catalog.
struct CatalogConformance: CustomTestStringConvertible, Sendable {
  let name: String
  let run: @Sendable (any Catalog) throws -> Void

  init(_ name: String, _ run: @escaping @Sendable (any Catalog) throws -> Void) {
    self.name = name
    self.run = run
  }

  var testDescription: String { name }

  static let all: [CatalogConformance] = reading + committing + views + ending
}

// MARK: Reading

extension CatalogConformance {
  static let reading = [
    CatalogConformance("an empty catalog has nothing") { (catalog) throws in
      #expect(try catalog.node(.root) == nil)
      #expect(try catalog.node(parent: .root, tag: tag(1)) == nil)
      #expect(try catalog.children(of: .root, after: .none, limit: 10) == [])
      #expect(try catalog.extents(of: .root) == [])
      #expect(try catalog.rows(inBucket: 0) == [])
      #expect(try catalog.everything() == [])
      for table in Table.allCases { #expect(try catalog.row(RowKey(table, 1)) == nil) }
    },
    CatalogConformance("a row of every table comes back as it was") { (catalog) throws in
      var rows = [nodeRow(1, in: 0), row(RowKey(.extent, 1, 4096))]
      for table in Table.allCases where table != .node && table != .extent { rows.append(row(RowKey(table, 7))) }
      try catalog.commit(CatalogChanges(upserts: rows))
      for row in rows {
        #expect(try catalog.row(row.key) == row)
        #expect(try catalog.rows(of: row.key.table) == [row])
      }
      #expect(try catalog.everything() == rows)
    },
    CatalogConformance("keys, versions and sizes at their boundaries") { (catalog) throws in
      let greatest = NodeID.greatest.value
      let rows = [
        nodeRow(1, in: 0, tag: NameTag(high: 0, low: 0), version: 0, byteCount: 0),
        nodeRow(2, in: 0, tag: NameTag(high: .max, low: .max), version: UInt64(Int64.max), byteCount: 1),
        nodeRow(greatest, in: greatest - 1, tag: NameTag(high: 0, low: .max), version: 255, byteCount: 300_000),
        row(RowKey(.extent, greatest, 0), byteCount: 1), row(RowKey(.extent, greatest, UInt64(Int64.max) - 1)),
        row(RowKey(.pack, UInt64(UInt32.max)), byteCount: 0),
        row(RowKey(.bucket, CatalogBuckets.firstOfTables + 255), version: UInt64(Int64.max)),
      ]
      try catalog.commit(CatalogChanges(upserts: rows))
      #expect(try catalog.everything() == rows)
      #expect(try catalog.node(parent: .none, tag: NameTag(high: .max, low: .max)) == rows[1])
      #expect(try catalog.node(parent: NodeID(greatest - 1), tag: NameTag(high: 0, low: .max)) == rows[2])
      #expect(try catalog.children(of: NodeID(greatest - 1), after: NodeID(greatest - 1), limit: 2) == [rows[2]])
    },
    CatalogConformance("nodes come in the order asked for, without those that are not there") { (catalog) throws in
      let rows = (1...5).map { nodeRow($0, in: 0) }
      try catalog.commit(CatalogChanges(upserts: rows))
      #expect(try catalog.nodes([]) == [])
      #expect(try catalog.nodes([NodeID(9)]) == [])
      #expect(try catalog.nodes([NodeID(4), NodeID(9), NodeID(1)]) == [rows[3], rows[0]])
      // The view ends with the call.
      try catalog.commit(CatalogChanges(deletes: [rows[3].key]))
      #expect(try catalog.nodes([NodeID(4), NodeID(5)]) == [rows[4]])
    },
    CatalogConformance("names are found in their own folder only") { (catalog) throws in
      let rows = [nodeRow(2, in: 1, tag: tag(9)), nodeRow(3, in: 2, tag: tag(9)), nodeRow(4, in: 2, tag: tag(8))]
      try catalog.commit(CatalogChanges(upserts: rows))
      #expect(try catalog.node(parent: NodeID(1), tag: tag(9)) == rows[0])
      #expect(try catalog.node(parent: NodeID(2), tag: tag(9)) == rows[1])
      #expect(try catalog.node(parent: NodeID(1), tag: tag(8)) == nil)
      #expect(try catalog.node(parent: NodeID(3), tag: tag(9)) == nil)
    },
    CatalogConformance("pages of a folder, at every limit around its size") { (catalog) throws in
      for count in [0, 1, 2, 254, 255, 256, 257] {
        let folder = UInt64(count) * 1000 + 10
        // Neighbours in other folders lie between the children.
        let children = (0..<UInt64(count)).map { nodeRow(folder + 1 + $0 * 2, in: folder) }
        let others = (0..<UInt64(count)).map { nodeRow(folder + 2 + $0 * 2, in: folder + 999) }
        try catalog.commit(CatalogChanges(upserts: Array((children + others).reversed())))
        for limit in [1, 2, max(1, count - 1), max(1, count), count + 1] where limit > 2 || count <= 2 {
          var listed: [SealedRow] = []
          var pages = 0
          while true {
            let page = try catalog.children(
              of: NodeID(folder), after: listed.last.map { NodeID($0.key.first) } ?? .none, limit: limit)
            listed += page
            pages += 1
            if page.count < limit { break }
          }
          #expect(listed == children)
          #expect(pages == count / limit + 1)
        }
      }
    },
    CatalogConformance("extents come by start, of one document") { (catalog) throws in
      let starts: [UInt64] = [0, 1, 127, 128, 4 << 20, 1 << 32, 1 << 62]
      let rows = starts.map { row(RowKey(.extent, 5, $0)) }
      let others = [row(RowKey(.extent, 4, 3)), row(RowKey(.extent, 6, 0))]
      try catalog.commit(CatalogChanges(upserts: Array(rows.reversed()) + others))
      #expect(try catalog.extents(of: NodeID(5)) == rows)
      #expect(try catalog.row(RowKey(.extent, 5, 128)) == rows[3])
      #expect(try catalog.row(RowKey(.extent, 5, 129)) == nil)
      #expect(try catalog.extents(of: NodeID(7)) == [])
    },
    CatalogConformance("a bucket is its 256 nodes with their extents, or a table") { (catalog) throws in
      let ids: [UInt64] = [1, 255, 256, 257, 511, 512]
      let nodes = ids.map { nodeRow($0, in: 0) }
      let extents = ids.map { row(RowKey(.extent, $0, 1 << 20)) }
      let grants = [row(RowKey(.grant, 1)), row(RowKey(.grant, 256))]
      try catalog.commit(CatalogChanges(upserts: nodes + extents + grants))
      #expect(try catalog.rows(inBucket: 0) == Array(nodes[0...1] + extents[0...1]))
      #expect(try catalog.rows(inBucket: 1) == Array(nodes[2...4] + extents[2...4]))
      #expect(try catalog.rows(inBucket: 2) == [nodes[5], extents[5]])
      #expect(try catalog.rows(inBucket: 3) == [])
      #expect(try catalog.rows(inBucket: CatalogBuckets.bucket(of: .grant)) == grants)
      #expect(try catalog.rows(inBucket: CatalogBuckets.bucket(of: .pack)) == [])
      for none in [CatalogBuckets.bucket(of: .node), CatalogBuckets.bucket(of: .extent), CatalogBuckets.firstOfTables + 99, .max]
      {
        #expect(try catalog.rows(inBucket: none) == [])
      }
    },
  ]
}

// MARK: Committing

extension CatalogConformance {
  static let committing = [
    CatalogConformance("a commit of nothing does nothing") { (catalog) throws in
      try catalog.commit(CatalogChanges())
      #expect(try catalog.everything() == [])
    },
    CatalogConformance("an upsert takes the place of its row") { (catalog) throws in
      let before = [nodeRow(1, in: 0), row(RowKey(.extent, 1, 9)), row(RowKey(.meta, 2))]
      try catalog.commit(CatalogChanges(upserts: before))
      let after = [nodeRow(1, in: 0, version: 2), row(RowKey(.extent, 1, 9), version: 2), row(RowKey(.meta, 2), version: 2)]
      try catalog.commit(CatalogChanges(upserts: after))
      #expect(try catalog.everything() == after)
      #expect(try catalog.node(parent: .none, tag: tag(1)) == after[0])
    },
    CatalogConformance("a node moves in place, without a delete") { (catalog) throws in
      try catalog.commit(CatalogChanges(upserts: [nodeRow(2, in: 1, tag: tag(2))]))
      for (parent, name) in [(UInt64(1), UInt64(3)), (7, 3), (8, 4)] {
        let moved = nodeRow(2, in: parent, tag: tag(name), version: parent + name)
        try catalog.commit(CatalogChanges(upserts: [moved]))
        #expect(try catalog.rows(of: .node) == [moved])
        #expect(try catalog.node(parent: NodeID(parent), tag: tag(name)) == moved)
        #expect(try catalog.children(of: NodeID(parent), after: .none, limit: 5) == [moved])
      }
      #expect(try catalog.node(parent: NodeID(1), tag: tag(2)) == nil)
      #expect(try catalog.children(of: NodeID(1), after: .none, limit: 5) == [])
    },
    CatalogConformance("two nodes swap names in one commit") { (catalog) throws in
      try catalog.commit(CatalogChanges(upserts: [nodeRow(2, in: 1, tag: tag(20)), nodeRow(3, in: 1, tag: tag(30))]))
      let swapped = [nodeRow(2, in: 1, tag: tag(30), version: 2), nodeRow(3, in: 1, tag: tag(20), version: 2)]
      try catalog.commit(CatalogChanges(deletes: swapped.map(\.key), upserts: swapped))
      #expect(try catalog.node(parent: .root, tag: tag(30)) == swapped[0])
      #expect(try catalog.node(parent: .root, tag: tag(20)) == swapped[1])
      #expect(try catalog.children(of: .root, after: .none, limit: 3) == swapped)
    },
    CatalogConformance("deletes come before upserts, and one of nothing is none") { (catalog) throws in
      let first = [nodeRow(2, in: 1), row(RowKey(.extent, 2, 5)), row(RowKey(.grant, 3))]
      try catalog.commit(CatalogChanges(upserts: first))
      let again = nodeRow(2, in: 1, version: 2)
      try catalog.commit(
        CatalogChanges(
          deletes: [RowKey(.node, 2), RowKey(.extent, 2, 5), RowKey(.extent, 2, 6), RowKey(.barrier, 9)], upserts: [again]))
      #expect(try catalog.everything() == [again, first[2]])
      try catalog.commit(CatalogChanges(deletes: [RowKey(.node, 2), RowKey(.grant, 3)]))
      #expect(try catalog.everything() == [])
    },
    CatalogConformance("a name goes to a new node when its old one is deleted with it") { (catalog) throws in
      try catalog.commit(CatalogChanges(upserts: [nodeRow(2, in: 1, tag: tag(5))]))
      let successor = nodeRow(3, in: 1, tag: tag(5))
      try catalog.commit(CatalogChanges(deletes: [RowKey(.node, 2)], upserts: [successor]))
      #expect(try catalog.node(parent: .root, tag: tag(5)) == successor)
      #expect(try catalog.rows(of: .node) == [successor])
    },
    CatalogConformance("two nodes with one name are refused, and nothing of that commit is there") { (catalog) throws in
      let first = [nodeRow(2, in: 1, tag: tag(5)), nodeRow(3, in: 1, tag: tag(6))]
      try catalog.commit(CatalogChanges(upserts: first))
      for bad in [nodeRow(4, in: 1, tag: tag(5)), nodeRow(3, in: 1, tag: tag(5), version: 2)] {
        let changes = CatalogChanges(deletes: [], upserts: [row(RowKey(.meta, 1)), nodeRow(9, in: 1), bad])
        let error = #expect(throws: CatalogError.self) { try catalog.commit(changes) }
        guard case .damaged = error else {
          Issue.record("\(String(describing: error))")
          continue
        }
        #expect(try catalog.everything() == first)
      }
      try catalog.commit(CatalogChanges(upserts: [nodeRow(9, in: 1)]))
      #expect(try catalog.rows(of: .node).count == 3)
    },
    CatalogConformance("reserving changes nothing that can be read") { (catalog) throws in
      for count in [0, 1, 5_000] { try catalog.reserve(rowCount: count) }
      #expect(try catalog.everything() == [])
      try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
      #expect(try catalog.rows(of: .node).count == 1)
    },
  ]
}

// MARK: Views while commits go on

extension CatalogConformance {
  static let views = [
    CatalogConformance("a child that stays is listed once, whatever is committed between pages") { (catalog) throws in
      let stay = stride(from: UInt64(10), to: 100, by: 10).map { nodeRow($0, in: 1) }
      try catalog.commit(CatalogChanges(upserts: stay + [nodeRow(15, in: 1), nodeRow(95, in: 1)]))
      var listed: [UInt64] = []
      var round: UInt64 = 0
      while true {
        let page = try catalog.children(of: .root, after: NodeID(listed.last ?? 0), limit: 2)
        listed += page.map(\.key.first)
        if page.count < 2 { break }
        round += 1
        // One comes before, one behind, one goes, one moves away, all others are written anew.
        try catalog.commit(
          CatalogChanges(
            deletes: [RowKey(.node, 15)],
            upserts: stay.map { nodeRow($0.key.first, in: 1, version: round + 1) }
              + [nodeRow(round, in: 1), nodeRow(1000 + round, in: 1), nodeRow(95, in: 2, version: round + 1)]))
      }
      #expect(listed == listed.sorted() && Set(listed).count == listed.count)
      #expect(Set(stay.map(\.key.first)).isSubset(of: listed))
      #expect(!listed.contains(95))
      #expect(round >= 5)
    },
    CatalogConformance("a snapshot keeps its moment while commits go on") { (catalog) throws in
      let before = [nodeRow(1, in: 0), nodeRow(300, in: 1), row(RowKey(.extent, 300, 7)), row(RowKey(.meta, 2))]
      try catalog.commit(CatalogChanges(upserts: before))
      let snapshot = try catalog.snapshot()
      let after = [nodeRow(300, in: 1, version: 2), nodeRow(301, in: 1), row(RowKey(.meta, 2), version: 2)]
      try catalog.commit(CatalogChanges(deletes: [RowKey(.node, 1), RowKey(.extent, 300, 7)], upserts: after))
      var seen: [SealedRow] = []
      for table in Table.allCases { try snapshot.forEachRow(of: table) { seen.append($0) } }
      #expect(seen == before)
      #expect(try snapshot.rows(inBucket: 1) == [before[1], before[2]])
      #expect(try snapshot.integrityCheck() == [])
      #expect(try catalog.everything() == after)
      snapshot.close()
      snapshot.close()
      let next = try catalog.snapshot()
      #expect(try next.rows(inBucket: 1) == [after[0], after[1]])
      next.close()
    },
    CatalogConformance("what the body throws ends a walk, and the snapshot goes on") { (catalog) throws in
      struct Enough: Error {}
      try catalog.commit(CatalogChanges(upserts: (1...10).map { nodeRow($0, in: 0) }))
      let snapshot = try catalog.snapshot()
      var seen = 0
      #expect(throws: Enough.self) {
        try snapshot.forEachRow(of: .node) { _ in
          seen += 1
          if seen == 3 { throw Enough() }
        }
      }
      #expect(seen == 3)
      seen = 0
      try snapshot.forEachRow(of: .node) { _ in seen += 1 }
      #expect(seen == 10)
      snapshot.close()
    },
  ]
}

// MARK: Ending

extension CatalogConformance {
  static let ending = [
    CatalogConformance("truncating and closing wait for no one's snapshot") { (catalog) throws in
      let snapshot = try catalog.snapshot()
      #expect(throws: CatalogError.busy) { try catalog.checkpointTruncate() }
      #expect(throws: CatalogError.busy) { try catalog.close() }
      #expect(try catalog.everything() == [])
      snapshot.close()
      try catalog.checkpointTruncate()
      try catalog.close()
    },
    CatalogConformance("after close every call throws, and closing again does nothing") { (catalog) throws in
      try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0)]))
      try catalog.close()
      try catalog.close()
      #expect(throws: CatalogError.self) { try catalog.node(.root) }
      #expect(throws: CatalogError.self) { try catalog.rows(of: .grant) }
      #expect(throws: CatalogError.self) { try catalog.commit(CatalogChanges(upserts: [nodeRow(1, in: 0, version: 2)])) }
      #expect(throws: CatalogError.self) { try catalog.snapshot() }
    },
  ]
}
