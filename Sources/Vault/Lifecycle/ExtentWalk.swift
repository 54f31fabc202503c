import Catalog
import Keys
import VaultFormat

/// What all extents of a snapshot name together: the files of blobs, the bytes of each pack, and the documents in some packs.
struct ExtentWalk {
  private(set) var blobFiles = ContiguousArray<BlobID>()
  /// Sealed bytes by pack, each blob once.
  private(set) var liveByteCounts: [PackNumber: Int] = [:]
  /// Documents with a blob in one of the packs asked for.
  private(set) var documents: [NodeID] = []

  /// Blobs of which an extent names a slice: another one may name the rest.
  private var sliced: Set<BlobID> = []

  /// - Throws: where a row does not open, since it could name anything; or where `goesOn` is false.
  init(_ snapshot: any CatalogSnapshot, _ keys: VaultKeys, packs: Set<PackNumber> = [], goesOn: () -> Bool) throws {
    var count = 0
    func check() throws {
      count += 1
      if count % 256 == 0, !goesOn() { throw Ended() }
    }
    try snapshot.forEachRow(of: .node) { row in
      try check()
      let record = try NodeRecord(parsing: keys.open(row.sealed, for: row.key, version: row.version))
      take(record.firstExtent, NodeID(row.key.first), packs)
    }
    try snapshot.forEachRow(of: .extent) { row in
      try check()
      take(try Extent(parsing: keys.open(row.sealed, for: row.key, version: row.version)), NodeID(row.key.first), packs)
    }
    blobFiles.sort { ($0.high, $0.low) < ($1.high, $1.low) }
  }

  struct Ended: Error {}

  func isNamed(_ id: BlobID) -> Bool {
    var low = 0
    var high = blobFiles.count
    while low < high {
      let middle = (low + high) / 2
      if (blobFiles[middle].high, blobFiles[middle].low) < (id.high, id.low) { low = middle + 1 } else { high = middle }
    }
    return low < blobFiles.count && blobFiles[low] == id
  }

  private mutating func take(_ extent: Extent?, _ node: NodeID, _ packs: Set<PackNumber>) {
    guard let extent, let blob = extent.blob else { return }
    switch blob.place {
    case .file: blobFiles.append(blob.id)
    case .pack(let number, _):
      if packs.contains(number), documents.last != node { documents.append(node) }
      if extent.byteCount < blob.byteCount, !sliced.insert(blob.id).inserted { return }
      liveByteCounts[number, default: 0] += blob.sealedByteCount
    }
  }
}
