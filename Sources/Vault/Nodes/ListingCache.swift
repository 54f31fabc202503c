import VaultFormat

/// Folders that were listed, so that the next listing need not read them again: of each, its children from the first up to some number.
///
/// Belongs to the vault's tree lock. What is kept of a folder goes with any change of its children, and with its node.
struct ListingCache {
  private struct Listing {
    /// One after the other, none empty.
    var pages: [ChildPage] = []
    /// The last page is the folder's last.
    var isComplete = false
    var byteCount = 0
  }

  private var listings: [NodeID: Listing] = [:]
  /// The oldest first; with folders that are gone.
  private var queue: [NodeID] = []
  private(set) var byteCount = 0
  /// Of all folders together; no folder may take more than half.
  let byteCountMax: Int

  init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

  enum Found {
    /// Children above the number that was asked for are in it.
    case page(ChildPage)
    /// There are none above it.
    case end
    case unknown
  }

  func find(_ folder: NodeID, after: NodeID) -> Found {
    guard let listing = listings[folder] else { return .unknown }
    var low = 0
    var high = listing.pages.count
    while low < high {
      let middle = (low + high) / 2
      if listing.pages[middle].last! <= after { low = middle + 1 } else { high = middle }
    }
    if low < listing.pages.count { return .page(listing.pages[low]) }
    return listing.isComplete ? .end : .unknown
  }

  /// Keeps a page that was read from behind `after`, where it continues what is kept.
  mutating func add(_ page: ChildPage, to folder: NodeID, after: NodeID, isLast: Bool) {
    let known = listings[folder]?.pages.last?.last ?? .none
    guard after == known, listings[folder]?.isComplete != true else { return }
    let listed = (listings[folder]?.byteCount ?? 0) + page.byteCount
    guard listed <= byteCountMax / 2 else { return drop(folder) }
    if listings[folder] == nil { queue.append(folder) }
    if !page.isEmpty { listings[folder, default: Listing()].pages.append(page) }
    listings[folder, default: Listing()].isComplete = isLast
    listings[folder]!.byteCount = listed
    byteCount += page.byteCount
    if byteCount > byteCountMax || queue.count > 1024 + 2 * listings.count { trim(keeping: folder) }
  }

  @inline(__always)
  mutating func drop(_ folder: NodeID) {
    guard !listings.isEmpty else { return }
    if let listing = listings.removeValue(forKey: folder) { byteCount -= listing.byteCount }
  }

  private mutating func trim(keeping folder: NodeID) {
    var kept: [NodeID] = []
    for id in queue where listings[id] != nil {
      if id != folder, byteCount > byteCountMax - byteCountMax / 8 { drop(id) } else { kept.append(id) }
    }
    queue = kept
  }
}
