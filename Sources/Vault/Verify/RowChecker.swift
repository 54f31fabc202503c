import Catalog
import Keys
import VaultFormat

/// Reads every row of a snapshot once: each opens, each bucket adds up, and the tree and the extents they describe hang together.
///
/// Memory, for each: node 16 bytes, document of several extents 56, blob file 16, bucket of 256 nodes about 80; twice that while arrays
/// grow. A million documents of one blob file each take 33 MB, 66 at most.
struct RowChecker {
  private let keys: VaultKeys
  private let snapshot: any CatalogSnapshot
  private let report: (Finding) -> Void

  /// What later checks need: which nodes there are, what each pack should hold, which files the catalog names.
  private(set) var nodes = CheckedNodes()
  private(set) var packs: [PackNumber: PackRecord] = [:]
  private(set) var blobFiles = ContiguousArray<BlobID>()
  private(set) var commit: CommitRecord?
  /// The sum of the bucket rows' digests.
  private(set) var storedSum = RowDigest.zero
  private(set) var byteCount: UInt64 = 0
  private(set) var rowCount: UInt64 = 0
  private(set) var blobCount: UInt64 = 0
  private(set) var documentCount: UInt64 = 0

  /// By bucket: what its rows add up to, less what its own row says. Zero in a whole vault.
  private var differences: [UInt64: RowDigest] = [:]
  private var bucketCount: UInt64 = 0
  /// Buckets of nodes met so far, and the last of them.
  private var seenBucketCount: UInt64 = 0
  private var lastBucket: UInt64?
  private var estimated: UInt64 = 0
  private var extents: ExtentChecker

  init(_ keys: VaultKeys, _ snapshot: any CatalogSnapshot, report: @escaping (Finding) -> Void) {
    self.keys = keys
    self.snapshot = snapshot
    self.report = report
    extents = ExtentChecker(report: report)
  }

  /// The small tables come first: with the number of buckets, how many rows there are can be estimated.
  private static let order: [Table] = [
    .bucket, .meta, .pack, .grant, .barrier, .boundary, .duty, .use, .review, .reviewItem, .suspension, .node, .extent,
  ]

  /// - Parameter progress: called with the number of rows read and an estimate of all; false ends the reading.
  /// - Returns: False where it was ended.
  mutating func run(progress: (UInt64, UInt64) -> Bool) -> Bool {
    for table in Self.order {
      do {
        try snapshot.forEachRow(of: table) { row in
          take(row)
          rowCount += 1
          guard rowCount % 1024 != 0 || progress(rowCount, estimate(at: row)) else { throw Ended() }
        }
      } catch is Ended {
        return false
      } catch {
        // A statement that was interrupted fails like any other.
        guard progress(rowCount, rowCount) else { return false }
        report(Finding(.catalog, "table \(table)", .unreadable, ["detail": "\(error)"]))
      }
      if table == .node { nodes.finish() }
    }
    extents.finish()
    documentCount = extents.documentCount
    compareDigests()
    checkTree()
    return progress(rowCount, rowCount)
  }

  private struct Ended: Error {}

  /// Rows are in order of their numbers, and a bucket is 256 of these.
  private mutating func estimate(at row: SealedRow) -> UInt64 {
    guard row.key.table == .node, bucketCount > 0, seenBucketCount < bucketCount else { return max(rowCount, estimated) }
    estimated = UInt64(Double(rowCount) / Double(seenBucketCount) * Double(bucketCount))
    return estimated
  }

  // MARK: Rows

  private mutating func take(_ row: SealedRow) {
    let isCommit = row.key.table == .meta && row.key.first == MetaKey.commit.rawValue
    if row.key.table != .bucket, !isCommit {
      let isNode = row.key.table == .node || row.key.table == .extent
      let bucket = isNode ? CatalogBuckets.bucket(of: NodeID(row.key.first)) : CatalogBuckets.bucket(of: row.key.table)
      if row.key.table == .node, bucket != lastBucket {
        lastBucket = bucket
        seenBucketCount += 1
      }
      differences[bucket, default: .zero] += keys.digest(of: row)
    }
    do throws(KeysError) {
      let plaintext = try keys.open(row.sealed, for: row.key, version: row.version)
      do throws(FormatError) { try parse(row, plaintext) } catch { throw .damaged("\(error)") }
    } catch {
      report(Finding(.row, "row \(row.key.first) of table \(row.key.table)", .rowChanged, node: node(of: row)))
    }
  }

  private func node(of row: SealedRow) -> NodeID? {
    row.key.table == .node || row.key.table == .extent ? NodeID(row.key.first) : nil
  }

  private mutating func parse(_ row: SealedRow, _ plaintext: [UInt8]) throws(FormatError) {
    switch row.key.table {
    case .node: take(NodeID(row.key.first), row, try NodeRecord(parsing: plaintext))
    case .extent:
      let extent = try Extent(parsing: plaintext)
      guard extent.start == row.key.second else { throw .malformed("start") }
      if extents.take(extent, of: NodeID(row.key.first)), let blob = extent.blob { note(blob) }
    case .grant: _ = try Grant(id: RuleID(row.key.first), parsing: plaintext)
    case .barrier: _ = try Barrier(id: RuleID(row.key.first), parsing: plaintext)
    case .boundary: _ = try Boundary(id: RuleID(row.key.first), parsing: plaintext)
    case .duty: _ = try Duty(id: RuleID(row.key.first), parsing: plaintext)
    case .use: _ = try Use(parsing: plaintext)
    case .review: _ = try AccessReview(id: RuleID(row.key.first), parsing: plaintext)
    case .reviewItem: _ = try ReviewItem(id: RuleID(row.key.first), parsing: plaintext)
    case .suspension: _ = try Suspension(grant: RuleID(row.key.first), parsing: plaintext)
    case .pack: packs[PackNumber(UInt32(truncatingIfNeeded: row.key.first))] = try PackRecord(parsing: plaintext)
    case .bucket:
      let digest = try BucketRecord(parsing: plaintext).digest
      differences[row.key.first, default: .zero] -= digest
      storedSum += digest
      if CatalogBuckets.nodes(of: row.key.first) != nil { bucketCount += 1 }
    case .meta:
      if row.key.first == MetaKey.commit.rawValue {
        commit = try CommitRecord(parsing: plaintext)
      } else {
        _ = try Counters(parsing: plaintext)
      }
    }
  }

  private mutating func take(_ id: NodeID, _ row: SealedRow, _ record: NodeRecord) {
    nodes.append(id, record.kind, in: record.parent)
    if row.node?.parent != record.parent || row.node?.tag != keys.nameTag(parent: record.parent, name: record.name) {
      report(Finding(.node, "node \(id)", .misplaced, node: id))
    }
    guard record.kind == .document else { return }
    extents.take(record, of: id)
    if let blob = record.firstExtent?.blob { note(blob) }
  }

  private mutating func note(_ blob: BlobReference) {
    blobCount += 1
    byteCount += blob.byteCount
    if case .file = blob.place { blobFiles.append(blob.id) }
  }

  /// Makes `isNamed` answer.
  mutating func sortBlobFiles() { blobFiles.sort { ($0.high, $0.low) < ($1.high, $1.low) } }

  /// Whether an extent names the file of this blob. After `sortBlobFiles`.
  func isNamed(_ id: BlobID) -> Bool {
    var low = 0
    var high = blobFiles.count
    while low < high {
      let middle = (low + high) / 2
      if (blobFiles[middle].high, blobFiles[middle].low) < (id.high, id.low) { low = middle + 1 } else { high = middle }
    }
    return low < blobFiles.count && blobFiles[low] == id
  }

  // MARK: The whole

  /// Rows that were taken away, put back to an earlier state or added show here, even where each opens.
  private func compareDigests() {
    if let commit {
      if commit.digest != storedSum { report(Finding(.catalog, "commit \(commit.number)", .digestsDisagree)) }
    } else {
      report(Finding(.catalog, "commit", .commitMissing))
    }
    for bucket in differences.filter({ $0.value != .zero }).keys.sorted() {
      let subject: String
      if let nodes = CatalogBuckets.nodes(of: bucket) {
        subject = "nodes \(nodes.lowerBound)–\(nodes.upperBound)"
      } else {
        subject = "table \(CatalogBuckets.table(of: bucket).map { "\($0)" } ?? "\(bucket)")"
      }
      report(Finding(.row, subject, .rowsNotCommitted))
    }
  }

  private mutating func checkTree() {
    let root = nodes.index(of: .root)
    if root.map({ nodes.kind($0) }) != .folder { report(Finding(.node, "node \(NodeID.root)", .rootMissing, node: .root)) }
    if let root { nodes.set(.reached, at: root) }
    for index in 0..<nodes.count where index != root {
      let id = nodes.id(index)
      guard let folder = nodes.index(of: nodes.folder(of: index)) else {
        report(Finding(.node, "node \(id)", .folderMissing, ["folder": "\(nodes.folder(of: index))"], node: id))
        continue
      }
      if nodes.kind(folder) != .folder { report(Finding(.node, "node \(id)", .inNoFolder, node: id)) }
      walk(from: index)
    }
  }

  /// Towards the root, until a node that was met before.
  private mutating func walk(from start: Int) {
    var path: [Int] = []
    var current: Int? = start
    while let index = current, nodes.mark(index) == .new {
      nodes.set(.onPath, at: index)
      path.append(index)
      current = nodes.index(of: nodes.folder(of: index))
    }
    if let current, nodes.mark(current) == .onPath {
      let id = nodes.id(start)
      report(Finding(.node, "node \(id)", .circle, node: id))
    }
    for index in path { nodes.set(.reached, at: index) }
  }
}
