import Glibc
import Platform
import Synchronization
import Testing

@testable import Fuse
@testable import fuse_floor

/// Mounting, unmounting, and what can be in the way.
@Suite(.serialized, .enabled(if: canMount, "needs root and /dev/fuse"), .timeLimit(.minutes(2)))
struct SessionTests {
  private func start(_ path: String, _ change: (inout SessionOptions) -> Void = { _ in }) throws(FuseError) -> Session {
    var options = SessionOptions()
    change(&options)
    return try Session(NotingFilesystem(), at: path, options: options)
  }

  /// A mount whose server is gone.
  private func makeDeadMount(_ path: String, uid: UInt32 = 0) {
    let device = open("/dev/fuse", O_RDWR)
    #expect(mount("dead", path, "fuse", 0, "fd=\(device),rootmode=40000,user_id=\(uid),group_id=\(uid)") == 0)
    close(device)
  }

  @Test func theMountIsAsAsked() throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("with space\tand\\backslash")
    let session = try start(path) {
      $0.sourceName = "a,source"
      $0.subtype = "kind"
      $0.allowsOtherUsers = true
      $0.isReadOnly = true
    }
    #expect(session.mountpoint == path)
    let line = try #require(try MountTable.top(at: path))
    #expect(line.type == "fuse.kind" && line.source == "a,source" && line.isFuse)
    #expect(line.filesystemOptions.contains("allow_other") && !line.filesystemOptions.contains("default_permissions"))
    #expect(!line.filesystemOptions.contains { $0.hasPrefix("max_read") })
    #expect(line.deviceMinor == session.deviceMinor)
    var status = statvfs()
    #expect(statvfs(path, &status) == 0)
    // ST_RDONLY, ST_NOSUID, ST_NODEV
    #expect(status.f_flag & 7 == 7)
    #expect(throws: SystemError("open", EROFS)) { try File("\(path)/f", O_WRONLY | O_CREAT) }
    try session.unmount()
    #expect(try MountTable.top(at: path) == nil)
  }

  /// As where a disk does not answer: whoever needs nothing of it is answered, and the threads that it takes are gone afterwards.
  @Test func callersThatAreHeldUpHoldUpNobodyElse() throws {
    let mounted = try Mounted { $0.workerCount = 2 }
    mounted.filesystem.isHolding.store(true, ordering: .relaxed)
    // Each in a folder of its own: the kernel asks for one name of a folder at a time.
    let path = mounted.path
    for number in 0..<8 { #expect(mkdir("\(path)/\(number)", 0o755) == 0) }
    let callers = (0..<8).map { number in Thread(name: "caller") { _ = access("\(path)/\(number)/held", F_OK) } }
    while mounted.session.statistics.inFlight < 8 { usleep(1000) }
    var status = stat()
    #expect(lstat("\(path)/0", &status) == 0)
    #expect(lstat("\(path)/absent", &status) != 0 && errno == ENOENT)
    #expect(Self.spareCount >= 6)
    mounted.filesystem.isHolding.store(false, ordering: .relaxed)
    for caller in callers { caller.join() }
    while Self.spareCount > 0 { usleep(10_000) }
    #expect(lstat("\(path)/0", &status) == 0)
    mounted.end()
  }

  private static var spareCount: Int {
    ((try? Files.list("/proc/self/task")) ?? []).filter { id in
      (try? File("/proc/self/task/\(id)/comm", O_RDONLY).readProc()) == Array("fuse-spare\n".utf8)
    }.count
  }

  @Test func theKernelAgreesToTheTerms() throws {
    let mounted = try Mounted()
    let info = try #require(mounted.filesystem.infos.withLock { $0.first })
    #expect(info.protocolMinor >= 31)
    #expect(info.wanted == Capabilities.usual.intersection(info.capable))
    #expect(info.wanted.isSuperset(of: [.atomicTruncate, .posixLocks, .flockLocks, .parallelFolderOperations]))
    #expect(info.writeByteCountMax == 1 << 20)
    // fusectl is not mounted everywhere.
    if let text = try? File("/sys/fs/fuse/connections/\(mounted.session.deviceMinor)/max_background", O_RDONLY).readProc() {
      #expect(String(decoding: text, as: UTF8.self) == "128\n")
    }
    mounted.end()
  }

  @Test func unsuitableMountpointsAreRefused() throws {
    let folder = TemporaryFolder()
    #expect(throws: FuseError.mountpointMissing) { try start("\(folder.path)/absent") }
    _ = try File("\(folder.path)/file", O_WRONLY | O_CREAT)
    #expect(throws: FuseError.mountpointNotFolder) { try start("\(folder.path)/file") }
    #expect(throws: FuseError.mountpointNotFolder) { try start("\(folder.path)/file/beneath") }
    #expect(throws: FuseError.mountpointNotEmpty) { try start(folder.path) }
    #expect(mountsBeneath(folder.path) == [])
  }

  @Test func aLiveMountIsNotMountedOver() throws {
    let mounted = try Mounted()
    #expect(throws: FuseError.mountpointBusy) { try start(mounted.path) }
    #expect(access("\(mounted.path)/big", F_OK) == 0)
    mounted.end()
  }

  /// As a container has one that was started while it was mounted. Without more ado its copy would keep the session for ever.
  @Test func aCopyInAnotherMountNamespaceEndsWithIt() throws {
    let mounted = try Mounted()
    var output: [Int32] = [0, 0]
    #expect(pipe(&output) == 0)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    var child = pid_t()
    let words = ["unshare", "--mount", "--propagation", "private", "sh", "-c", "echo; exec sleep 60"]
    let arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { arguments.forEach { free($0) } }
    #expect(posix_spawnp(&child, "unshare", &actions, nil, arguments, environ) == 0)
    posix_spawn_file_actions_destroy(&actions)
    close(output[1])
    var byte: UInt8 = 0
    #expect(read(output[0], &byte, 1) == 1)
    close(output[0])

    try mounted.session.unmount()
    #expect(mounted.session.hasEnded)
    #expect(access("/proc/\(child)/root\(mounted.path)/big", F_OK) == -1 && errno == ENOTCONN)
    kill(child, SIGKILL)
    waitpid(child, nil, 0)
    mounted.end()
  }

  @Test func aSymlinkLeadsToItsFolder() throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    #expect(symlink("m", "\(folder.path)/l") == 0)
    let session = try start("\(folder.path)/l/")
    #expect(session.mountpoint == path)
    try session.unmount()
  }

  @Test(arguments: [UInt32(0), 12345])
  func deadMountsAreDetached(uid: UInt32) throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    // The second lies over the first.
    for _ in 0..<2 { makeDeadMount(path, uid: uid) }
    #expect(mountsBeneath(path).count == 2)
    let session = try start(path)
    #expect(mountsBeneath(path).count == 1)
    #expect(access("\(path)/big", F_OK) == 0)
    try session.unmount()
    #expect(mountsBeneath(path) == [])
  }

  @Test func aLivePrivateMountIsNotTakenForDead() throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    let session = try start(path) { $0.owner = .init(uid: 12345, gid: 12345) }
    #expect(throws: FuseError.mountpointBusy) { try start(path) }
    try session.unmount()
  }

  @Test func aPrivateMountLetsOnlyItsOwnerIn() throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    let session = try start(path) { $0.owner = .init(uid: 12345, gid: 12346) }
    func tryAs(_ uid: Int, _ gid: Int) -> Int32 {
      run("setpriv", "--reuid=\(uid)", "--regid=\(gid)", "--clear-groups", "stat", "\(path)/big")
    }
    #expect(tryAs(12345, 12346) == 0)
    #expect(tryAs(12345, 12345) == 1)
    #expect(tryAs(54321, 12346) == 1)
    var status = stat()
    #expect(stat("\(path)/big", &status) == -1 && errno == EACCES)
    try session.unmount()
  }

  @Test func aMountInUseStaysUnlessToldOtherwise() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/big", O_RDONLY)
    #expect(throws: FuseError.mountpointBusy) { try mounted.session.unmount() }
    #expect(!mounted.session.hasEnded)
    try mounted.session.unmount(.detach)
    #expect(mountsBeneath(mounted.folder.path) == [])
    // Those who have it open go on.
    var word: UInt64 = 0
    #expect(pread(file.descriptor, &word, 8, 8) == 8)
    #expect(word == MemoryFilesystem.bigWord(at: 8))
    #expect(!mounted.session.hasEnded)
    try mounted.session.unmount(.abort)
    #expect(mounted.session.hasEnded)
    #expect(pread(file.descriptor, &word, 8, 8) == -1)
  }

  @Test func abortingEndsItWhateverIsOpen() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    try mounted.session.unmount(.abort)
    #expect(mounted.session.hasEnded)
    #expect(mountsBeneath(mounted.folder.path) == [])
    #expect(throws: SystemError.self) { try file.write([1], at: 0) }
    // Again is nothing.
    try mounted.session.unmount()
    #expect(mounted.filesystem.endings.withLock { $0.count } == 1)
  }

  @Test func unmountingFromOutsideEndsTheSession() throws {
    let mounted = try Mounted { $0.tag = 7 }
    #expect(umount2(mounted.path, 0) == 0)
    mounted.session.wait()
    #expect(mounted.session.hasEnded)
    #expect(mounted.filesystem.endings.withLock { $0 } == [7])
    try mounted.session.unmount()
  }

  @Test func lettingGoOfASessionUnmounts() throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    let filesystem = NotingFilesystem()
    do {
      let session = try Session(filesystem, at: path)
      #expect(session.statistics.total >= 1)
    }
    #expect(mountsBeneath(path) == [])
    #expect(filesystem.endings.withLock { $0.count } == 1)
  }

  @Test func twoSessionsShareOneFilesystem() throws {
    let folder = TemporaryFolder()
    let filesystem = NotingFilesystem()
    let sessions = try [UInt64(1), 2].map { tag in
      var options = SessionOptions()
      options.tag = tag
      return try Session(filesystem, at: folder.makeFolder("m\(tag)"), options: options)
    }
    let paths = sessions.map(\.mountpoint)
    do {
      let file = try File("\(paths[0])/f", O_RDWR | O_CREAT)
      try file.write([1, 2, 3], at: 0)
    }
    #expect(try File("\(paths[1])/f", O_RDONLY).readAll(limit: 10) == [1, 2, 3])
    #expect(Set(filesystem.tags.withLock { $0 }) == [1, 2])
    try sessions[0].unmount()
    #expect(filesystem.endings.withLock { $0 } == [1])
    #expect(try File("\(paths[1])/f", O_RDONLY).readAll(limit: 10) == [1, 2, 3])
    try sessions[1].unmount()
    #expect(filesystem.endings.withLock { $0 } == [1, 2])
  }

  @Test func cachedAnswersGoOnNotification() throws {
    let mounted = try Mounted(timeoutSeconds: 1000)
    _ = try File("\(mounted.path)/f", O_WRONLY | O_CREAT)
    var status = stat()
    func look() -> UInt64 {
      stat("\(mounted.path)/f", &status)
      return mounted.session.statistics[.lookup] + mounted.session.statistics[.getattr]
    }
    // Attributes that came with closing are settled after the first.
    _ = look()
    let before = look()
    #expect(look() == before)
    mounted.session.invalidateAttributes(of: NodeNumber(rawValue: UInt64(status.st_ino)))
    mounted.session.drainNotifications()
    #expect(look() == before + 1)
    mounted.session.invalidateEntry(Array("f".utf8), in: .root)
    mounted.session.drainNotifications()
    let looked = mounted.session.statistics[.lookup]
    _ = look()
    #expect(mounted.session.statistics[.lookup] == looked + 1)
    mounted.end()
  }

  @Test func notificationsAfterTheEndAreNothing() throws {
    let mounted = try Mounted()
    mounted.end()
    mounted.session.invalidateAttributes(of: .root)
    mounted.session.drainNotifications()
  }

  @Test(arguments: [(1, 0), (1, 1000), (2, 1000), (8, 1000)])
  func anyNumberOfWorkersServes(workerCount: Int, pollMicroseconds: Int) throws {
    let mounted = try Mounted {
      $0.workerCount = workerCount
      $0.pollMicroseconds = pollMicroseconds
      $0.locksMemory = true
    }
    for index in 0..<50 { _ = try File("\(mounted.path)/\(index)", O_WRONLY | O_CREAT) }
    #expect(try Files.list(mounted.path).count == 51)
    mounted.end()
  }

  /// Through libfuse and fusermount3, in a mount namespace where /dev/fuse is everyone's. The user is `nobody`: fusermount3 wants a name.
  @Test(arguments: [(false, 0), (true, 1)])
  func anOrdinaryUserMountsThroughTheHelper(isShared: Bool, exitCode: Int32) throws {
    let folder = TemporaryFolder()
    let path = folder.makeFolder("m")
    #expect(chown(path, 65534, 65534) == 0)
    let bundle = String(cString: realpath("/proc/self/exe", nil))
    let floor = "\(bundle[..<bundle.lastIndex(of: "/")!])/fuse-floor"
    try #require(access(floor, X_OK) == 0)
    let script = """
      set -e
      mknod -m 666 "$1/fuse" c 10 229
      mount --bind "$1/fuse" /dev/fuse
      cp "$2" "$1/floor"
      setpriv --reuid=65534 --regid=65534 --clear-groups sh -e -c '
        "$1/floor" "$1/m" \(isShared ? "" : "--private") > /dev/null & floor=$!
        for i in $(seq 100); do test -e "$1/m/big" && break; kill -0 $floor || { wait $floor; exit 1; }; sleep 0.05; done
        grep -q "$1/m fuse rw,nosuid,nodev,.*user_id=65534" /proc/mounts
        kill $floor; wait $floor
        if grep "$1/m fuse" /proc/mounts; then exit 3; fi
      ' sh "$1"
      """
    #expect(run("unshare", "-m", "sh", "-c", script, "sh", folder.path, floor) == exitCode)
  }
}

/// Lines of /proc/self/mountinfo, which needs no mount.
struct MountTableTests {
  @Test func aLineIsRead() throws {
    let line = try #require(
      MountTableLine(
        "36 35 0:52 / /tmp/a\\040b\\134c rw,nosuid shared:1 master:2 - fuse.x so\\011urce rw,user_id=7,group_id=8,allow_other"))
    #expect(line.path == "/tmp/a b\\c")
    #expect(line.deviceMajor == 0 && line.deviceMinor == 52)
    #expect(line.type == "fuse.x" && line.isFuse && line.source == "so\turce")
    #expect(line.owner == SessionOptions.Owner(uid: 7, gid: 8))
  }

  @Test(arguments: [
    "", "36 35 0:52 / /m rw", "36 35 0:52 / /m rw - fuse x", "36 35 052 / /m rw - fuse x rw", "- - - - - -",
  ])
  func aLineOfAnotherFormIsNone(text: String) {
    #expect(MountTableLine(text) == nil)
  }

  @Test func othersAreNotFuse() throws {
    for type in ["fusectl", "ext4", "fused"] {
      #expect(try #require(MountTableLine("36 35 0:52 / /m rw - \(type) x rw")).isFuse == false)
    }
  }
}
