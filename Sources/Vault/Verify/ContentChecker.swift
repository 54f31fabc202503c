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
        try checkLength(blob)
        if isQuick { try content.checkPresence(blob) } else { try content.check(blob) }
      } catch {
        report(Finding(.blob, "blob \(blob.id)", "\(error.text)", node: rows.owners[blob.id]))
      }
      done += blob.byteCount
      progress(done)
    }
    for (number, record) in rows.packs.sorted(by: { $0.key < $1.key }) {
      do throws(ContentError) {
        try checkLength(number, record)
        if !isQuick { try content.check(number, record) }
      } catch { report(Finding(.pack, "pack \(number.value)", error.text)) }
    }
  }

  /// Nothing may stand behind what was sealed: in a blob's file that is damage, in a pack what a crash left.
  private func checkLength(_ blob: BlobReference) throws(ContentError) {
    guard case .file = blob.place else { return }
    do throws(BlobStoreError) {
      let byteCount = try content.store.byteCount(of: .blob(blob.id))
      guard byteCount == blob.sealedByteCount else { throw .io("its file has \(byteCount) bytes, not \(blob.sealedByteCount)") }
    } catch { throw ContentError(error) }
  }

  private func checkLength(_ number: PackNumber, _ record: PackRecord) throws(ContentError) {
    do throws(BlobStoreError) {
      let byteCount = try content.store.byteCount(of: .pack(number))
      guard byteCount >= Int(record.byteCount) else { throw .io("its file ends early") }
      guard byteCount > Int(record.byteCount) else { return }
      let extra = byteCount - Int(record.byteCount)
      report(Finding(.stray, "pack \(number.value)", "\(extra) bytes after its end that nothing names", severity: .notice))
    } catch { throw ContentError(error) }
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
