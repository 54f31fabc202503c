import CFuse3
import Glibc
import Synchronization

/// Workers beyond those that a session has anyway, while all of these are held up: by a disk that does not answer, as a rule. Requests that need
/// nothing of that disk go on being answered.
///
/// One thread looks a few times a second; whoever deals with requests does nothing for it. A spare worker ends when no request comes for a while.
final class SpareWorkers: Sendable {
  private let connection: Connection
  private let ending: SessionEnding
  private let scratchByteCount: Int
  private let locksMemory: Bool
  /// Those that live.
  private let count = Atomic<Int>(0)

  /// Each holds some 2 MiB of memory, of which most is never touched. Beyond this, requests wait.
  static let countMax = 64
  /// How often it looks: while nothing is under way, while something is, and while all are held up.
  private static let restNanoseconds: Int64 = 500_000_000
  private static let watchNanoseconds: Int64 = 100_000_000
  private static let heldUpNanoseconds: Int64 = 25_000_000
  /// How long a spare worker waits for another request.
  private static let idleMilliseconds: Int32 = 1000

  init(_ connection: Connection, _ ending: SessionEnding, _ options: SessionOptions) {
    self.connection = connection
    self.ending = ending
    scratchByteCount = options.scratchByteCount
    locksMemory = options.locksMemory
  }

  /// Returns false where there is no thread to be had.
  func start() -> Bool { startThread("fuse-spares") { [self] in watch() } }

  /// Until the session has ended: where nobody took a request between two looks, and one waited at both, one more worker begins.
  private func watch() {
    var arrived: UInt64 = 0
    var wasWaiting = false
    var pause = SpareWorkers.watchNanoseconds
    while !ending.wait(upToNanoseconds: pause) {
      let statistics = connection.statistics.snapshot
      let isWaiting = statistics.inFlight > 0 && isRequestWaiting()
      let isHeldUp = isWaiting && wasWaiting && statistics.total == arrived
      if isHeldUp { addOne() }
      pause =
        isHeldUp
        ? SpareWorkers.heldUpNanoseconds : statistics.inFlight > 0 ? SpareWorkers.watchNanoseconds : SpareWorkers.restNanoseconds
      arrived = statistics.total
      wasWaiting = isWaiting
    }
  }

  private func isRequestWaiting() -> Bool {
    var entry = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) == 1 && entry.revents == Int16(POLLIN)
  }

  private func addOne() {
    guard count.load(ordering: .relaxed) < SpareWorkers.countMax else { return }
    // Without memory there is no worker; the next look tries again.
    guard let memory = try? WorkerMemory(scratchByteCount: scratchByteCount, isLocked: locksMemory), ending.workerBegins() else {
      return
    }
    count.wrappingAdd(1, ordering: .relaxed)
    let isStarted = startThread("fuse-spare") { [self] in
      Worker(connection, memory).run(whileRequestsComeWithin: SpareWorkers.idleMilliseconds)
      ended()
    }
    if !isStarted { ended() }
  }

  private func ended() {
    count.wrappingSubtract(1, ordering: .relaxed)
    ending.workerEnded()
  }
}
