import Glibc
import Platform
import Sodium
import VaultFormat

/// Checks signatures on all processors while the chain is walked: a signature costs as much as some hundred frames, and a trail has one for
/// every ten seconds of work.
///
/// Used by one thread. A few hundred checkpoints wait at most.
final class SignaturePool: @unchecked Sendable {
  /// Where the walk was when it came to a checkpoint.
  struct Moment {
    var place: TrailReport.Break
    var report: TrailReport
  }

  private struct Job {
    let number: UInt64
    let checkpoint: Checkpoint
    let moment: Moment
  }

  private let lock = Lock()
  private let changed = Condition()
  /// Guarded by `lock`, as what follows.
  private var waiting: [Job] = []
  private var isEnding = false
  private var failed: Job?
  private var threads: [Thread] = []
  private var count: UInt64 = 0
  private static let waitingCountMax = 256

  deinit { _ = finish() }

  /// Hands a checkpoint over; waits where too many wait.
  func check(_ checkpoint: Checkpoint, _ moment: Moment) {
    lock.withLock {
      while waiting.count >= Self.waitingCountMax { changed.wait(lock) }
      waiting.append(Job(number: count, checkpoint: checkpoint, moment: moment))
      count += 1
      changed.broadcast()
    }
    // The first few of a short trail need no thread each.
    if count == 1 { start(1) }
    if count == 64 { start(max(0, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 16) - 1)) }
  }

  private func start(_ more: Int) {
    for _ in 0..<more { threads.append(Thread(name: "signatures") { [unowned self] in run() }) }
  }

  var hasFailed: Bool { lock.withLock { failed != nil } }

  /// Returns when all that was handed over is checked: the first that is wrong, or nil.
  func finish() -> Moment? {
    lock.withLock {
      isEnding = true
      changed.broadcast()
    }
    for thread in threads { thread.join() }
    threads = []
    return failed?.moment
  }

  private func run() {
    lock.lock()
    while true {
      while waiting.isEmpty && !isEnding { changed.wait(lock) }
      guard !waiting.isEmpty else { break }
      let job = waiting.removeFirst()
      changed.broadcast()
      lock.unlock()
      let checkpoint = job.checkpoint
      let isRight = Signature.verify(checkpoint.signature, of: checkpoint.signedBytes, publicKey: checkpoint.publicKey)
      lock.lock()
      if !isRight, failed.map({ job.number < $0.number }) ?? true { failed = job }
    }
    lock.unlock()
  }
}
