package import Fuse
import Glibc
import Platform

/// POSIX and OFD locks on ranges and flock(2) locks on whole files, in memory, with waiting that holds no worker.
final class MemoryLocks: @unchecked Sendable {
  // Unchecked: `lock` guards both lists. Replies are answered after it is let go.

  /// A lock held or asked for. The two kinds do not see each other.
  struct Held {
    let node: NodeNumber
    let owner: LockOwner
    let isWhole: Bool
    var lock: FileLock

    func conflicts(with other: Held) -> Bool {
      node == other.node && isWhole == other.isWhole && owner != other.owner
        && (lock.kind == .exclusive || other.lock.kind == .exclusive) && lock.start <= other.lock.end
        && other.lock.start <= lock.end
    }
  }

  private struct Waiting {
    let wish: Held
    let reply: DeferredReply
  }

  private let lock = Lock()
  private var held: [Held] = []
  private var waiting: [Waiting] = []

  /// What stands in the way of `wish`.
  func obstacle(to wish: Held) -> FileLock? {
    lock.withLock { held.first { $0.conflicts(with: wish) }?.lock }
  }

  /// Takes, changes or (kind `none`) gives up a lock; `code` is what a refusal is called.
  func set(_ wish: Held, waits: Bool, refusal code: Int32, _ reply: consuming ReplyEmpty) {
    let isTaken = lock.withLock { take(wish) }
    if isTaken {
      reply.succeed()
      return retryWaiting()
    }
    guard waits else { return _ = reply.fail(code) }
    let deferred = reply.deferred()
    lock.withLock { waiting.append(Waiting(wish: wish, reply: deferred)) }
    deferred.onInterrupt { [weak self, weak deferred] in
      if let deferred { self?.stopWaiting(deferred) }
    }
    // What stood in the way may have gone since.
    retryWaiting()
  }

  /// Gives up all of an owner's locks of one kind on a file.
  func drop(_ owner: LockOwner, on node: NodeNumber, isWhole: Bool) {
    lock.withLock { held.removeAll { $0.node == node && $0.owner == owner && $0.isWhole == isWhole } }
    retryWaiting()
  }

  /// Answers all who wait with EIO.
  func abandonWaiting() {
    let abandoned = lock.withLock { () -> [Waiting] in
      defer { waiting = [] }
      return waiting
    }
    for one in abandoned { one.reply.fail(EIO) }
  }

  private func stopWaiting(_ reply: DeferredReply) {
    lock.withLock { waiting.removeAll { $0.reply === reply } }
    reply.fail(EINTR)
  }

  private func retryWaiting() {
    let granted = lock.withLock { () -> [Waiting] in
      var granted: [Waiting] = []
      waiting.removeAll { one in
        guard take(one.wish) else { return false }
        granted.append(one)
        return true
      }
      return granted
    }
    for one in granted where one.reply.succeed() == .discarded {
      drop(one.wish.owner, on: one.wish.node, isWhole: one.wish.isWhole)
    }
  }

  /// Returns false where another owner stands in the way. Call with `lock` held.
  private func take(_ wish: Held) -> Bool {
    if wish.lock.kind != .none, held.contains(where: { $0.conflicts(with: wish) }) { return false }
    var kept: [Held] = []
    for one in held {
      let isOwn = one.node == wish.node && one.owner == wish.owner && one.isWhole == wish.isWhole
      guard isOwn, one.lock.start <= wish.lock.end, wish.lock.start <= one.lock.end else {
        kept.append(one)
        continue
      }
      if one.lock.start < wish.lock.start {
        var before = one
        before.lock.end = wish.lock.start - 1
        kept.append(before)
      }
      if one.lock.end > wish.lock.end {
        var after = one
        after.lock.start = wish.lock.end + 1
        kept.append(after)
      }
    }
    if wish.lock.kind != .none { kept.append(wish) }
    held = kept
    return true
  }
}

extension MemoryFilesystem {
  package func getlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner,
    reply: consuming ReplyLock
  ) {
    let wish = MemoryLocks.Held(node: node, owner: owner, isWhole: false, lock: lock)
    reply.send(locks.obstacle(to: wish) ?? FileLock(kind: .none, start: lock.start, end: lock.end, process: 0))
  }

  package func setlk(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ lock: FileLock, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty
  ) {
    locks.set(.init(node: node, owner: owner, isWhole: false, lock: lock), waits: waits, refusal: EAGAIN, reply)
  }

  package func flock(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, _ kind: FileLock.Kind, owner: LockOwner, waits: Bool,
    reply: consuming ReplyEmpty
  ) {
    let whole = FileLock(kind: kind, start: 0, end: FileLock.endOfFile, process: 0)
    locks.set(.init(node: node, owner: owner, isWhole: true, lock: whole), waits: waits, refusal: EWOULDBLOCK, reply)
  }
}
