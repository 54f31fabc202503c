import Access
import Vault
package import VaultFormat

/// SETLK, SETLKW, GETLK, FLOCK: row 26.
extension VaultFS {
  /// What became of a lock that was asked for.
  package enum LockOutcome: Sendable {
    case held
    /// The closure given will be called when it is; pass the waiter to `cancelLock` if the caller is interrupted.
    case waits(LockWaiter)
  }

  /// Takes a lock: shared needs `read`, exclusive `edit`. With `whenHeld`, a conflict waits; without, it is `wouldBlock`.
  package func lock(
    _ caller: Caller, _ id: HandleID, owner: UInt64, _ range: LockRange, _ kind: LockKind, whenHeld: (@Sendable () -> Void)?
  ) throws(FSError) -> LockOutcome {
    statistics.operation()
    guard let handle = handles[id] else { throw .badHandle }
    try requireTrail()
    try judgeHandle(handle, caller, kind == .shared ? .read : .edit, .lock)
    let wanted = held(caller, handle, owner, range, kind)
    let waiter = whenHeld.map { LockWaiter(node: handle.node.id, wanted: wanted, grant: $0) }
    if try locks.take(handle.node.id, wanted, wait: waiter) { return .held }
    return .waits(waiter!)
  }

  /// Row 10: giving up a lock is never refused.
  package func unlock(_ id: HandleID, owner: UInt64, _ range: LockRange) {
    guard let handle = handles[id] else { return }
    locks.drop(handle.node.id, owner: owner, range: range)
  }

  /// The lock that would stand in the way. Other users' processes are shown as 0.
  package func blocker(
    _ caller: Caller, _ id: HandleID, owner: UInt64, _ range: LockRange, _ kind: LockKind
  ) throws(FSError) -> (range: LockRange, kind: LockKind, process: Int32)? {
    statistics.operation()
    guard let handle = handles[id] else { throw .badHandle }
    try requireTrail()
    try judgeHandle(handle, caller, kind == .shared ? .read : .edit, .lock)
    guard let found = locks.blocker(handle.node.id, held(caller, handle, owner, range, kind)) else { return nil }
    return (found.range, found.kind, found.uid == caller.uid ? found.process : 0)
  }

  /// Returns true where the wait was ended by this call, false where it was answered already.
  package func cancelLock(_ waiter: LockWaiter) -> Bool { locks.cancel(waiter.node, waiter) }

  private func held(_ caller: Caller, _ handle: OpenDocument, _ owner: UInt64, _ range: LockRange, _ kind: LockKind)
    -> LockTable.Held
  {
    LockTable.Held(
      range: range, owner: owner, kind: kind, process: processes.facts(ofThread: caller.thread).process, uid: caller.uid,
      handle: handle.id)
  }
}
