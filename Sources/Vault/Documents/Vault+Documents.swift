import Catalog
import Keys
import Platform
import Trail
import VaultFormat

/// Reading and writing documents.
extension Vault {
  /// The greatest size of a document: 1 PiB.
  package static let documentByteCountMax: UInt64 = 1 << 50

  /// The document's content in memory; loads its extents where need be.
  package func loadedContent(of node: Node) throws(VaultError) -> DocumentContent { try loadedContent(of: node, opens: false) }

  /// - Parameter opens: counts a handle in the same instant.
  /// - Throws: with `opens`, `gone` for a node that is removed.
  private func loadedContent(of node: Node, opens: Bool) throws(VaultError) -> DocumentContent {
    precondition(node.kind == .document)
    while true {
      let state = try tree.withLockThrowing {
        () throws(VaultError) -> (content: DocumentContent?, stored: StoredNode?, size: UInt64) in
        if opens { guard !node.isRemoved else { throw .gone } }
        guard let content = node.content else { return (nil, node.stored, node.record.size) }
        if opens { node.openCount += 1 }
        return (content, nil, 0)
      }
      if let content = state.content { return content }
      guard var stored = state.stored else { throw .damaged("node \(node.id) has no content") }
      let epoch = committer.epoch
      if stored.furtherExtents == nil { stored.furtherExtents = try furtherExtents(of: node.id) }
      let further = stored.furtherExtents!
      let extents = (stored.firstExtent.map { [$0] } ?? []) + further.keys.sorted().map { further[$0]!.extent }
      let made = tree.withLock { () -> Result<DocumentContent, VaultError>? in
        if opens { guard !node.isRemoved else { return .failure(.gone) } }
        if node.content == nil {
          guard committer.epoch == epoch else { return nil }
          guard UInt64(extents.count) == stored.extentCount, let list = ExtentList(covering: state.size, extents) else {
            return .failure(.damaged("extents of node \(node.id) do not cover it"))
          }
          node.stored?.furtherExtents = further
          node.content = DocumentContent(list: list, store: content, pressure: pressure)
        }
        if opens { node.openCount += 1 }
        return .success(node.content!)
      }
      if let made { return try made.get() }
    }
  }

  /// The rows of table `extent` that the catalog holds of a document, by their start.
  func furtherExtents(of id: NodeID) throws(VaultError) -> [UInt64: StoredExtent] {
    let rows: [SealedRow]
    do throws(CatalogError) { rows = try catalog.extents(of: id) } catch { throw VaultError(error) }
    var further: [UInt64: StoredExtent] = [:]
    for row in rows {
      do {
        let extent = try Extent(parsing: try keys.open(row.sealed, for: row.key, version: row.version))
        guard extent.start == row.key.second else { throw FormatError.malformed("start") }
        further[extent.start] = StoredExtent(extent: extent, digest: keys.digest(of: row))
      } catch {
        throw .damaged("extent row of node \(id)")
      }
    }
    return further
  }

  /// Keeps the node in memory until `close`. Returns a document's content.
  /// - Throws: `gone` where it is removed.
  @discardableResult
  package func open(_ node: Node) throws(VaultError) -> DocumentContent? {
    if node.kind == .document { return try loadedContent(of: node, opens: true) }
    try tree.withLockThrowing { () throws(VaultError) -> Void in
      guard !node.isRemoved else { throw .gone }
      node.openCount += 1
    }
    return nil
  }

  package func isOpen(_ node: Node) -> Bool { tree.withLock { node.openCount > 0 } }

  /// Ends what `open` began. With the last handle, bytes in the clear are sealed, those of a small document soon, by another thread; an
  /// unlinked document is forgotten.
  package func close(_ node: Node) {
    let last = tree.withLock { () -> (isLast: Bool, isRemoved: Bool, isChanged: Bool, content: DocumentContent?) in
      node.openCount -= 1
      guard !node.isInUse else { return (false, false, false, nil) }
      defer { if !node.isDirty, !node.isCommitting, !node.isRemoved { node.content = nil } }
      return (true, node.isRemoved, node.isDirty, node.content)
    }
    guard last.isLast else { return }
    if last.isRemoved { return forget(node) }
    // What is in the clear makes a node dirty; nothing of another one is.
    if last.isChanged, let content = last.content { sealIfUnhindered(content) }
  }

  /// Seals what is in the clear, unless that would wait for a commit, or for a disk that does not answer: the commit seals it then. A failure keeps
  /// the bytes in memory; the commit meets it again and says so.
  private func sealIfUnhindered(_ content: DocumentContent) {
    guard trail.answers else { return }
    gate.tryReading {
      content.lock.writing {
        // Where much waits in the clear already, no more is left there.
        if pressure.isOverLimit || !content.sealElsewhereLocked() { try? content.sealAllLocked() }
      }
    }
  }

  /// Makes what another thread sealed of a document part of it; under the gate, since a commit takes the document's extents without its lock.
  /// Where a commit has the gate, it sees to that itself.
  func nameSealed(_ content: DocumentContent) {
    gate.tryReading { content.lock.writing { content.takeSealedLocked() } }
  }

  /// A node that is removed and in no use any more goes, and the blobs of a document with it; at once if the catalog has heard, else with
  /// the group that tells it.
  private func forget(_ node: Node) {
    // Under the gate: a commit that takes the node's state at the same time would take the blobs too.
    gate.reading {
      let content = tree.withLock { () -> DocumentContent? in
        guard !node.isInUse else { return nil }
        table.forgetOrphan(node)
        return node.content
      }
      guard let content else { return }
      let blobs = content.lock.writing { content.takeAllLocked() }
      let isWaiting = tree.withLock { () -> Bool in
        node.content = nil
        guard node.isDirty || node.isCommitting else { return false }
        committer.obsolete += blobs
        return true
      }
      if !isWaiting { self.content.discard(blobs) }
    }
  }

  /// Runs `body` with the document's content, which stays the node's content until `body` ends.
  /// - Throws: `gone` where the document is removed and nobody has it open.
  func usingContent<Result>(
    of node: Node, _ body: (DocumentContent) throws(VaultError) -> Result
  ) throws(VaultError) -> Result {
    try using(node) { () throws(VaultError) in try body(try loadedContent(of: node)) }
  }

  /// Runs `body` while the document is in use, as if it were open: content that is there or is loaded stays.
  /// - Throws: `gone` where the document is removed and nobody has it open.
  func using<Result>(_ node: Node, _ body: () throws(VaultError) -> Result) throws(VaultError) -> Result {
    try tree.withLockThrowing { () throws(VaultError) -> Void in
      guard !node.isRemoved || node.isInUse else { throw .gone }
      node.userCount += 1
    }
    defer {
      let isForgotten = tree.withLock { () -> Bool in
        node.userCount -= 1
        return node.isRemoved && !node.isInUse
      }
      if isForgotten { forget(node) }
    }
    return try body()
  }

  /// Bytes from `offset` into `buffer`, up to the end, of a document that the caller has open: without the tree's lock. Returns how many.
  /// - Parameter content: of `loadedContent`, since `open`; it stays the document's until `close`.
  package func read(
    _ content: DocumentContent, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VaultError) -> Int {
    do throws(ContentError) {
      return try content.lock.reading { () throws(ContentError) -> Int in try content.readLocked(at: offset, into: buffer) }
    } catch { throw VaultError(error) }
  }

  /// Bytes from `offset` into `buffer`, up to the end. Returns how many.
  package func read(_ node: Node, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(VaultError) -> Int {
    try usingContent(of: node) { (content) throws(VaultError) in
      do throws(ContentError) {
        return try content.lock.reading { () throws(ContentError) -> Int in try content.readLocked(at: offset, into: buffer) }
      } catch { throw VaultError(error) }
    }
  }

  /// Writes `bytes` at `offset`, or at the end for nil. Returns where they went and the document's new size. On a throw the document is
  /// as it was.
  package func write(
    _ node: Node, _ bytes: UnsafeRawBufferPointer, at offset: UInt64?
  ) throws(VaultError) -> (offset: UInt64, size: UInt64) {
    try changeContent(of: node) { (content) throws(ContentError) in
      let start = offset ?? content.sizeLocked
      guard start <= Self.documentByteCountMax, UInt64(bytes.count) <= Self.documentByteCountMax - start else { throw .tooLarge }
      // Before anything is taken: bytes that cannot be kept are refused, not half kept.
      if pressure.isOverLimit { try content.sealAllLocked() }
      content.writeLocked(bytes, at: start)
      return (start, content.sizeLocked)
    }
  }

  package func truncate(_ node: Node, to size: UInt64) throws(VaultError) {
    _ = try changeContent(of: node) { (content) throws(ContentError) in
      guard size <= Self.documentByteCountMax else { throw .tooLarge }
      content.truncateLocked(to: size)
    }
  }

  /// Makes a range read as zeros. With `extends`, the document grows to the range's end.
  package func punch(_ node: Node, from start: UInt64, to end: UInt64, extends: Bool) throws(VaultError) {
    _ = try changeContent(of: node) { (content) throws(ContentError) in
      guard end <= Self.documentByteCountMax else { throw .tooLarge }
      content.punchLocked(from: start, to: end)
      if extends { content.extendLocked(to: end) }
    }
  }

  /// Grows the document with zeros to at least `size`; keeps content. Takes no room on disk.
  package func extend(_ node: Node, to size: UInt64) throws(VaultError) {
    _ = try changeContent(of: node) { (content) throws(ContentError) in
      guard size <= Self.documentByteCountMax else { throw .tooLarge }
      content.extendLocked(to: size)
    }
  }

  package func seek(_ node: Node, from offset: UInt64, toData: Bool) throws(VaultError) -> UInt64? {
    try usingContent(of: node) { (content) throws(VaultError) in
      content.lock.reading { content.seekLocked(offset, toData: toData) }
    }
  }

  /// Bytes of the document that take room: all but its holes. One that is closed is counted by the catalog's rows, once until it changes.
  package func allocatedByteCount(_ node: Node) -> UInt64 {
    guard node.kind == .document else { return 0 }
    let state = tree.withLock { () -> (content: DocumentContent?, stored: StoredNode?, size: UInt64) in
      (node.content, node.stored, node.record.size)
    }
    if let content = state.content { return content.lock.reading { content.allocatedByteCountLocked } }
    guard let stored = state.stored, stored.extentCount > 0 else { return 0 }
    if let known = stored.allocatedByteCount { return known }
    // What cannot be read is told by whoever opens it.
    guard let further = stored.extentCount == 1 ? [:] : stored.furtherExtents ?? (try? furtherExtents(of: node.id)) else {
      return state.size
    }
    let extents = [stored.firstExtent].compactMap { $0 } + further.values.map(\.extent)
    let count = extents.reduce(0) { $1.blob == nil ? $0 : $0 + $1.byteCount }
    tree.withLock { if node.stored?.digest == stored.digest { node.stored?.allocatedByteCount = count } }
    return count
  }

  private func changeContent<Result>(
    of node: Node, _ body: (DocumentContent) throws(ContentError) -> Result
  ) throws(VaultError) -> Result {
    try changesRefused.check()
    return try usingContent(of: node) { (content) throws(VaultError) in
      do throws(ContentError) {
        return try gate.reading { () throws(ContentError) -> Result in
          try content.lock.writing { () throws(ContentError) -> Result in
            let result = try body(content)
            // What was refused has changed nothing, and no times either.
            noteContent(of: node, size: content.sizeLocked)
            return result
          }
        }
      } catch { throw VaultError(error) }
    }
  }

  private func noteContent(of node: Node, size: UInt64) {
    let now = Clock.wall()
    tree.withLock {
      node.record.size = size
      node.record.modified = now
      node.record.changed = now
      node.isContentChanged = true
      if !node.isRemoved { markDirty(node) }
    }
  }
}
