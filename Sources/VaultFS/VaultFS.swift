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
  let clock: ClockWatcher
  /// Whose turn it is to change rules, duties or reviews: from the last judging to the end of the commit.
  let ruleTurn = Lock()
  /// How many such changes were made; changed by whoever has the turn, once the rights are the new ones.
  let ruleChangeCount = Atomic<UInt64>(0)
  private let listenersLock = Lock()
  /// Guarded by `listenersLock`, all three.
  nonisolated(unsafe) private var rightsListeners: [(token: RightsListenerToken, body: RightsListener)] = []
  nonisolated(unsafe) private var lastListenerToken: UInt64 = 0
  /// Who mounted, once that is on record.
  nonisolated(unsafe) private var mounter: Record.Actor?

  package init(vault: Vault, identities: Identities, settings: VaultFSSettings = VaultFSSettings()) {
    self.vault = vault
    self.identities = identities
    self.settings = settings
    let watch = ClockWatcher(vault)
    clock = watch
    repeated = RepeatedRefusals(trail: vault.trail, tick: { watch.look() })
    // Whether somebody is in a group that a barrier names must be known for certain, from the first operation on.
    identities.watch(vault.rights.groupsInBarriers)
    let handles = handles
    vault.openHandles.set { handles.all.map(\.record) }
  }

  var trail: TrailWriter { vault.trail }

  /// What to do when rights have changed. `mayWait` is false where the call comes from within an operation: a kernel that waits for
  /// the answer to it must not be waited for.
  package typealias RightsListener = @Sendable (_ mayWait: Bool) -> Void

  /// Has `body` called after every change of rights, before it is answered: whoever caches for callers lets go of it now.
  /// Pass the token to `removeRightsListener`.
  package func onRightsChange(_ body: @escaping RightsListener) -> RightsListenerToken {
    listenersLock.withLock {
      lastListenerToken += 1
      let token = RightsListenerToken(value: lastListenerToken)
      rightsListeners.append((token, body))
      return token
    }
  }

  /// A call that is under way on another thread may still end after this returns.
  package func removeRightsListener(_ token: RightsListenerToken) {
    listenersLock.withLock { rightsListeners.removeAll { $0.token == token } }
  }

  /// - Parameter mayWait: true on threads that answer administrators alone, never within an operation.
  func tellRightsChanged(mayWait: Bool) {
    let bodies = listenersLock.withLock { rightsListeners.map(\.body) }
    for body in bodies { body(mayWait) }
  }

  /// Writes what was counted and not yet recorded. Call before the vault is closed.
  package func close() { repeated.stop() }

  /// Records the mount with its effective configuration. Before anything is answered.
  /// - Throws: `io` where the trail cannot be written.
  package func recordMount(_ details: [(key: String, value: String)]) throws(FSError) {
    var record = Record(.mount)
    let mounter = Record.Actor.thisProcess(name: (try? identities.subject(uid: getuid()).user.name) ?? "")
    listenersLock.withLock { self.mounter = mounter }
    record.actor = mounter
    record.details = details.map { Record.Detail($0.key, $0.value) }
    try append(record)
  }

  /// The UNMOUNT record. Never refused; before the vault is closed.
  package func recordUnmount() {
    var record = Record(.unmount)
    // Nobody is asked for a name while the mount ends.
    record.actor = listenersLock.withLock { mounter } ?? Record.Actor.thisProcess(name: "")
    trail.appendAlways(record)
  }

  /// By how much the wall clock is behind the latest time known (nanoseconds); nil where it is not, or by a minute at most.
  package var clockBehind: Int64? { ClockWatch.behind(latest: vault.latestTime(), wall: Clock.wall()) }

  /// Handles open now, for a segment's restatement and for status.
  package var openHandleCount: Int { handles.count + folders.count }

  /// Operations refused so far, repeated ones too.
  package var refusalCount: UInt64 { statistics.refusals.load(ordering: .relaxed) }
}

/// Names one listener of `VaultFS.onRightsChange`.
package struct RightsListenerToken: Hashable, Sendable {
  fileprivate let value: UInt64
}

/// What can be set about a mount's meaning.
package struct VaultFSSettings: Sendable {
  /// How long a handle keeps a judgement when nothing changed: who the caller is may be stale by then, so it is judged anew.
  package var permitNanoseconds: Int64 = 2_000_000_000

  package init() {}
}
