import Fuse
import Glibc
import VaultFS
import VaultFormat

/// Locks. One that waits holds no worker.
extension Adapter {
  func getlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner,
    reply: consuming ReplyLock
  ) {
    let kind: LockKind = lock.kind == .exclusive ? .exclusive : .shared
    do throws(FSError) {
      let found = try files.blocker(
        caller(request), HandleID(handle.rawValue), owner: owner.rawValue, range(lock), kind)
      guard let found else {
        reply.send(FileLock(kind: .none, start: lock.start, end: lock.end, process: 0))
        return
      }
      reply.send(
        FileLock(
          kind: found.kind == .exclusive ? .exclusive : .shared, start: found.range.first, end: found.range.last,
          process: found.process))
    } catch { reply.fail(error.errno) }
  }

  func setlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty
  ) {
    set(request, handle, lock.kind, range(lock), owner, waits, reply)
  }

  func flock(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ kind: FileLock.Kind, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty
  ) {
    set(request, handle, kind, .whole(.flock), owner, waits, reply)
  }

  private func range(_ lock: FileLock) -> LockRange { LockRange(first: lock.start, last: lock.end, style: .posix) }

  private func set(
    _ request: borrowing Request, _ handle: FileHandle, _ kind: FileLock.Kind, _ range: LockRange, _ owner: LockOwner,
    _ waits: Bool,
    _ reply: consuming ReplyEmpty
  ) {
    let files = files
    let id = HandleID(handle.rawValue)
    let owner = owner.rawValue
    guard kind != .none else {
      do throws(FSError) {
        try files.unlock(id, owner: owner, range)
        reply.succeed()
      } catch { reply.fail(error.errno) }
      return
    }
    let pending = reply.deferred()
    let answer: @Sendable (FSError?) -> Void = { failure in
      if let failure {
        pending.fail(failure.errno)
      } else if pending.succeed() == .discarded {
        // A lock whose caller has gone is given up again.
        files.dropLock(id, owner: owner, range)
      }
    }
    do throws(FSError) {
      let outcome = try files.lock(
        caller(request), id, owner: owner, range, kind == .exclusive ? .exclusive : .shared, whenHeld: waits ? answer : nil)
      switch outcome {
      case .held: answer(nil)
      case .waits(let waiter):
        pending.onInterrupt { if files.cancelLock(waiter) { pending.fail(EINTR) } }
      }
    } catch { pending.fail(error.errno) }
  }
}
