/// VaultFS: POSIX meaning over a vault, judged and recorded for each caller. Knows no FUSE: tests drive it directly.
///
/// *Caller* who sent an operation · *file number* what the kernel calls a node: the node's number and, for documents, the slot of
/// the user it was shown to · *standing* what a subject may do at a folder · *permit* a standing kept with a handle, good until
/// something changes · *refusal* an operation that was not allowed, with what was missing · *handle* one open document or folder.
///
/// Every operation follows one order: find, judge, do, record, answer. OPERATIONS says which right each needs.
package import Access
import Glibc
import Platform
import Synchronization
import Trail
package import Vault
import VaultFormat

/// One unlocked vault, shown to many callers. Functions may be called from any thread.
package final class VaultFS: Sendable {
  package let vault: Vault
  package let identities: Identities
  let settings: VaultFSSettings
  let handles = HandleTable()
  let folders = FolderHandleTable()
  let slots = SlotTable()
  let locks = LockTable()
  let views = ViewCache()
  let processes = ProcessFacts()
  let repeated: RepeatedRefusals
  let statistics = OperationCounters()
  private let listeners = Lock()
  nonisolated(unsafe) private var rightsListener: @Sendable () -> Void = {}

  package init(vault: Vault, identities: Identities, settings: VaultFSSettings = VaultFSSettings()) {
    self.vault = vault
    self.identities = identities
    self.settings = settings
    repeated = RepeatedRefusals(trail: vault.trail)
    // Whether somebody is in a group that a barrier names must be known for certain, from the first operation on.
    identities.watch(vault.rights.groupsInBarriers)
    let handles = handles
    vault.openHandles.set { handles.all.map(\.record) }
  }

  var trail: TrailWriter { vault.trail }

  /// Called after every change of rules, before it is answered: whoever caches for callers lets go of it now.
  package func onRightsChange(_ body: @escaping @Sendable () -> Void) { listeners.withLock { rightsListener = body } }
  func tellRightsChanged() { listeners.withLock { rightsListener }() }

  /// Writes what was counted and not yet recorded. Call before the vault is closed.
  package func close() { repeated.stop() }

  /// Records the mount with its effective configuration. Before anything is answered.
  /// - Throws: `io` where the trail cannot be written.
  package func recordMount(_ details: [(key: String, value: String)]) throws(FSError) {
    var record = Record(.mount)
    record.actor = Record.Actor(uid: getuid(), name: "", pid: getpid())
    record.details = details.map { Record.Detail($0.key, $0.value) }
    try append(record)
  }

  package func recordUnmount() {
    var record = Record(.unmount)
    record.actor = Record.Actor(uid: getuid(), name: "", pid: getpid())
    trail.appendAlways(record)
  }

  /// Handles open now, for a segment's restatement and for status.
  package var openHandleCount: Int { handles.count + folders.count }
}

package struct VaultFSSettings: Sendable {
  /// The uid for whom nothing but their own operations can arrive; nil on a shared mount.
  package var privateUser: UInt32?

  /// How long a handle keeps a judgement when nothing changed: who the caller is may be stale by then, so it is judged anew.
  package var permitNanoseconds: Int64 = 2_000_000_000

  package init(privateUser: UInt32? = nil) { self.privateUser = privateUser }
}
