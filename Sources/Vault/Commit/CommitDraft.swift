import Catalog
import Keys
import Platform
import VaultFormat

/// The rows of one commit, sealed, with what they do to the digests.
struct CommitDraft {
  private let keys: VaultKeys
  private let numbers: NumberSource
  private let storedRules: [RowKey: RowDigest]
  private(set) var changes = CatalogChanges()
  private(set) var delta = Ledger.Delta()
  /// What the catalog will hold of each node, once committed.
  private(set) var stored: [(node: Node, stored: StoredNode?)] = []
  /// Likewise of rules, packs and counters; nil for removed rows.
  private(set) var ruleDigests: [RowKey: RowDigest?] = [:]

  /// - Parameter rules: the rows of rules, packs and counters that will be added. Only their digests are taken: a copy of all would have to be
  ///   made in earnest as soon as one of them changes.
  init(vault: Vault, rules: some Sequence<RowKey>) {
    keys = vault.keys
    numbers = vault.numbers
    storedRules = vault.tree.withLock {
      var stored: [RowKey: RowDigest] = [:]
      for key in rules { stored[key] = vault.rules.stored[key] }
      return stored
    }
  }

  /// A row that is not in any bucket's digest: buckets themselves and the commit.
  mutating func put(_ key: RowKey, _ plaintext: [UInt8]) { changes.upserts.append(seal(key, plaintext)) }

  mutating func add(_ member: CommitGroup.Member) {
    let node = member.node
    let old = member.stored
    let bucket = CatalogBuckets.bucket(of: node.id)
    if let old { delta.remove(old.digest, from: bucket) }
    if member.isRemoved {
      guard let old else { return }
      changes.deletes.append(RowKey(.node, node.id.value))
      for (start, extent) in old.furtherExtents ?? [:] { remove(extent, start, of: node.id, bucket) }
      stored.append((node, nil))
      return
    }
    var record = member.record
    var fresh = StoredNode(
      digest: .zero, parent: record.parent, tag: member.tag, extentCount: old?.extentCount ?? 0, firstExtent: old?.firstExtent,
      furtherExtents: old?.furtherExtents ?? (old == nil ? [:] : nil))
    if let extents = member.extents {
      fresh.extentCount = UInt64(extents.count)
      fresh.firstExtent = extents.first
      fresh.furtherExtents = replace(old?.furtherExtents ?? [:], with: extents.dropFirst(), of: node.id, bucket)
      fresh.allocatedByteCount = StoredNode.allocatedByteCount(fresh.extentCount, fresh.firstExtent)
    }
    record.extentCount = fresh.extentCount
    record.firstExtent = fresh.firstExtent
    if let old, old.parent != record.parent || old.tag != member.tag {
      // Names may swap within a group; the old row goes first, so that no two rows ever hold one name.
      changes.deletes.append(RowKey(.node, node.id.value))
    }
    let row = seal(RowKey(.node, node.id.value), record.encode(), node: NodeColumns(parent: record.parent, tag: member.tag))
    fresh.digest = keys.digest(of: row)
    delta.add(fresh.digest, to: bucket)
    changes.upserts.append(row)
    stored.append((node, fresh))
  }

  mutating func add(rule key: RowKey, _ plaintext: [UInt8]?) {
    let bucket = CatalogBuckets.bucket(of: key.table)
    if let old = storedRules[key] { delta.remove(old, from: bucket) }
    guard let plaintext else {
      if storedRules[key] != nil { changes.deletes.append(key) }
      ruleDigests[key] = .some(nil)
      return
    }
    let row = seal(key, plaintext)
    let digest = keys.digest(of: row)
    delta.add(digest, to: bucket)
    changes.upserts.append(row)
    ruleDigests[key] = digest
  }

  mutating func add(_ pack: PackState) { add(rule: Self.key(of: pack), pack.record?.encode()) }

  mutating func add(_ counters: Counters) { add(rule: Self.countersKey, counters.encode()) }

  static func key(of pack: PackState) -> RowKey { RowKey(.pack, UInt64(pack.number.value)) }

  static let countersKey = RowKey(.meta, MetaKey.counters.rawValue)

  // MARK: Helpers

  private mutating func replace(
    _ old: [UInt64: StoredExtent], with extents: ArraySlice<Extent>, of id: NodeID, _ bucket: UInt64
  ) -> [UInt64: StoredExtent] {
    var fresh: [UInt64: StoredExtent] = [:]
    for extent in extents {
      if let same = old[extent.start], same.extent == extent {
        fresh[extent.start] = same
        continue
      }
      if let other = old[extent.start] { delta.remove(other.digest, from: bucket) }
      let row = seal(RowKey(.extent, id.value, extent.start), extent.encode())
      let digest = keys.digest(of: row)
      delta.add(digest, to: bucket)
      changes.upserts.append(row)
      fresh[extent.start] = StoredExtent(extent: extent, digest: digest)
    }
    for (start, extent) in old where fresh[start] == nil { remove(extent, start, of: id, bucket) }
    return fresh
  }

  private mutating func remove(_ extent: StoredExtent, _ start: UInt64, of id: NodeID, _ bucket: UInt64) {
    changes.deletes.append(RowKey(.extent, id.value, start))
    delta.remove(extent.digest, from: bucket)
  }

  private func seal(_ key: RowKey, _ plaintext: [UInt8], node: NodeColumns? = nil) -> SealedRow {
    let version = numbers.nextVersion()
    return SealedRow(key: key, version: version, node: node, sealed: keys.seal(plaintext, for: key, version: version))
  }
}
