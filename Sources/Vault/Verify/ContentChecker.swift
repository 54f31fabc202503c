import BlobStore
import VaultFormat

/// Opens every page of every blob that the catalog names, compares every pack with its digest, and looks for what is not named.
struct ContentChecker {
  let content: ContentStore
  let report: (Finding) -> Void

  /// - Parameters:
  ///   - isQuick: leave the pages closed; files must be there and as long as they should be.
  ///   - progress: called with the number of bytes checked.
  func run(_ rows: RowChecker, isQuick: Bool, progress: (UInt64) -> Void) {
    var done: UInt64 = 0
    // In the order of the disk: packs lie together.
    for blob in rows.blobs.sorted(by: { $0.sortKey < $1.sortKey }) {
      do throws(ContentError) {
        if isQuick { try content.checkPresence(blob) } else { try content.check(blob) }
      } catch {
        report(Finding(.blob, "blob \(blob.id)", "\(error.text)", node: rows.owners[blob.id]))
      }
      done += blob.byteCount
      progress(done)
    }
    for (number, record) in rows.packs.sorted(by: { $0.key < $1.key }) where !isQuick {
      do throws(ContentError) { try content.check(number, record) } catch { report(Finding(.pack, "pack \(number.value)", error.text)) }
    }
  }

  /// Files that no row names: of a crash, or put there. Nothing of the vault is lost by them.
  func findStrays(_ rows: RowChecker) {
    let named = Set(rows.blobs.filter { $0.place == .file }.map(\.id))
    for id in content.storedBlobs where !named.contains(id) {
      report(Finding(.stray, "blob \(id)", "is named by no document; the next mount removes it", severity: .notice))
    }
    for number in content.storedPacks where rows.packs[number] == nil {
      report(Finding(.stray, "pack \(number.value)", "is named by no document; the next mount removes it", severity: .notice))
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

extension ContentError {
  /// For findings: what is wrong, by ids.
  var text: String {
    switch self {
    case .damaged(let what), .io(let what): what
    default: "\(self)"
    }
  }
}

extension ContentStore {
  /// Blob files in the store; empty where it cannot be listed.
  var storedBlobs: [BlobID] { (try? store.blobs()) ?? [] }
  var storedPacks: [PackNumber] { (try? store.packs()) ?? [] }

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
