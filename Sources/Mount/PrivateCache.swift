import Fuse
import Platform

/// On a private mount: names and attributes that the kernel keeps for a while, since they cannot reach another user. All of them are
/// taken back when rights change, and they age out in time for rights that end by themselves.
final class PrivateCache: @unchecked Sendable {
  /// Also the longest that a right which ended by time alone can go on showing names and attributes (never content).
  static let timeoutSeconds = 1.0

  private struct Told {
    let name: [UInt8]
    let folder: NodeNumber
  }

  /// Guards the fields below.
  private let lock = Lock()
  private var told: [NodeNumber: Told] = [:]
  private weak var session: Session?

  func begin(_ session: Session) { lock.withLock { self.session = session } }
  func end() { lock.withLock { session = nil } }

  func told(_ node: NodeNumber, named name: Fuse.Name, in folder: NodeNumber) {
    let entry = Told(name: name.copy, folder: folder)
    lock.withLock { told[node] = entry }
  }

  func forgotten(_ node: NodeNumber) { lock.withLock { _ = told.removeValue(forKey: node) } }

  /// Queues taking back everything that was told. Returns before the kernel has done it, so that a worker may call it.
  func forgetAll() {
    let (session, all) = lock.withLock { (self.session, told) }
    guard let session else { return }
    session.invalidateAttributes(of: .root)
    for (node, entry) in all {
      session.invalidateAttributes(of: node)
      session.invalidateEntry(entry.name, in: entry.folder)
    }
  }
}
