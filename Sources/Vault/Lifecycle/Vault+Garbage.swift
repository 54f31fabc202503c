import BlobStore
import Catalog
import Keys
import Platform
import VaultFormat

/// What nothing names is removed while the mount works: what a crash left, and what could not be removed when it went out of use.
extension Vault {
  /// The vault as it was when it was unlocked, before anybody could change it: files that it does not name and that were not made since
  /// are garbage, and by how much packs' live bytes are off then, they are off for good.
  struct Beginning {
    let snapshot: any CatalogSnapshot
    let liveByteCounts: [PackNumber: Int]
  }

  /// Nil where the catalog gives no snapshot: then nothing is removed.
  func beginning() -> Beginning? {
    guard let snapshot = try? catalog.snapshot() else { return nil }
    return Beginning(snapshot: snapshot, liveByteCounts: content.liveByteCounts)
  }

  /// After a crash: removes what was sealed and never committed, and sets packs' live bytes right.
  func removeGarbage(since beginning: Beginning) {
    defer { beginning.snapshot.close() }
    // Damaged rows could name anything: then nothing is removed. `verify` tells of them.
    guard let walk = try? ExtentWalk(beginning.snapshot, keys, goesOn: { housekeeping.goesOn }) else { return }
    beginning.snapshot.close()
    let isGone = (try? content.removeGarbage { walk.isNamed($0) }) != nil
    var isOff = false
    for (number, counted) in beginning.liveByteCounts {
      let difference = (walk.liveByteCounts[number] ?? 0) - counted
      guard difference != 0 else { continue }
      content.correctLiveByteCount(by: difference, of: number)
      isOff = true
    }
    if isOff { committer.wantRound() }
    if isGone { folder.setGarbage(false) }
  }

  // MARK: While others work

  /// Files of content that are there.
  struct ContentFiles {
    var blobs: [BlobID]
    var packs: [PackNumber]
  }

  /// The files that are there now. On return, what was sealed before is committed, so that a later snapshot names what of these is in use.
  /// Nil where they cannot be listed, or a commit fails.
  func contentFiles() -> ContentFiles? {
    guard let blobs = try? content.store.blobs(), let packs = try? content.store.packs() else { return nil }
    guard (try? committer.commitAndWait()) != nil else { return nil }
    return ContentFiles(blobs: blobs, packs: packs)
  }

  /// Those of `files` that neither the catalog nor an open document names.
  /// - Parameter isNamed: whether a snapshot that was taken after `contentFiles` returned names the blob's file.
  func unnamed(of files: ContentFiles, isNamed: (BlobID) -> Bool) -> [BlobObject] {
    var blobs = Set(files.blobs.filter { !isNamed($0) })
    if !blobs.isEmpty {
      // The file of a blob is there before its document can name it.
      content.sealing.finishBegun()
      // No commit and no change of content is under way, so that the lists stand still.
      committing.withLock {
        gate.writing {
          let contents = tree.withLock { (Array(table.nodes.values) + Array(table.orphans.values)).compactMap(\.content) }
          for content in contents {
            // What other threads sealed is named at the document's next change, or by a commit: of a removed one there is none.
            if content.taskCount > 0 { content.lock.writing { content.takeSealedLocked() } }
            for extent in content.list.extents { if let id = extent.blob?.id { blobs.remove(id) } }
          }
        }
      }
    }
    content.finishRemovals()
    let packs = files.packs.filter { if case .unknown = content.packs.standing(of: $0) { true } else { false } }
    let objects = blobs.map { BlobObject.blob($0) } + packs.map { BlobObject.pack($0) }
    return objects.filter { (try? content.store.byteCount(of: $0)) != nil }
  }

  /// Removes what nothing names, as it is found while others work. Returns how many files went.
  @discardableResult
  package func removeUnnamed() -> Int {
    guard let files = contentFiles(), let snapshot = try? catalog.snapshot() else { return 0 }
    defer { snapshot.close() }
    guard let walk = try? ExtentWalk(snapshot, keys, goesOn: { housekeeping.goesOn }) else { return 0 }
    snapshot.close()
    var count = 0
    for object in unnamed(of: files, isNamed: walk.isNamed) where (try? content.store.delete(object)) != nil { count += 1 }
    return count
  }
}
