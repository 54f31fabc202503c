import Fuse
import Glibc
import Platform
import Synchronization
import Testing

@testable import fuse_floor

/// Whether mounted tests can run here. Where they cannot, they are skipped, saying so; in CI they run and fail.
let canMount: Bool = {
  if access("/dev/fuse", R_OK | W_OK) == 0, geteuid() == 0 { return true }
  print("warning: FuseTests need root and /dev/fuse; the mounted tests did not run")
  return getenv("CI").map { String(cString: $0) } == "true"
}()

/// A fresh folder, removed with what was mounted in it when let go.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/fuse-tests-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
    chmod(path, 0o755)
  }

  /// A new empty folder in it.
  func makeFolder(_ name: String) -> String {
    let made = "\(path)/\(name)"
    precondition(mkdir(made, 0o755) == 0)
    return made
  }

  deinit {
    for line in mountsBeneath(path) { umount2(line, Int32(MNT_DETACH)) }
    removeTree(path)
  }
}

/// The mountpoints at and beneath a path, the topmost last.
func mountsBeneath(_ path: String) -> [String] {
  let bytes = (try? File("/proc/self/mounts", O_RDONLY).readProc()) ?? []
  return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    .map { String($0.split(separator: " ")[1]) }.filter { $0 == path || $0.hasPrefix(path + "/") }
}

extension File {
  /// Files of /proc have no size.
  func readProc() throws(SystemError) -> [UInt8] {
    var bytes: [UInt8] = []
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    defer { chunk.deallocate() }
    while true {
      let count = try read(at: bytes.count, into: chunk)
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }
}

private func removeTree(_ path: String) {
  for name in (try? Files.list(path)) ?? [] {
    let child = "\(path)/\(name)"
    if unlink(child) != 0 { removeTree(child) }
  }
  rmdir(path)
}

/// A `MemoryFilesystem` that notes what reaches it.
final class NotingFilesystem: MemoryFilesystem, @unchecked Sendable {
  // Unchecked: each note is behind its mutex.
  struct Read: Equatable {
    let offset: UInt64
    let byteCount: Int
    let isForPages: Bool
  }

  struct Write: Equatable {
    let offset: UInt64
    let byteCount: Int
    let misalignment: Int
    let isAppending: Bool
  }

  let reads = Mutex<[Read]>([])
  let writes = Mutex<[Write]>([])
  let callers = Mutex<[UInt32]>([])
  let tags = Mutex<[UInt64]>([])
  let infos = Mutex<[ConnectionInfo]>([])
  let endings = Mutex<[UInt64]>([])
  let flockReleases = Mutex<Int>(0)
  let misalignedScratch = Mutex<Int>(0)
  /// While it is set, a lookup of "held" does not return.
  let isHolding = Atomic<Bool>(false)
  let timeoutSeconds: Double

  init(timeoutSeconds: Double = 0) {
    self.timeoutSeconds = timeoutSeconds
    super.init()
  }

  override func entry(_ node: MemoryNode) -> Entry {
    var entry = super.entry(node)
    entry.entryTimeoutSeconds = timeoutSeconds
    entry.attributeTimeoutSeconds = timeoutSeconds
    return entry
  }

  override func connected(_ info: inout ConnectionInfo, tag: UInt64) {
    infos.withLock { [info] in $0.append(info) }
  }

  override func disconnected(tag: UInt64) {
    endings.withLock { $0.append(tag) }
    super.disconnected(tag: tag)
  }

  override func lookup(_ request: borrowing Request, _ name: Name, in folder: NodeNumber, reply: consuming ReplyEntry) {
    tags.withLock { $0.append(request.tag) }
    callers.withLock { $0.append(request.uid) }
    // Returns without an answer.
    if name == "dropped" { return }
    while name == "held", isHolding.load(ordering: .relaxed) { usleep(1000) }
    super.lookup(request, name, in: folder, reply: reply)
  }

  override func read(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, byteCount: Int, owner: LockOwner,
    flags: FileFlags, reply: consuming ReplyData
  ) {
    reads.withLock { $0.append(Read(offset: offset, byteCount: byteCount, isForPages: owner == .none)) }
    if Int(bitPattern: request.scratch.baseAddress!) % 4096 != 0 || request.scratch.count < 1 << 20 {
      misalignedScratch.withLock { $0 += 1 }
    }
    super.read(request, node, handle, offset: offset, byteCount: byteCount, owner: owner, flags: flags, reply: reply)
  }

  override func write(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, offset: UInt64, _ bytes: UnsafeRawBufferPointer,
    owner: LockOwner, flags: FileFlags, isFromPages: Bool, reply: consuming ReplyWrite
  ) {
    let misalignment = Int(bitPattern: bytes.baseAddress!) % 4096
    let note = Write(offset: offset, byteCount: bytes.count, misalignment: misalignment, isAppending: flags & O_APPEND != 0)
    writes.withLock { $0.append(note) }
    super.write(
      request, node, handle, offset: offset, bytes, owner: owner, flags: flags, isFromPages: isFromPages, reply: reply)
  }

  override func release(
    _ request: borrowing Request, _ node: NodeNumber, _ handle: FileHandle, flags: FileFlags, flockOwner: LockOwner?,
    reply: consuming ReplyEmpty
  ) {
    if flockOwner != nil { flockReleases.withLock { $0 += 1 } }
    super.release(request, node, handle, flags: flags, flockOwner: flockOwner, reply: reply)
  }
}

/// A noting filesystem mounted in a fresh folder, and gone with it.
final class Mounted {
  let folder = TemporaryFolder()
  let filesystem: NotingFilesystem
  let session: Session
  var path: String { session.mountpoint }

  init(timeoutSeconds: Double = 0, _ change: (inout SessionOptions) -> Void = { _ in }) throws {
    filesystem = NotingFilesystem(timeoutSeconds: timeoutSeconds)
    var options = SessionOptions()
    options.allowsOtherUsers = true
    change(&options)
    session = try Session(filesystem, at: folder.makeFolder("m"), options: options)
  }

  /// Unmounts, which must go well at the end of each test.
  func end(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(throws: Never.self, sourceLocation: sourceLocation) { try session.unmount() }
    #expect(session.hasEnded, sourceLocation: sourceLocation)
    #expect(mountsBeneath(folder.path) == [], sourceLocation: sourceLocation)
    #expect(filesystem.endings.withLock { $0.count } == 1, sourceLocation: sourceLocation)
    #expect(session.statistics.inFlight == 0, sourceLocation: sourceLocation)
  }
}

/// Runs a program with its output thrown away; returns its exit code, 128 + n for a signal.
func run(_ words: String...) -> Int32 {
  var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
  defer { arguments.forEach { free($0) } }
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
  var child = pid_t()
  guard posix_spawnp(&child, words[0], &actions, nil, &arguments, environ) == 0 else { return 127 }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
}

/// Page-aligned memory.
final class Pages {
  let bytes: UnsafeMutableRawBufferPointer
  init(_ byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 4096) }
  deinit { bytes.deallocate() }
}
