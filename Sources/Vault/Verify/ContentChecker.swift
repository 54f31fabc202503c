import BlobStore
import Catalog
import Keys
import Platform
import VaultFormat

/// Opens every page of every blob that the catalog names, and compares every pack with its digest. Bucket by bucket: no more than the
/// rows of 256 nodes are in memory, and an interrupted run goes on where it was.
struct ContentChecker {
  let keys: VaultKeys
  let content: ContentStore
  /// The rows of a bucket: of the snapshot, or as they are now where others go on working.
  let rows: (UInt64) throws(CatalogError) -> [SealedRow]
  /// What the catalog says of a pack now; nil where it names it no more.
  let record: (PackNumber) throws(CatalogError) -> PackRecord?
  /// Whether somebody appends to a pack, so that it is longer than what commits have promised.
  let grows: (PackNumber) -> Bool
  let isQuick: Bool
  let report: (Finding) -> Void
  /// Called with each state that can be gone on from, and whether the run ends there.
  let keep: (VerifyState, _ isEnding: Bool) -> Void

  /// - Parameter progress: called with the number of bytes checked.
  /// - Returns: False where it was ended.
  func run(
    _ nodes: CheckedNodes, _ packs: [PackNumber], from state: VerifyState, progress: (VerifyProgress.Phase, UInt64) -> Bool
  ) -> Bool {
    var state = state
    // What an interrupted run found is told again: a run that goes on ends as one from the beginning would.
    for bucket in state.damagedBuckets { _ = check(bucket: bucket) { _ in true } }
    for pack in state.damagedPacks { _ = check(PackNumber(UInt32(truncatingIfNeeded: pack))) }

    while let bucket = nodes.bucket(from: state.bucket) {
      let before = state.checkedByteCount
      guard let result = check(bucket: bucket, progress: { progress(.content, before + $0) }) else {
        keep(state, true)
        return false
      }
      state.checkedByteCount += result.byteCount
      if result.isDamaged { state.damagedBuckets.append(bucket) }
      state.bucket = bucket + 1
      keep(state, false)
    }
    state.bucket = CatalogBuckets.firstOfTables
    var done: UInt64 = 0
    for pack in packs where UInt64(pack.value) > state.pack {
      if check(pack) { state.damagedPacks.append(UInt64(pack.value)) }
      state.pack = UInt64(pack.value)
      done += (try? record(pack))?.byteCount ?? 0
      let goesOn = progress(.packs, done)
      keep(state, !goesOn)
      guard goesOn else { return false }
    }
    return true
  }

  // MARK: Blobs

  /// Nil where `progress` ended it.
  private func check(bucket: UInt64, progress: (UInt64) -> Bool) -> (byteCount: UInt64, isDamaged: Bool)? {
    var done: UInt64 = 0
    var isDamaged = false
    let references: [(blob: BlobReference, node: NodeID)]
    do throws(CatalogError) { references = try self.references(in: bucket) } catch {
      report(Finding(.catalog, Self.subject(of: bucket), .unreadable, ["detail": "\(error)"]))
      return (0, true)
    }
    for (blob, node) in references {
      if let finding = check(blob, node), isStillNamed(blob, in: bucket) {
        isDamaged = true
        report(finding)
      }
      done += blob.byteCount
      guard progress(done) else { return nil }
    }
    return (done, isDamaged)
  }

  /// The blobs that a bucket's rows name, each once, in the order of the disk. Rows that do not open were told before.
  /// - Throws: where the catalog does not tell them now: then nothing was checked, which is not the same as nothing being wrong.
  private func references(in bucket: UInt64) throws(CatalogError) -> [(blob: BlobReference, node: NodeID)] {
    var seen: Set<BlobID> = []
    var found: [(blob: BlobReference, node: NodeID)] = []
    for row in try rows(bucket) {
      guard let plaintext = try? keys.open(row.sealed, for: row.key, version: row.version) else { continue }
      let extent = row.key.table == .node ? (try? NodeRecord(parsing: plaintext))?.firstExtent : try? Extent(parsing: plaintext)
      guard let blob = extent?.blob, seen.insert(blob.id).inserted else { continue }
      found.append((blob, NodeID(row.key.first)))
    }
    return found.sorted { $0.blob.sortKey < $1.blob.sortKey }
  }

  private func check(_ blob: BlobReference, _ node: NodeID) -> Finding? {
    do throws(ContentError) {
      // Nothing may stand behind what was sealed: in a blob's file that is damage, in a pack what a crash left.
      if case .file = blob.place {
        let found = try length(of: .blob(blob.id))
        guard found == blob.sealedByteCount else {
          let arguments = ["found": "\(found)", "expected": "\(blob.sealedByteCount)"]
          return Finding(.blob, "blob \(blob.id)", .wrongLength, arguments, node: node)
        }
      }
      if isQuick { try content.checkPresence(blob) } else { try content.check(blob) }
      return nil
    } catch { return Finding(.blob, "blob \(blob.id)", error, node: node) }
  }

  /// Whether the catalog names the blob at this place now: one that went meanwhile was not lost. Files go only after the commit that
  /// stopped naming them, so asking afterwards is enough.
  private func isStillNamed(_ blob: BlobReference, in bucket: UInt64) -> Bool {
    // Where the catalog does not say, it is told rather than not.
    guard let references = try? references(in: bucket) else { return true }
    return references.contains { $0.blob.id == blob.id && $0.blob.place == blob.place }
  }

  private static func subject(of bucket: UInt64) -> String {
    CatalogBuckets.nodes(of: bucket).map { "nodes \($0.lowerBound)–\($0.upperBound)" } ?? "bucket \(bucket)"
  }

  // MARK: Packs

  /// Returns whether it is damaged.
  private func check(_ number: PackNumber) -> Bool {
    let record: PackRecord?
    do throws(CatalogError) { record = try self.record(number) } catch {
      report(Finding(.catalog, "pack \(number.value)", .unreadable, ["detail": "\(error)"]))
      return true
    }
    guard let record else { return false }
    let finding = check(number, record)
    guard let finding, finding.severity == .damage else {
      if let finding { report(finding) }
      return false
    }
    // Its file went meanwhile, with the commit that stopped naming it.
    do throws(CatalogError) { if try self.record(number) == nil { return false } } catch {}
    report(finding)
    return true
  }

  private func check(_ number: PackNumber, _ record: PackRecord) -> Finding? {
    let subject = "pack \(number.value)"
    do throws(ContentError) {
      let found = try length(of: .pack(number))
      guard found >= Int(record.byteCount) else {
        return Finding(.pack, subject, .wrongLength, ["found": "\(found)", "expected": "\(record.byteCount)"])
      }
      if !isQuick { try content.check(number, record) }
      guard found > Int(record.byteCount), !grows(number) else { return nil }
      return Finding(.stray, subject, .bytesBehind, ["count": "\(found - Int(record.byteCount))"], severity: .notice)
    } catch { return Finding(.pack, subject, error, node: nil) }
  }

  private func length(of object: BlobObject) throws(ContentError) -> Int {
    do throws(BlobStoreError) { return try content.store.byteCount(of: object) } catch { throw ContentError(error, object) }
  }
}

extension Finding {
  /// What reading content met.
  fileprivate init(_ kind: Kind, _ subject: String, _ error: ContentError, node: NodeID?) {
    switch error {
    case .damaged(let what) where what == "\(subject) is missing": self.init(kind, subject, .contentMissing, node: node)
    case .damaged(let what), .io(let what): self.init(kind, subject, .contentChanged, ["detail": what], node: node)
    default: self.init(kind, subject, .contentChanged, ["detail": "\(error)"], node: node)
    }
  }
}

extension BlobReference {
  fileprivate var sortKey: (UInt32, UInt64, UInt64) {
    switch place {
    case .pack(let number, let offset): (number.value, offset, 0)
    case .file: (UInt32.max, id.high, id.low)
    }
  }
}

extension ContentStore {
  /// Whether the blob's last page is there and opens: its file is there and long enough.
  func checkPresence(_ reference: BlobReference) throws(ContentError) {
    let last = BlobGeometry.pageCount(Int(reference.byteCount)) - 1
    let offset = UInt64(last * BlobGeometry.pageByteCount)
    let extent = Extent(start: 0, byteCount: reference.byteCount, blob: reference)
    try withBytes(count: Int(reference.byteCount - offset)) { (buffer) throws(ContentError) in
      try read([extent], at: offset, count: buffer.count, into: buffer)
    }
  }

  private func withBytes(
    count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(ContentError) -> Void
  ) throws(ContentError) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
    defer {
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      buffer.deallocate()
    }
    try body(buffer)
  }
}
