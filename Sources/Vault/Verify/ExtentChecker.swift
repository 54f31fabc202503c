import VaultFormat

/// The extents of every document cover its bytes once, told as their rows come: all nodes first, then further extents by document and
/// start. Keeps only documents that say they have further ones.
struct ExtentChecker {
  private let report: (Finding) -> Void
  private(set) var documentCount: UInt64 = 0

  /// A document with further extents.
  private struct Document {
    let id: NodeID
    let size: UInt64
    let extentCount: UInt64
    let firstEnd: UInt64
    let firstBlob: BlobID?
  }

  private var documents = ContiguousArray<Document>()
  /// How many of `documents` are done.
  private var done = 0

  /// The document whose extents are coming.
  private struct Present {
    var id: NodeID
    var document: Document?
    var count: UInt64 = 0
    var position: UInt64
    var hasGap = false
    /// Slices of one blob are counted once.
    var blobs: Set<BlobID> = []
  }

  private var present: Present?

  init(report: @escaping (Finding) -> Void) { self.report = report }

  mutating func take(_ record: NodeRecord, of id: NodeID) {
    documentCount += 1
    let first = record.firstExtent
    if record.extentCount > 1, first?.start == 0 {
      documents.append(
        Document(
          id: id, size: record.size, extentCount: record.extentCount, firstEnd: first!.end, firstBlob: first?.blob?.id))
      return
    }
    let isWhole =
      record.extentCount == 0 ? record.size == 0 && first == nil : first?.start == 0 && first?.end == record.size
    if !isWhole || record.extentCount > 1 { tell(id, record.size) }
  }

  /// Returns whether the extent's blob is one that this document did not name before.
  mutating func take(_ extent: Extent, of id: NodeID) -> Bool {
    if present?.id != id {
      finishPresent()
      begin(id)
    }
    present!.count += 1
    if extent.start != present!.position { present!.hasGap = true }
    present!.position = extent.end
    guard let blob = extent.blob else { return false }
    return present!.blobs.insert(blob.id).inserted
  }

  mutating func finish() {
    finishPresent()
    while done < documents.count { skipOne() }
    documents = []
  }

  // MARK: Helpers

  private mutating func begin(_ id: NodeID) {
    while done < documents.count, documents[done].id < id { skipOne() }
    var document: Document?
    if done < documents.count, documents[done].id == id {
      document = documents[done]
      done += 1
    }
    present = Present(
      id: id, document: document, position: document?.firstEnd ?? 0, blobs: Set([document?.firstBlob].compactMap { $0 }))
  }

  private mutating func finishPresent() {
    guard let last = present else { return }
    present = nil
    guard let document = last.document else {
      // Of no document, or of one whose row does not speak of them.
      report(Finding(.extent, "node \(last.id)", .extentsWithoutDocument, ["count": "\(last.count)"], node: last.id))
      return
    }
    if last.hasGap || last.position != document.size || last.count + 1 != document.extentCount { tell(last.id, document.size) }
  }

  /// No further extent came for this one.
  private mutating func skipOne() {
    tell(documents[done].id, documents[done].size)
    done += 1
  }

  private func tell(_ id: NodeID, _ size: UInt64) {
    report(Finding(.extent, "node \(id)", .extentsIncomplete, ["size": "\(size)"], node: id))
  }
}
