package import VaultFormat

/// Neighbouring children of one folder as a listing shows them, in order of node number. Immutable, and cheap to copy: the names lie one
/// after the other in one array.
package struct ChildPage: Sendable {
  private struct Entry: Sendable {
    let id: NodeID
    /// Where the name ends in `names`; it begins where the one before ends.
    let nameEnd: UInt32
    let kind: NodeRecord.Kind
  }

  private var entries: [Entry] = []
  private var names: [UInt8] = []

  init(capacity: Int) {
    entries.reserveCapacity(capacity)
    names.reserveCapacity(24 * capacity)
  }

  /// Adds a child whose number is above all that are there.
  mutating func append(_ id: NodeID, _ kind: NodeRecord.Kind, _ name: Name) {
    names.append(contentsOf: name.bytes)
    entries.append(Entry(id: id, nameEnd: UInt32(names.count), kind: kind))
  }

  package var count: Int { entries.count }
  package var isEmpty: Bool { entries.isEmpty }
  package var ids: [NodeID] { entries.map(\.id) }
  package var last: NodeID? { entries.last?.id }

  /// About what it takes in memory.
  var byteCount: Int { entries.capacity * MemoryLayout<Entry>.stride + names.capacity + 64 }

  /// Calls `body` with each child above `after` until it returns false. The name's bytes are good within the call. Nothing is allocated.
  /// - Returns: whether `body` wanted more to the end.
  @inline(__always)
  package func forEach(after: NodeID, _ body: (NodeID, NodeRecord.Kind, UnsafeRawBufferPointer) throws -> Bool) rethrows -> Bool {
    var index = firstIndex(above: after)
    return try names.withUnsafeBytes { names in
      var start = index == 0 ? 0 : Int(entries[index - 1].nameEnd)
      while index < entries.count {
        let entry = entries[index]
        let name = UnsafeRawBufferPointer(rebasing: names[start..<Int(entry.nameEnd)])
        guard try body(entry.id, entry.kind, name) else { return false }
        start = Int(entry.nameEnd)
        index += 1
      }
      return true
    }
  }

  private func firstIndex(above id: NodeID) -> Int {
    guard let first = entries.first, first.id <= id else { return 0 }
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id <= id { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
