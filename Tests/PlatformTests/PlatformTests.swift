import Glibc
import Platform
import Synchronization
import Testing

/// A fresh folder, removed when the value ends.
private final class Folder {
  let path: String
  init() {
    var template = Array("/tmp/strongroom-platform-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }
  deinit {
    for name in (try? Files.list(path)) ?? [] { unlink(path + "/" + name) }
    rmdir(path)
  }
}

@Test func replacingAFileLeavesTheOldOrTheNewOne() throws {
  let folder = Folder()
  let path = folder.path + "/file"
  try Files.replace(path, with: [1, 2, 3], mode: 0o600)
  try Files.replace(path, with: [4, 5], mode: 0o600)
  #expect(try File(path, O_RDONLY).readAll(limit: 16) == [4, 5])
  #expect(try Files.list(folder.path) == ["file"])
  // What a crash left beside it is in nobody's way.
  try File(path + ".new", O_WRONLY | O_CREAT).write([9, 9, 9, 9], at: 0)
  try Files.replace(path, with: [6], mode: 0o600)
  #expect(try File(path, O_RDONLY).readAll(limit: 16) == [6])
}

@Test func aFileOverTheLimitIsRefused() throws {
  let folder = Folder()
  let path = folder.path + "/file"
  try File(path, O_WRONLY | O_CREAT).write([UInt8](repeating: 7, count: 17), at: 0)
  #expect(throws: SystemError("read", EFBIG)) { try File(path, O_RDONLY).readAll(limit: 16) }
}

@Test func readsEndAtTheEndOfTheFile() throws {
  let folder = Folder()
  let file = try File(folder.path + "/file", O_RDWR | O_CREAT)
  try file.write([1, 2, 3, 4, 5], at: 2)
  var buffer = [UInt8](repeating: 9, count: 8)
  let count = try buffer.withUnsafeMutableBytes { try file.read(at: 4, into: $0) }
  #expect(count == 3)
  #expect(Array(buffer[..<3]) == [3, 4, 5])
}

@Test func aMissingFileSaysWhichCallFailed() {
  #expect(throws: SystemError("open", ENOENT)) { try File("/tmp/strongroom-there-is-no-such-file", O_RDONLY) }
}

@Test func aConditionWakesWhoeverWaits() {
  let lock = Lock()
  let condition = Condition()
  let count = Atomic<Int>(0)
  let thread = Platform.Thread(name: "waiter") {
    lock.withLock {
      while count.load(ordering: .relaxed) == 0 { condition.wait(lock) }
      count.store(2, ordering: .relaxed)
    }
  }
  lock.withLock {
    count.store(1, ordering: .relaxed)
    condition.broadcast()
  }
  thread.join()
  #expect(count.load(ordering: .relaxed) == 2)
}

@Test func aWaitThatNobodyEndsEndsByItself() {
  let lock = Lock()
  #expect(lock.withLock { Condition().wait(lock, nanoseconds: 1_000_000) } == false)
}
