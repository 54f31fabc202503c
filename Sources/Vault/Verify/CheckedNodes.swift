import VaultFormat

/// What a verification keeps of every node: its number, kind and folder, in 16 bytes.
///
/// Rows come in order of their number, so that a binary search finds one. A million nodes take 16 MB, 32 while the array grows.
struct CheckedNodes {
  /// Two words a node: number (40 bits) ‖ kind (2 bits) ‖ mark (2 bits), and the folder's number.
  private var words = ContiguousArray<UInt64>()
  private var isSorted = true

  private static let numberMask: UInt64 = 1 << 40 - 1
  private static let markShift: UInt64 = 42

  /// How the walk towards the root has met a node.
  enum Mark: UInt64 { case new = 0, onPath = 1, reached = 2 }

  var count: Int { words.count / 2 }

  /// Bytes that the array holds now.
  var byteCount: Int { words.capacity * MemoryLayout<UInt64>.size }

  mutating func append(_ id: NodeID, _ kind: NodeRecord.Kind, in folder: NodeID) {
    // Only a damaged file gives rows out of order.
    if words.count > 0, id.value <= number(count - 1) { isSorted = false }
    words.append(id.value & Self.numberMask | UInt64(kind.rawValue) << 40)
    words.append(folder.value)
  }

  /// To be called once, between the last `append` and the first question.
  mutating func finish() {
    guard !isSorted else { return }
    let order = (0..<count).sorted { number($0) < number($1) }
    words = ContiguousArray(order.flatMap { [words[2 * $0], words[2 * $0 + 1]] })
    isSorted = true
  }

  func index(of id: NodeID) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if number(middle) < id.value { low = middle + 1 } else { high = middle }
    }
    return low < count && number(low) == id.value ? low : nil
  }

  func id(_ index: Int) -> NodeID { NodeID(number(index)) }
  func folder(of index: Int) -> NodeID { NodeID(words[2 * index + 1]) }
  func kind(_ index: Int) -> NodeRecord.Kind { NodeRecord.Kind(rawValue: UInt8(words[2 * index] >> 40 & 3))! }
  func mark(_ index: Int) -> Mark { Mark(rawValue: words[2 * index] >> Self.markShift & 3)! }

  mutating func set(_ mark: Mark, at index: Int) {
    words[2 * index] = words[2 * index] & ~(3 << Self.markShift) | mark.rawValue << Self.markShift
  }

  /// The first bucket at or after `bucket` that holds a node.
  func bucket(from bucket: UInt64) -> UInt64? {
    guard let nodes = CatalogBuckets.nodes(of: bucket) else { return nil }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if number(middle) < nodes.lowerBound { low = middle + 1 } else { high = middle }
    }
    return low < count ? CatalogBuckets.bucket(of: id(low)) : nil
  }

  private func number(_ index: Int) -> UInt64 { words[2 * index] & Self.numberMask }
}
