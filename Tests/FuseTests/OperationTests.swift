import CSystem
import Fuse
import Glibc
import Platform
import Synchronization
import Testing

@testable import fuse_floor

/// Each operation through the real /dev/fuse.
@Suite(.serialized, .enabled(if: canMount, "needs root and /dev/fuse"), .timeLimit(.minutes(2)))
struct OperationTests {
  @Test func filesAreMadeWrittenReadRenamedAndRemoved() throws {
    let mounted = try Mounted()
    let old = "\(mounted.path)/old"
    let new = "\(mounted.path)/folder/new"
    #expect(mkdir("\(mounted.path)/folder", 0o700) == 0)
    do {
      let file = try File(old, O_RDWR | O_CREAT | O_EXCL, mode: 0o640)
      try file.write(Array("hello".utf8), at: 3)
      #expect(try file.readAll(limit: 100) == [0, 0, 0] + Array("hello".utf8))
      try file.sync()
      try file.truncate(to: 4)
      #expect(try file.size() == 4)
    }
    #expect(throws: SystemError("open", EEXIST)) { try File(old, O_WRONLY | O_CREAT | O_EXCL) }
    try Files.rename(old, new)
    #expect(!Files.exists(old))
    var status = stat()
    #expect(stat(new, &status) == 0)
    #expect(status.st_mode == S_IFREG | 0o640)
    #expect(status.st_size == 4)
    #expect(rmdir("\(mounted.path)/folder") == -1 && errno == ENOTEMPTY)
    _ = try File(new, O_WRONLY | O_TRUNC)
    #expect(stat(new, &status) == 0 && status.st_size == 0)
    #expect(unlink(new) == 0)
    #expect(unlink(new) == -1 && errno == ENOENT)
    #expect(rmdir("\(mounted.path)/folder") == 0)
    // O_TRUNC came with OPEN: the one SETATTR is that of ftruncate.
    #expect(mounted.session.statistics[.setattr] == 1)
    mounted.end()
  }

  @Test func renameTakesItsFlags() throws {
    let mounted = try Mounted()
    for name in ["a", "b"] { _ = try File("\(mounted.path)/\(name)", O_WRONLY | O_CREAT) }
    let (a, b) = ("\(mounted.path)/a", "\(mounted.path)/b")
    func number(_ path: String) throws -> ino_t { try File(path, O_RDONLY).status().st_ino }
    let numbers = try (number(a), number(b))
    #expect(csystem_rename(a, b, UInt32(csystem_rename_noreplace)) == -1 && errno == EEXIST)
    #expect(try (number(a), number(b)) == numbers)
    #expect(csystem_rename(a, b, UInt32(csystem_rename_exchange)) == 0)
    #expect(try (number(b), number(a)) == numbers)
    #expect(csystem_rename(a, b, 0) == 0)
    #expect(try number(b) == numbers.1)
    #expect(!Files.exists(a))
    mounted.end()
  }

  @Test func symlinksKeepTheirTargets() throws {
    let mounted = try Mounted()
    let target = String(repeating: "t", count: 4000)
    #expect(symlink(target, "\(mounted.path)/l") == 0)
    var buffer = [CChar](repeating: 0, count: 5000)
    #expect(readlink("\(mounted.path)/l", &buffer, buffer.count) == 4000)
    #expect(buffer[3999] == CChar(UInt8(ascii: "t")))
    mounted.end()
  }

  @Test func attributesAreSetOneByOne() throws {
    let mounted = try Mounted()
    let path = "\(mounted.path)/f"
    _ = try File(path, O_WRONLY | O_CREAT, mode: 0o600)
    #expect(chmod(path, 0o755) == 0)
    #expect(chown(path, 12, 34) == 0)
    // UTIME_OMIT for the first, a time before 1970 for the second
    var times = [timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2), timespec(tv_sec: -5, tv_nsec: 7)]
    var before = stat()
    #expect(stat(path, &before) == 0)
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    var after = stat()
    #expect(stat(path, &after) == 0)
    #expect(after.st_mode == S_IFREG | 0o755)
    #expect(after.st_uid == 12 && after.st_gid == 34)
    #expect(after.st_atim.tv_sec == before.st_atim.tv_sec && after.st_atim.tv_nsec == before.st_atim.tv_nsec)
    #expect(after.st_mtim.tv_sec == -5 && after.st_mtim.tv_nsec == 7)
    // UTIME_NOW for both
    times = [timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1), timespec(tv_sec: 0, tv_nsec: (1 << 30) - 1)]
    #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
    #expect(stat(path, &after) == 0 && after.st_mtim.tv_sec >= before.st_mtim.tv_sec)
    mounted.end()
  }

  @Test(arguments: [1, 254, 255, 256, 4000])
  func namesOfAnyLengthReachTheFilesystem(byteCount: Int) throws {
    let mounted = try Mounted()
    // Not UTF-8.
    let name = [UInt8](repeating: 0xff, count: byteCount)
    let path = Array(mounted.path.utf8) + [UInt8(ascii: "/")] + name + [0]
    let descriptor = path.withUnsafeBytes {
      open($0.baseAddress!.assumingMemoryBound(to: CChar.self), O_WRONLY | O_CREAT, 0o600)
    }
    let code = errno
    if byteCount <= 255 {
      #expect(descriptor >= 0)
      close(descriptor)
      let keys = mounted.filesystem.lock.withLock { Array(mounted.filesystem.nodes[.root]!.children.keys) }
      #expect(keys.contains(name))
    } else {
      #expect(descriptor == -1 && code == ENAMETOOLONG)
    }
    mounted.end()
  }

  @Test func aLongFolderIsListedInParts() throws {
    let mounted = try Mounted()
    // readdir(3) asks for as much as st_blksize, but at least 32 KiB.
    mounted.filesystem.lock.withLock { mounted.filesystem.nodes[.root]!.attributes.blockSize = 4096 }
    let names = (0..<300).map { "\($0)-" + String(repeating: "n", count: 200) }
    for name in names { _ = try File("\(mounted.path)/\(name)", O_WRONLY | O_CREAT) }
    #expect(try Files.list(mounted.path) == (names + ["big"]).sorted())
    // 301 entries of up to 232 bytes, in three parts and an empty one.
    #expect(mounted.session.statistics[.readdir] == 4)
    #expect(mounted.session.statistics[.opendir] == 1)
    #expect(run("rm", "-r", "\(mounted.path)/\(names[0])") == 0)
    #expect(try Files.list(mounted.path).count == 300)
    mounted.end()
  }

  @Test func xattrsAreSetListedReadAndRemoved() throws {
    let mounted = try Mounted()
    let path = "\(mounted.path)/f"
    _ = try File(path, O_WRONLY | O_CREAT)
    let value = [UInt8](0..<200)
    #expect(setxattr(path, "user.a", value, value.count, 0) == 0)
    #expect(setxattr(path, "user.a", value, value.count, 1) == -1 && errno == EEXIST)
    #expect(setxattr(path, "user.b", value, value.count, 2) == -1 && errno == ENODATA)
    #expect(setxattr(path, "user.empty", value, 0, 0) == 0)
    var buffer = [UInt8](repeating: 0, count: 300)
    #expect(getxattr(path, "user.a", nil, 0) == 200)
    #expect(getxattr(path, "user.a", &buffer, 199) == -1 && errno == ERANGE)
    #expect(getxattr(path, "user.a", &buffer, 300) == 200)
    #expect(Array(buffer[..<200]) == value)
    #expect(getxattr(path, "user.empty", &buffer, 300) == 0)
    #expect(listxattr(path, nil, 0) == 18)
    var names = [CChar](repeating: 0, count: 100)
    #expect(listxattr(path, &names, 17) == -1 && errno == ERANGE)
    #expect(listxattr(path, &names, 100) == 18)
    let list = names[..<18].split(separator: 0).map { String(decoding: $0.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
    #expect(list.sorted() == ["user.a", "user.empty"])
    #expect(removexattr(path, "user.a") == 0)
    #expect(removexattr(path, "user.a") == -1 && errno == ENODATA)
    mounted.end()
  }

  @Test func statfsAndSeekAnswer() throws {
    let mounted = try Mounted()
    var status = statvfs()
    #expect(statvfs(mounted.path, &status) == 0)
    #expect(status.f_bsize == 4096 && status.f_blocks == 1 << 20 && status.f_bavail == 1 << 18 && status.f_namemax == 255)
    let file = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    try file.write([UInt8](repeating: 1, count: 1000), at: 0)
    #expect(lseek(file.descriptor, 10, Int32(csystem_seek_data)) == 10)
    #expect(lseek(file.descriptor, 10, Int32(csystem_seek_hole)) == 1000)
    #expect(lseek(file.descriptor, 1000, Int32(csystem_seek_data)) == -1 && errno == ENXIO)
    #expect(mounted.session.statistics[.lseek] >= 2)
    close(dup(file.descriptor))
  }

  /// The defaults of operations that the filesystem does not have; none of them is taken for "never ask again".
  @Test func unimplementedOperationsAreRefused() throws {
    let mounted = try Mounted()
    let file = try File("\(mounted.path)/f", O_RDWR | O_CREAT)
    for _ in 0..<2 {
      #expect(throws: SystemError("fallocate", EOPNOTSUPP)) { try file.allocate(mode: 0, at: 0, count: 10) }
      #expect(link("\(mounted.path)/f", "\(mounted.path)/g") == -1 && errno == EPERM)
      #expect(mkfifo("\(mounted.path)/p", 0o600) == -1 && errno == EPERM)
      #expect(run("chattr", "+i", "\(mounted.path)/f") != 0)
    }
    let statistics = mounted.session.statistics
    #expect(statistics[.fallocate] == 2 && statistics[.link] == 2 && statistics[.mknod] == 2)
    // Copying falls back to reading and writing.
    try file.write(Array("content".utf8), at: 0)
    #expect(run("cp", "\(mounted.path)/f", "\(mounted.path)/copy") == 0)
    #expect(try File("\(mounted.path)/copy", O_RDONLY).readAll(limit: 100) == Array("content".utf8))
  }

  @Test func aDroppedReplyIsAnError() throws {
    let mounted = try Mounted()
    #expect(access("\(mounted.path)/dropped", F_OK) == -1 && errno == EIO)
    // The worker lives on.
    for _ in 0..<10 { #expect(access("\(mounted.path)/dropped", F_OK) == -1 && errno == EIO) }
    #expect(access("\(mounted.path)/absent", F_OK) == -1 && errno == ENOENT)
    mounted.end()
  }

  @Test func theCallerIsNamed() throws {
    let mounted = try Mounted()
    #expect(run("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "stat", "\(mounted.path)/big") == 0)
    #expect(mounted.filesystem.callers.withLock { $0 } == [12345])
    mounted.end()
  }

  @Test func whatIsForgottenComesBackOnlyByLookup() throws {
    let mounted = try Mounted()
    _ = try File("\(mounted.path)/f", O_WRONLY | O_CREAT)
    let before = mounted.filesystem.lock.withLock { mounted.filesystem.nodes.count }
    #expect(unlink("\(mounted.path)/f") == 0)
    // FORGET follows the unlink, in its own time.
    for _ in 0..<100 where mounted.filesystem.lock.withLock({ mounted.filesystem.nodes.count }) == before { usleep(10_000) }
    #expect(mounted.filesystem.lock.withLock { mounted.filesystem.nodes.count } == before - 1)
    mounted.end()
  }
}
