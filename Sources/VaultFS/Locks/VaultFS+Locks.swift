import Access
import Platform
import Vault
package import VaultFormat

/// SETLK, SETLKW, GETLK, FLOCK: row 26.
extension VaultFS {
  /// What became of a lock that was asked for.
  package enum LockOutcome: Sendable {
    case held
    /// The closure given will be called when it is, or when it turns out that the caller may not have it any more; pass the waiter to
    /// `cancelLock` if the caller is interrupted.
    case waits(LockWaiter)
  }

  /// Takes a lock: shared needs `read`, exclusive `edit`. With `whenHeld`, a conflict waits; without, it is `wouldBlock`.
  ///
  /// - Parameter whenHeld: called once with nil when a lock that waited is held; with the refusal where the right has ended by then, and
  ///   what the owner held of the range is given up.
  package func lock(
    _ caller: Caller, _ id: HandleID, owner: UInt64, _ range: LockRange, _ kind: LockKind,
    whenHeld: (@Sendable (FSError?) -> Void)?
  ) throws(FSError) -> LockOutcome {
    statistics.operation()
    guard let handle = handles[id] else { throw .badHandle }
    try judgeLock(handle, caller, kind)
    let wanted = held(caller, handle, owner, range, kind)
    let waiter = whenHeld.map { answer in
      LockWaiter(
        node: handle.node.id, wanted: wanted,
        judge: { [self] in
          do throws(FSError) { try judgeLock(handle, caller, kind) } catch { return error }
          return nil
        }, answer: answer)
    }
    if try locks.take(handle.node.id, wanted, wait: waiter) { return .held }
    return .waits(waiter!)
  }

  private func judgeLock(_ handle: OpenDocument, _ caller: Caller, _ kind: LockKind) throws(FSError) {
    try requireTrail()
    try judgeHandle(handle, caller, kind == .shared ? .read : .edit, .lock)
  }

  /// Row 10: giving up a lock needs no right.
  /// - Throws: `tooManyLocks` where it would leave two of one, of a user who has too many.
  package func unlock(_ id: HandleID, owner: UInt64, _ range: LockRange) throws(FSError) {
    guard let handle = handles[id] else { return }
    try locks.giveUp(handle.node.id, owner: owner, range: range)
  }

  /// Gives up a lock whose caller has gone; never refused.
  package func dropLock(_ id: HandleID, owner: UInt64, _ range: LockRange) {
    guard let handle = handles[id] else { return }
    locks.drop(handle.node.id, owner: owner, range: range)
  }

  /// The lock that would stand in the way. Other users' processes are shown as 0.
  package func blocker(
    _ caller: Caller, _ id: HandleID, owner: UInt64, _ range: LockRange, _ kind: LockKind
  ) throws(FSError) -> (range: LockRange, kind: LockKind, process: Int32)? {
    statistics.operation()
    guard let handle = handles[id] else { throw .badHandle }
    try judgeLock(handle, caller, kind)
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
