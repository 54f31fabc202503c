import Glibc
import Platform
import Sodium
import VaultFormat

/// Checks signatures on all processors while the chain is walked: a signature costs as much as some hundred frames, and a trail has one for
/// every ten seconds of work.
///
/// Used by one thread. Checkpoints go from it to the others in batches, since waking a thread for each would cost a part of a signature; a few
/// hundred wait at most.
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

    var isRight: Bool {
      Signature.verify(checkpoint.signature, of: checkpoint.signedBytes, publicKey: checkpoint.publicKey)
    }
  }

  /// The walking thread's own: what it has not handed over yet.
  private var batch: [Job] = []
  private var count: UInt64 = 0
  private let work = Work()

  private static let batchCount = 32

  deinit { _ = finish() }

  /// Hands a checkpoint over; waits where too many wait. Returns false once one that was handed over is known to be wrong.
  func check(_ checkpoint: Checkpoint, _ moment: Moment) -> Bool {
    batch.append(Job(number: count, checkpoint: checkpoint, moment: moment))
    count += 1
    guard batch.count == Self.batchCount else { return true }
    let full = batch
    batch = []
    batch.reserveCapacity(Self.batchCount)
    let isRight = work.submit(full)
    // A short trail needs no thread on each processor.
    if count == UInt64(Self.batchCount) { work.start(1) }
    if count == 4 * UInt64(Self.batchCount) { work.start(max(0, min(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 16) - 1)) }
    return isRight
  }

  /// Returns when all that was handed over is checked: the first that is wrong, or nil.
  func finish() -> Moment? {
    let rest = batch
    batch = []
    return work.finish(rest)
  }

  /// What the threads share with the walking one. They keep it: one of them may begin when the pool is about to end.
  private final class Work: @unchecked Sendable {
    private let workers = WorkerThreads()
    private var lock: Lock { workers.lock }
    /// There is room for one more batch.
    private let room = Condition()
    /// Guarded by `lock`, as what follows.
    private var waiting: [[Job]] = []
    private var failed: Job?

    private static let waitingBatchCountMax = 8

    func submit(_ jobs: [Job]) -> Bool {
      lock.withLock {
        while waiting.count >= Self.waitingBatchCountMax { room.wait(lock) }
        waiting.append(jobs)
        workers.wakeOne()
        return failed == nil
      }
    }

    func start(_ more: Int) {
      for _ in 0..<more { workers.start("signatures") { [self] in while let jobs = next() { check(jobs) } } }
    }

    func finish(_ rest: [Job]) -> Moment? {
      check(rest)
      workers.end()
      return failed?.moment
    }

    /// Without the lock.
    private func check(_ jobs: [Job]) {
      guard let wrong = jobs.first(where: { !$0.isRight }) else { return }
      lock.withLock {
        if failed.map({ wrong.number < $0.number }) ?? true { failed = wrong }
      }
    }

    /// Nil at the end, when nothing waits.
    private func next() -> [Job]? {
      lock.withLock {
        workers.wait(while: waiting.isEmpty)
        guard !waiting.isEmpty else { return nil }
        room.signal()
        return waiting.removeFirst()
      }
    }
  }
}
