import Catalog
import Keys
import Platform
import Synchronization
import VaultFormat

/// After a crash: blobs that were sealed and never committed are removed, and packs' live bytes set right, while the mount works.
extension Vault {
  /// Starts the walk over all extents, on a thread of its own. `close` ends it early; the next unlock begins anew.
  func startRemovingGarbage() {
    folder.setGarbage(true)
    garbage.start { [unowned self] in removeGarbage() }
  }

  private func removeGarbage() {
    content.holdRemovals()
    guard let snapshot = try? catalog.snapshot() else {
      content.releaseRemovals()
      return
    }
    var named: Set<BlobID> = []
    var live: [PackNumber: UInt64] = [:]
    func note(_ extent: Extent?) {
      guard let blob = extent?.blob else { return }
      switch blob.place {
      case .file: named.insert(blob.id)
      case .pack(let number, _): live[number, default: 0] += UInt64(BlobGeometry.sealedByteCount(Int(blob.byteCount)))
      }
    }
    var isWhole = true
    do {
      try snapshot.forEachRow(of: .node) { row in
        guard !garbage.isStopping else { throw Stopped() }
        note(try NodeRecord(parsing: keys.open(row.sealed, for: row.key, version: row.version)).firstExtent)
      }
      try snapshot.forEachRow(of: .extent) { row in
        guard !garbage.isStopping else { throw Stopped() }
        note(try Extent(parsing: keys.open(row.sealed, for: row.key, version: row.version)))
      }
    } catch {
      // Damaged rows could name anything: then nothing is removed. `verify` tells of them.
      isWhole = false
    }
    snapshot.close()
    content.releaseRemovals()
    guard isWhole else { return }
    guard (try? content.removeGarbage { named.contains($0) }) != nil else { return }
    folder.setGarbage(false)
  }

  private struct Stopped: Error {}
}

/// One piece of work on a thread of its own that can be told to stop.
final class BackgroundWork: @unchecked Sendable {
  private let stopping = Atomic<Bool>(false)
  /// Set once, before anyone calls `stop`.
  private var thread: Thread?

  var isStopping: Bool { stopping.load(ordering: .relaxed) }

  func start(_ body: @escaping @Sendable () -> Void) { thread = Thread(name: "background", body) }

  /// Returns when the work has ended.
  func stop() {
    stopping.store(true, ordering: .relaxed)
    thread?.join()
    thread = nil
  }
}
