import Catalog
import Keys
import VaultFormat

/// Reads every row of a snapshot once: each opens, each bucket adds up, and the tree and the extents they describe hang together.
struct RowChecker {
  private let keys: VaultKeys
  private let snapshot: any CatalogSnapshot
  private let report: (Finding) -> Void

  /// What later checks need: where content lies, and what each pack should hold.
  private(set) var blobs: [BlobReference] = []
  private(set) var owners: [BlobID: NodeID] = [:]
  private(set) var packs: [PackNumber: PackRecord] = [:]
  private(set) var commit: CommitRecord?
  private(set) var byteCount: UInt64 = 0
  private(set) var rowCount: UInt64 = 0
  private(set) var documentCount: UInt64 = 0

  private struct Known {
    let kind: NodeRecord.Kind
    let parent: NodeID
    let size: UInt64
    let extentCount: UInt64
    let firstExtent: Extent?
  }

  private var nodes: [NodeID: Known] = [:]
  private var further: [NodeID: [Extent]] = [:]
  private var sums: [UInt64: RowDigest] = [:]
  private var stored: [UInt64: RowDigest] = [:]

  init(_ keys: VaultKeys, _ snapshot: any CatalogSnapshot, report: @escaping (Finding) -> Void) {
    self.keys = keys
    self.snapshot = snapshot
    self.report = report
  }

  /// - Parameter progress: called with the number of rows read.
  mutating func run(progress: (UInt64) -> Void) {
    for table in Table.allCases {
      do {
        try snapshot.forEachRow(of: table) { row in
          take(row)
          rowCount += 1
          if rowCount % 1024 == 0 { progress(rowCount) }
        }
      } catch { report(Finding(.catalog, "table \(table)", "cannot be read: \(error)")) }
    }
    compareDigests()
    checkTree()
    checkExtents()
    progress(rowCount)
  }

  private mutating func take(_ row: SealedRow) {
    let isCommit = row.key.table == .meta && row.key.first == MetaKey.commit.rawValue
    if row.key.table != .bucket, !isCommit {
      let isNode = row.key.table == .node || row.key.table == .extent
      let bucket = isNode ? CatalogBuckets.bucket(of: NodeID(row.key.first)) : CatalogBuckets.bucket(of: row.key.table)
      sums[bucket, default: .zero] += keys.digest(of: row)
    }
    do throws(KeysError) {
      let plaintext = try keys.open(row.sealed, for: row.key, version: row.version)
      do throws(FormatError) { try parse(row, plaintext) } catch { throw .damaged("\(error)") }
    } catch {
      report(Finding(.row, "row \(row.key.first) of table \(row.key.table)", "is not what was sealed", node: node(of: row)))
    }
  }

  private func node(of row: SealedRow) -> NodeID? {
    row.key.table == .node || row.key.table == .extent ? NodeID(row.key.first) : nil
  }

  private mutating func parse(_ row: SealedRow, _ plaintext: [UInt8]) throws(FormatError) {
    switch row.key.table {
    case .node:
      let id = NodeID(row.key.first)
      let record = try NodeRecord(parsing: plaintext)
      nodes[id] = Known(
        kind: record.kind, parent: record.parent, size: record.size, extentCount: record.extentCount,
        firstExtent: record.firstExtent)
      if row.node?.parent != record.parent || row.node?.tag != keys.nameTag(parent: record.parent, name: record.name) {
        report(Finding(.node, "node \(id)", "its row stands in another's place", node: id))
      }
    case .extent:
      let extent = try Extent(parsing: plaintext)
      guard extent.start == row.key.second else { throw .malformed("start") }
      further[NodeID(row.key.first), default: []].append(extent)
    case .grant: _ = try Grant(id: RuleID(row.key.first), parsing: plaintext)
    case .barrier: _ = try Barrier(id: RuleID(row.key.first), parsing: plaintext)
    case .boundary: _ = try Boundary(id: RuleID(row.key.first), parsing: plaintext)
    case .duty: _ = try Duty(id: RuleID(row.key.first), parsing: plaintext)
    case .pack: packs[PackNumber(UInt32(truncatingIfNeeded: row.key.first))] = try PackRecord(parsing: plaintext)
    case .bucket: stored[row.key.first] = try BucketRecord(parsing: plaintext).digest
    case .meta:
      if row.key.first == MetaKey.commit.rawValue {
        commit = try CommitRecord(parsing: plaintext)
      } else {
        _ = try Counters(parsing: plaintext)
      }
    }
  }

  /// Rows that were taken away, put back to an earlier state or added show here, even where each opens.
  private func compareDigests() {
    var total = RowDigest.zero
    for digest in stored.values { total += digest }
    if let commit {
      if commit.digest != total { report(Finding(.catalog, "commit \(commit.number)", "the digests do not add up to its own")) }
    } else {
      report(Finding(.catalog, "commit", "its row is missing"))
    }
    for bucket in Set(stored.keys).union(sums.keys).sorted() where (stored[bucket] ?? .zero) != (sums[bucket] ?? .zero) {
      let subject: String
      if let nodes = CatalogBuckets.nodes(of: bucket) {
        subject = "nodes \(nodes.lowerBound)–\(nodes.upperBound)"
      } else {
        subject = "table \(CatalogBuckets.table(of: bucket).map { "\($0)" } ?? "\(bucket)")"
      }
      report(Finding(.row, subject, "its rows are not the ones committed: one is missing, older, or added"))
    }
  }

  private func checkTree() {
    if nodes[.root]?.kind != .folder { report(Finding(.node, "node \(NodeID.root)", "the root folder is missing", node: .root)) }
    for (id, node) in nodes where id != .root {
      guard let parent = nodes[node.parent] else {
        report(Finding(.node, "node \(id)", "its folder \(node.parent) is missing", node: id))
        continue
      }
      if parent.kind != .folder { report(Finding(.node, "node \(id)", "what it lies in is no folder", node: id)) }
    }
    var reached: Set<NodeID> = [.root]
    for id in nodes.keys {
      var path: [NodeID] = []
      var current = id
      while !reached.contains(current), path.count <= nodes.count, let node = nodes[current] {
        path.append(current)
        current = node.parent
        if path.contains(current) {
          report(Finding(.node, "node \(id)", "its folders form a circle", node: id))
          break
        }
      }
      reached.formUnion(path)
    }
  }

  private mutating func checkExtents() {
    for (id, extents) in further where nodes[id] == nil {
      report(Finding(.extent, "node \(id)", "\(extents.count) extents of a document that is not there", node: id))
    }
    for (id, node) in nodes where node.kind == .document {
      documentCount += 1
      let extents = (node.firstExtent.map { [$0] } ?? []) + (further[id] ?? []).sorted { $0.start < $1.start }
      if UInt64(extents.count) != node.extentCount || ExtentList(covering: node.size, extents) == nil {
        report(Finding(.extent, "node \(id)", "its extents do not cover its \(node.size) bytes", node: id))
      }
      for blob in extents.compactMap(\.blob) where owners.updateValue(id, forKey: blob.id) == nil {
        blobs.append(blob)
        byteCount += blob.byteCount
      }
    }
  }
}
