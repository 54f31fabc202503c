import Synchronization

/// The kernel's operations by their numbers (`enum fuse_opcode`).
public enum Operation: Int, CaseIterable, Sendable {
  case lookup = 1
  case forget = 2
  case getattr = 3
  case setattr = 4
  case readlink = 5
  case symlink = 6
  case mknod = 8
  case mkdir = 9
  case unlink = 10
  case rmdir = 11
  case rename = 12
  case link = 13
  case open = 14
  case read = 15
  case write = 16
  case statfs = 17
  case release = 18
  case fsync = 20
  case setxattr = 21
  case getxattr = 22
  case listxattr = 23
  case removexattr = 24
  case flush = 25
  case opendir = 27
  case readdir = 28
  case releasedir = 29
  case fsyncdir = 30
  case getlk = 31
  case setlk = 32
  case setlkw = 33
  case access = 34
  case create = 35
  case interrupt = 36
  case bmap = 37
  case ioctl = 39
  case poll = 40
  case forgetMulti = 42
  case fallocate = 43
  case rename2 = 45
  case lseek = 46
  case copyFileRange = 47
}

/// What a session has done since it began.
public struct SessionStatistics: Sendable {
  let counts: [UInt64]
  /// Requests that the filesystem was handed and has not answered, deferred ones included.
  public let inFlight: Int

  /// Requests of one kind that arrived.
  public subscript(_ operation: Operation) -> UInt64 { counts[operation.rawValue] }

  /// Requests of any kind that arrived, INIT and those unknown to libfuse 3.14 included.
  public var total: UInt64 { counts.reduce(0, +) }
}

/// The counters behind `SessionStatistics`; safe from any thread.
final class StatisticsCounters: @unchecked Sendable {
  // Unchecked: the cells are atomics, and the pointer never changes.
  private static let operationCount = 64
  private let counts: UnsafeMutablePointer<Atomic<UInt64>>
  private let inFlight = Atomic<Int>(0)

  init() {
    counts = .allocate(capacity: StatisticsCounters.operationCount)
    for index in 0..<StatisticsCounters.operationCount { (counts + index).initialize(to: Atomic(0)) }
  }

  deinit {
    counts.deinitialize(count: StatisticsCounters.operationCount)
    counts.deallocate()
  }

  /// Numbers outside the table are counted as 0.
  func arrived(_ opcode: UInt32) {
    let index = Int(opcode) < StatisticsCounters.operationCount ? Int(opcode) : 0
    counts[index].wrappingAdd(1, ordering: .relaxed)
  }

  func began() { inFlight.wrappingAdd(1, ordering: .relaxed) }

  func ended() { inFlight.wrappingSubtract(1, ordering: .relaxed) }

  var snapshot: SessionStatistics {
    SessionStatistics(
      counts: (0..<StatisticsCounters.operationCount).map { counts[$0].load(ordering: .relaxed) },
      inFlight: inFlight.load(ordering: .relaxed))
  }
}
