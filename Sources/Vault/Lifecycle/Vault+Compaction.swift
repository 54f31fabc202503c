import Catalog
import Keys
import Platform
import VaultFormat

/// Packs of which less than half is alive: what lives is copied, still sealed, to the pack that grows, and the old pack goes when the
/// catalog names it no more.
///
/// A copy is an ordinary change of its document: its bytes are synced before the commit that names them (DESIGN §4, commit order), and the
/// old place is given up by the same commit. A crash leaves the old place, or the new one, never neither.
extension Vault {
  /// Copies what lives out of every pack worth it, and commits. Returns how many blobs moved.
  @discardableResult
  package func compactPacks() -> Int {
    let packs = Set(content.packsWorthCompacting.map(\.number)).subtracting(housekeeping.unmovable)
    guard !packs.isEmpty, let snapshot = try? catalog.snapshot() else { return 0 }
    defer { snapshot.close() }
    guard let walk = try? ExtentWalk(snapshot, keys, packs: packs, goesOn: { housekeeping.goesOn }) else { return 0 }
    snapshot.close()
    var count = 0
    for id in walk.documents {
      guard housekeeping.goesOn, changeFailure == nil else { break }
      do throws(VaultError) {
        count += try move(id, from: packs)
      } catch {
        switch error {
        case .gone, .absent: continue
        case .damaged: continue
        // No room, or a disk that fails: another time.
        default: return count
        }
      }
      committer.hurryIfLarge()
    }
    try? committer.commitAndWait()
    return count
  }

  /// Moves the blobs of one document that lie in the packs.
  private func move(_ id: NodeID, from packs: Set<PackNumber>) throws(VaultError) -> Int {
    let node = try node(id)
    guard node.kind == .document else { return 0 }
    return try usingContent(of: node) { (document) throws(VaultError) in
      let blobs = document.lock.reading { document.list.blobs }
      var count = 0
      for blob in blobs {
        guard case .pack(let number, _) = blob.place, packs.contains(number) else { continue }
        // Without any lock: a blob never changes.
        let copy: BlobReference
        do throws(ContentError) { copy = try content.copy(blob) } catch {
          guard case .damaged = error else { throw VaultError(error) }
          // Left where it is, for `verify` and its reader to tell; the pack stays.
          housekeeping.note(unmovable: number)
          continue
        }
        if replace(blob, with: copy, of: node, document) { count += 1 } else { content.discard([copy]) }
      }
      return count
    }
  }

  /// Names the copy in place of the blob; false where the document does not name the blob any more.
  private func replace(_ blob: BlobReference, with copy: BlobReference, of node: Node, _ document: DocumentContent) -> Bool {
    gate.reading {
      guard document.lock.writing({ document.moveLocked(blob, to: copy) }) else { return false }
      tree.withLock {
        node.isContentChanged = true
        if !node.isRemoved { markDirty(node) }
      }
      return true
    }
  }
}
