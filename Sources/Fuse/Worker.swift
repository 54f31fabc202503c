import CFuse3
import Glibc
import Synchronization

/// A thread that reads requests and calls the filesystem.
///
/// A thread that sleeps in read(2) takes some microseconds to wake, which is most of what a small request costs. On two cores `Flow` has the
/// answer. With more, one worker of the process stays awake for a while after each request: it asks with poll(2), and reads only when there is something to read.
/// Should another worker be faster then, it sleeps in read(2) like the others. Between two questions it yields: on a busy machine the
/// core goes to those who ask (2,000 files untarred on two cores under load 3.7, four runs each: 0.43–0.71 s without yielding,
/// 0.21–0.31 s with, 0.30–0.31 s without polling).
final class Worker: @unchecked Sendable {
  // Unchecked: only its own thread touches it, after `init`.

  private let connection: Connection
  let memory: WorkerMemory

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    precondition(pthread_key_create(&key, nil) == 0)
    return key
  }()

  /// Whether some worker of the process polls now.
  private static let isAnyPolling = Atomic<Bool>(false)

  init(_ connection: Connection, _ memory: WorkerMemory) {
    self.connection = connection
    self.memory = memory
  }

  /// Whether the calling thread is a worker of any session.
  static var isCurrentThread: Bool { pthread_getspecific(key) != nil }

  /// The worker that the calling thread is. Only within a callback.
  @inline(__always)
  static var current: Worker { Unmanaged<Worker>.fromOpaque(pthread_getspecific(key)!).takeUnretainedValue() }

  /// The header of the request that is being dealt with.
  @inline(__always)
  var header: UnsafeMutablePointer<fuse_in_header> { memory.request.baseAddress!.assumingMemoryBound(to: fuse_in_header.self) }

  /// Deals with requests until the session has ended.
  func run() { steered { while serve(polling: connection.pollNanoseconds > 0) {} } }

  /// The same, but ends as well when none has come for so long.
  func run(whileRequestsComeWithin milliseconds: Int32) {
    steered {
      var entry = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
      while poll(&entry, 1, milliseconds) != 0, serve(polling: false) {}
    }
  }

  private func steered(_ body: () -> Void) {
    let number = cfuse3_thread_number()
    connection.flow?.state.change { $0.workers.append(number) }
    asCurrent(body)
    connection.flow?.state.change { state in state.workers.removeAll { $0 == number } }
  }

  /// Deals with one request, on whatever thread; false when the session has ended.
  func serveOne() -> Bool { asCurrent { serve(polling: false) } }

  private func asCurrent<Result>(_ body: () -> Result) -> Result {
    pthread_setspecific(Worker.key, Unmanaged.passUnretained(self).toOpaque())
    defer { pthread_setspecific(Worker.key, nil) }
    return body()
  }

  @inline(__always)
  private func serve(polling: Bool) -> Bool {
    if polling { pollForRequest() }
    if let flow = connection.flow, !flow.listen(connection.descriptor) { return false }
    let received = receive()
    connection.flow?.stoppedListening()
    guard let byteCount = received else {
      connection.flow?.end()
      return false
    }
    connection.flow?.took(from: header.pointee.pid)
    connection.statistics.arrived(header.pointee.opcode)
    let interrupted = interruptedRequest(byteCount: byteCount)
    connection.process(memory.request.baseAddress!, byteCount: byteCount)
    if let interrupted { connection.waiting.interrupt(interrupted) }
    if polling { connection.lastRequestNanoseconds.store(monotonicNanoseconds(), ordering: .relaxed) }
    connection.flow?.wasDealtWith()
    return true
  }

  /// The number that an INTERRUPT names.
  @inline(__always)
  private func interruptedRequest(byteCount: Int) -> UInt64? {
    let headerByteCount = MemoryLayout<fuse_in_header>.size
    guard header.pointee.opcode == FUSE_INTERRUPT.rawValue, byteCount >= headerByteCount + 8 else { return nil }
    return memory.request.loadUnaligned(fromByteOffset: headerByteCount, as: UInt64.self)
  }

  /// Returns when there is a request, or none came in time, or another worker polls.
  private func pollForRequest() {
    guard Worker.isAnyPolling.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
    defer { Worker.isAnyPolling.store(false, ordering: .relaxed) }
    var entry = pollfd(fd: connection.descriptor, events: Int16(POLLIN), revents: 0)
    repeat {
      if poll(&entry, 1, 0) != 0 { return }
      sched_yield()
    } while monotonicNanoseconds() - connection.lastRequestNanoseconds.load(ordering: .relaxed) < connection.pollNanoseconds
  }

  /// Reads one request. Nil when the session has ended.
  private func receive() -> Int? {
    while true {
      let count = read(connection.descriptor, memory.request.baseAddress!, memory.request.count)
      let code = errno
      if count >= MemoryLayout<fuse_in_header>.size { return count }
      if count >= 0 {
        FuseLog.write("/dev/fuse gave \(count) bytes")
        continue
      }
      switch code {
      case EINTR, EAGAIN, ENOENT:
        // ENOENT: the request was interrupted before anyone read it.
        continue
      case ENODEV, ECONNABORTED:
        connection.markEnded()
        return nil
      default:
        FuseLog.write("/dev/fuse: \(String(cString: strerror(code)))")
        usleep(10_000)
      }
    }
  }
}
