import CFuse3
import Glibc
import Synchronization

/// One connection to the kernel: libfuse's session, and what its threads and deferred replies share. Lives as long as any of them,
/// since a request that is not yet answered points into libfuse's session.
///
/// Unchecked: everything is immutable once `attach` has returned, or guards itself.
final class Connection: @unchecked Sendable {
  let filesystem: any Filesystem
  let tag: UInt64
  let statistics = StatisticsCounters()
  let waiting = WaitingReplies()
  /// How long to poll; 0 for never.
  let pollNanoseconds: Int64
  /// How the workers share requests; nil where the process has more or fewer cores than two, or was told not to stay awake.
  let flow: Flow?
  /// When the last request was dealt with, on the monotonic clock.
  let lastRequestNanoseconds = Atomic<Int64>(0)

  private let backgroundCountMax: UInt32
  // Set in init, but after `self` may be handed to libfuse.
  private var session: OpaquePointer!
  private(set) var descriptor: Int32 = -1

  /// - Parameter mountOptions: for `fuse_session_mount`, as after `-o`; empty where the caller mounts itself.
  init(_ filesystem: any Filesystem, _ options: SessionOptions, mountOptions: String) throws(FuseError) {
    self.filesystem = filesystem
    tag = options.tag
    backgroundCountMax = options.backgroundCountMax
    var cores: [Int32] = [0, 0]
    let coreCount = cfuse3_cores(&cores)
    let awakeNanoseconds = Int64(max(options.pollMicroseconds, 0)) * 1000
    pollNanoseconds = coreCount > 2 ? awakeNanoseconds : 0
    flow = coreCount == 2 && awakeNanoseconds > 0 ? Flow(windowNanoseconds: awakeNanoseconds, cores: (cores[0], cores[1])) : nil

    var words: [UnsafeMutablePointer<CChar>?] = [strdup("fuse")]
    if !mountOptions.isEmpty { words += [strdup("-o"), strdup(mountOptions)] }
    defer { words.forEach { free($0) } }
    let count = Int32(words.count)
    words.append(nil)
    let created = words.withUnsafeMutableBufferPointer { buffer -> OpaquePointer? in
      var arguments = fuse_args(argc: count, argv: buffer.baseAddress, allocated: 0)
      var operations = Callbacks.operations
      defer { fuse_opt_free_args(&arguments) }
      return fuse_session_new(
        &arguments, &operations, MemoryLayout<fuse_lowlevel_ops>.size, Unmanaged.passUnretained(self).toOpaque())
    }
    guard let created else { throw .system(call: "fuse_session_new", code: EINVAL) }
    session = created
  }

  deinit { if let session { fuse_session_destroy(session) } }

  @inline(__always)
  static func from(_ userdata: UnsafeMutableRawPointer?) -> Connection {
    Unmanaged<Connection>.fromOpaque(userdata!).takeUnretainedValue()
  }

  @inline(__always)
  static func of(_ request: OpaquePointer) -> Connection { from(fuse_req_userdata(request)) }

  /// Opens the connection: `place` is a mountpoint for libfuse to mount on, or "/dev/fd/N" for a descriptor that is mounted already and
  /// that libfuse closes from now on. Returns false where libfuse could not, having said why in the log.
  func attach(to place: String) -> Bool {
    guard fuse_session_mount(session, place) == 0 else { return false }
    descriptor = fuse_session_fd(session)
    return true
  }

  /// Deals with one request in `memory`.
  @inline(__always)
  func process(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
    var buffer = fuse_buf(size: byteCount, flags: fuse_buf_flags(rawValue: 0), mem: memory, fd: -1, pos: 0)
    fuse_session_process_buf(session, &buffer)
  }

  /// Tells libfuse that there is nobody left to write to, so that it does not complain about it.
  func markEnded() { fuse_session_exit(session) }

  var isMarkedEnded: Bool { fuse_session_exited(session) != 0 }

  /// INIT: asks for what is wanted, as far as the kernel has it.
  func connect(_ raw: UnsafeMutablePointer<fuse_conn_info>) {
    let capable = Capabilities(rawValue: raw.pointee.capable)
    var info = ConnectionInfo(
      protocolMinor: raw.pointee.proto_minor, capable: capable, wanted: Capabilities.usual.intersection(capable),
      writeByteCountMax: raw.pointee.max_write, readaheadByteCountMax: raw.pointee.max_readahead,
      backgroundCountMax: backgroundCountMax)
    filesystem.connected(&info, tag: tag)
    raw.pointee.want = info.wanted.intersection(capable).rawValue
    raw.pointee.max_write = min(raw.pointee.max_write, info.writeByteCountMax)
    raw.pointee.max_readahead = min(raw.pointee.max_readahead, info.readaheadByteCountMax)
    raw.pointee.max_background = info.backgroundCountMax
  }

  /// Tells the kernel. That it has nothing of the kind to forget is no failure.
  func deliver(_ notification: Notification) {
    switch notification {
    case .attributes(let node):
      fuse_lowlevel_notify_inval_inode(session, node.rawValue, -1, 0)
    case .pages(let node, let offset, let byteCount):
      fuse_lowlevel_notify_inval_inode(session, node.rawValue, off_t(offset), off_t(byteCount))
    case .entry(let name, let folder):
      name.withUnsafeBufferPointer { terminated in
        terminated.withMemoryRebound(to: CChar.self) {
          _ = fuse_lowlevel_notify_inval_entry(session, folder.rawValue, $0.baseAddress, $0.count - 1)
        }
      }
    }
  }
}

/// CLOCK_MONOTONIC in nanoseconds.
@inline(__always)
func monotonicNanoseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
