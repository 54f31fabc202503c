import CFuse3
import Glibc

/// One mount of a filesystem: mounted when made, served by its own threads until unmounted by anyone. Letting go of it aborts it.
///
/// Use it from any thread but its own workers; its functions block, so not from Swift's cooperative pool either.
public final class Session: Sendable {
  /// The absolute path, without symlinks.
  public let mountpoint: String
  /// The second number of the device, which also names the connection in /sys/fs/fuse/connections.
  public let deviceMinor: UInt32

  private let connection: Connection
  private let notifier = Notifier()
  private let ending: SessionEnding

  /// Mounts `filesystem` on an empty folder, having detached a dead mount there first, and serves it: on return the kernel and the
  /// filesystem have agreed (`Filesystem.connected`), and the folder can be used.
  ///
  /// As root it mounts itself, for `options.owner`; otherwise through fusermount3.
  /// - Throws: as `FuseError` says; nothing is left mounted then.
  public init(_ filesystem: any Filesystem, at mountpoint: String, options: SessionOptions = SessionOptions()) throws(FuseError) {
    precondition(options.workerCount >= 1)
    let place = try Mountpoint(preparing: mountpoint)
    self.mountpoint = place.path
    var memories: [WorkerMemory] = []
    for _ in 0..<options.workerCount {
      memories.append(try WorkerMemory(scratchByteCount: options.scratchByteCount, isLocked: options.locksMemory))
    }
    connection = try Mounting.mount(filesystem, at: place, options)
    do throws(FuseError) {
      deviceMinor = try Session.shakeHands(connection, memories[0], place)
    } catch {
      connection.markEnded()
      try? place.detach()
      throw error
    }
    ending = SessionEnding(workerCount: options.workerCount, connection: connection, notifier: notifier)
    guard start(memories, options) else {
      try? unmount(.abort)
      throw .system(call: "pthread_create", code: EAGAIN)
    }
  }

  deinit {
    guard !hasEnded else { return }
    guard (try? takeDown(.abort)) != nil else { return FuseLog.write("a session could not be unmounted") }
    // Let go of on a worker, it ends when that worker has returned.
    if !Worker.isCurrentThread { wait() }
  }

  /// INIT, on the calling thread, so that its failure has someone to be told to. Returns the device's second number.
  private static func shakeHands(_ connection: Connection, _ memory: WorkerMemory, _ place: Mountpoint) throws(FuseError)
    -> UInt32
  {
    guard Worker(connection, memory).serveOne(), !connection.isMarkedEnded else {
      throw .system(call: "FUSE_INIT", code: EPROTO)
    }
    guard let mount = try MountTable.top(at: place.path), mount.isFuse else { throw .notMounted }
    return mount.deviceMinor
  }

  private func start(_ memories: [WorkerMemory], _ options: SessionOptions) -> Bool {
    var isComplete = notifier.start(connection)
    isComplete = SpareWorkers(connection, ending, options).start() && isComplete
    if let flow = connection.flow {
      isComplete = startThread("fuse-companion") { [connection] in flow.accompany(connection.descriptor) } && isComplete
    }
    for (number, memory) in memories.enumerated() {
      let started = startThread("fuse-\(number)") { [connection, ending] in
        Worker(connection, memory).run()
        ending.workerEnded()
      }
      if !started {
        isComplete = false
        ending.workerEnded()
      }
    }
    return isComplete
  }

  /// Whether the mount is gone, `Filesystem.disconnected` has returned, and no thread will call the filesystem again.
  public var hasEnded: Bool { ending.hasEnded }

  /// Returns when it `hasEnded`.
  public func wait() { ending.wait() }

  /// Unmounts; see `UnmountMode` for when it returns. A session that has ended is left alone.
  /// - Throws: `mountpointBusy` (`.ifIdle` only), `notMounted` where something else is mounted over it, or where it was detached before and
  ///   the connection cannot be aborted.
  public func unmount(_ mode: UnmountMode = .ifIdle) throws(FuseError) {
    precondition(!Worker.isCurrentThread, "a worker cannot wait for itself")
    try takeDown(mode)
    if mode == .detach { return }
    // What was mounted may live on where it was copied to: another mount namespace (a container, `unshare`), a bind mount. It was asked to end.
    if !ending.wait(upToNanoseconds: Session.copiesNanoseconds) { abortConnection() }
    wait()
  }

  /// How long a session may go on after its mount was taken away with nothing open in it, before it is ended wherever else it is mounted.
  private static let copiesNanoseconds: Int64 = 3_000_000_000

  /// Unmounts without waiting for the workers.
  private func takeDown(_ mode: UnmountMode) throws(FuseError) {
    let top = try MountTable.top(at: mountpoint)
    guard let top, top.isFuse, top.deviceMinor == deviceMinor else {
      if hasEnded { return }
      guard mode == .abort, abortConnection() else { throw .notMounted }
      return
    }
    if geteuid() == 0 {
      try unmountAsRoot(mode)
    } else {
      try unmountThroughHelper(mode)
    }
  }

  private func unmountAsRoot(_ mode: UnmountMode) throws(FuseError) {
    let flags: Int32 =
      switch mode {
      case .ifIdle: 0
      case .detach: Int32(MNT_DETACH)
      case .abort: Int32(MNT_DETACH) | Int32(MNT_FORCE)
      }
    guard umount2(mountpoint, flags | Int32(UMOUNT_NOFOLLOW)) == 0 else {
      throw errno == EBUSY ? .mountpointBusy : .system(call: "umount2", code: errno)
    }
    // In case it is mounted elsewhere too (bind mounts, other namespaces).
    if mode == .abort { abortConnection() }
  }

  private func unmountThroughHelper(_ mode: UnmountMode) throws(FuseError) {
    if mode == .abort { abortConnection() }
    let code = try runHelper(["-u", "-q"] + (mode == .ifIdle ? [] : ["-z"]) + ["--", mountpoint])
    guard code == 0 else { throw .mountpointBusy }
  }

  /// Ends the connection, wherever it is mounted or still open. Returns false where it is gone, or fusectl out of reach.
  @discardableResult
  private func abortConnection() -> Bool {
    var descriptor = open("/sys/fs/fuse/connections/\(deviceMinor)/abort", O_WRONLY | O_CLOEXEC)
    if descriptor < 0 {
      let folder = cfuse3_open_connections()
      guard folder >= 0 else { return false }
      descriptor = openat(folder, "\(deviceMinor)/abort", O_WRONLY | O_CLOEXEC)
      close(folder)
    }
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, "1", 1) == 1
  }

  // MARK: Notifications, told in order by a thread of their own. From any thread, workers included.

  /// The kernel shall ask for the node's attributes again.
  public func invalidateAttributes(of node: NodeNumber) { notifier.send(.attributes(node)) }

  /// The kernel shall drop its pages of the node from `offset` on, `byteCount` 0 meaning all of them, and its attributes. Mappings fault
  /// anew.
  public func invalidatePages(of node: NodeNumber, offset: UInt64 = 0, byteCount: UInt64 = 0) {
    notifier.send(.pages(node, offset: offset, byteCount: byteCount))
  }

  /// The kernel shall look the name up again, and the folder's attributes.
  public func invalidateEntry(_ name: [UInt8], in folder: NodeNumber) { notifier.send(.entry(name + [0], in: folder)) }

  /// Returns when the kernel has been told everything up to now. Not on a worker.
  public func drainNotifications() {
    precondition(!Worker.isCurrentThread, "the kernel may wait for this worker")
    notifier.drain()
  }

  /// What has been done so far.
  public var statistics: SessionStatistics { connection.statistics.snapshot }
}

/// Counts the workers out; the last one closes the session.
final class SessionEnding: Sendable {
  private struct State {
    var workerCount: Int
    var hasEnded = false
  }

  private let state: Monitor<State>
  private let connection: Connection
  private let notifier: Notifier

  init(workerCount: Int, connection: Connection, notifier: Notifier) {
    state = Monitor(State(workerCount: workerCount))
    self.connection = connection
    self.notifier = notifier
  }

  /// One more; false where the last one has ended.
  func workerBegins() -> Bool {
    state.change { state in
      guard state.workerCount > 0 else { return false }
      state.workerCount += 1
      return true
    }
  }

  func workerEnded() {
    let isLast = state.change { state in
      state.workerCount -= 1
      return state.workerCount == 0
    }
    guard isLast else { return }
    notifier.stop()
    connection.flow?.end()
    connection.filesystem.disconnected(tag: connection.tag)
    state.change { $0.hasEnded = true }
  }

  var hasEnded: Bool { state.change { $0.hasEnded } }

  func wait() { state.wait { $0.hasEnded ? () : nil } }

  /// Returns whether it has ended, after so long at most.
  func wait(upToNanoseconds patience: Int64) -> Bool {
    let end = monotonicNanoseconds() + patience
    return state.inSteps { state, _ in
      let rest = end - monotonicNanoseconds()
      return state.hasEnded || rest <= 0 ? .done(state.hasEnded) : .wait(upToNanoseconds: rest)
    }
  }
}
