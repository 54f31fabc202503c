import Foundation
import Glibc
import Testing

/// One of the users that the tests make and remove.
struct TestUser: Sendable, Equatable {
  let name: String
  let uid: UInt32
  let gid: UInt32
  /// Supplementary groups as the actor takes them.
  let groupList: String

  var principal: String { "user:" + name }
}

/// The users of every mounted test. None of them owns the vault: root mounts it and has no rights.
///
/// `administrator` holds `grant` at the root and nothing else; `all` has every right that a test gives (an editor of everything),
/// `partial` some, `none` none at all.
struct TestUsers: Sendable {
  let administrator, all, partial, none: TestUser
  static let root = TestUser(name: "root", uid: 0, gid: 0, groupList: "-")
}

/// The machine around the tests: what they need of it, and that they leave nothing on it.
enum Machine {
  static let userNames = ["strongroom-test-admin", "strongroom-test-a", "strongroom-test-b", "strongroom-test-c"]
  static let groupName = "strongroom-test-g"
  static let folderPrefix = "/tmp/strongroom-test."

  /// Why the mounted tests cannot run here, or nil.
  static var obstacle: String? {
    if getuid() != 0 { return "they make users and mounts: run them as root" }
    let device = open("/dev/fuse", O_RDWR)
    if device < 0 {
      return
        "/dev/fuse cannot be opened (\(String(cString: strerror(errno)))): load the fuse module, or let the container have the device"
    }
    close(device)
    for program in [
      Programs.strongroom, Programs.actor, Programs.attacker, Programs.posix, Programs.crashWriter, Programs.testDisk,
      Programs.testFolder,
    ]
    where !FileManager.default.isExecutableFile(atPath: program) {
      return "\(program) is not built: run `swift build` first"
    }
    return nil
  }

  /// Users are made once a run.
  static let users: TestUsers = {
    do {
      for name in userNames where getpwnam(name) == nil {
        try Programs.mustRun(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", "--user-group", name])
      }
      if getgrnam(groupName) == nil { try Programs.mustRun(["groupadd", "--system", groupName]) }
      try Programs.mustRun(["usermod", "--append", "--groups", groupName, "strongroom-test-b"])
      let found = try userNames.map(lookUp)
      return TestUsers(administrator: found[0], all: found[1], partial: found[2], none: found[3])
    } catch {
      fatalError("cannot make the test users: \(error)")
    }
  }()

  private static func lookUp(_ name: String) throws -> TestUser {
    guard let entry = getpwnam(name) else { throw CocoaError(.fileNoSuchFile) }
    let (uid, gid) = (entry.pointee.pw_uid, entry.pointee.pw_gid)
    let groups = try Programs.mustRun(["id", "-G", name]).split(whereSeparator: \.isWhitespace).joined(separator: ",")
    return TestUser(name: name, uid: uid, gid: gid, groupList: groups)
  }

  // MARK: Left-overs

  /// Everything of ours that is on the machine: mounts, processes, folders, users.
  static func leftOvers() -> [String] {
    mounts().map { "mount \($0)" } + processes().map { "process \($0.id): \($0.command)" } + folders().map { "folder \($0)" }
      + userNames.filter { getpwnam($0) != nil }.map { "user \($0)" } + (getgrnam(groupName) == nil ? [] : ["group \(groupName)"])
  }

  /// Takes everything of ours away; what a crashed run left too.
  static func clean() {
    for mountpoint in mounts().reversed() { _ = umount2(mountpoint, Int32(MNT_DETACH)) }
    endProcesses()
    for folder in folders() { _ = try? Programs.run(["rm", "-rf", "--one-file-system", folder]) }
    VaultTemplate.removeAll()
    for name in userNames where getpwnam(name) != nil { _ = try? Programs.run(["userdel", name]) }
    if getgrnam(groupName) != nil { _ = try? Programs.run(["groupdel", groupName]) }
  }

  /// All of ours but this one.
  static func endProcesses() {
    for process in processes() { kill(process.id, SIGKILL) }
    _ = eventually(within: 5) { processes().isEmpty }
  }

  static func mounts() -> [String] {
    let table = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
    return table.split(separator: "\n").compactMap { line in
      let mountpoint = line.split(separator: " ")[4]
      return mountpoint.hasPrefix(folderPrefix) ? String(mountpoint) : nil
    }
  }

  /// In the environment of whatever a test runs, so that a daemon is known that has lost its mount, and whose vault was taken from under it: its
  /// command line is the same for every mount.
  static let mark = (name: "STRONGROOM_MOUNTED_TEST", value: "1")

  /// Daemons of test vaults, mounted or not, and actors without a parent in this run.
  private static func processes() -> [(id: pid_t, command: String)] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    let namespace = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    return entries.compactMap { entry in
      guard let id = pid_t(entry), id != getpid(), let bytes = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
      else {
        return nil
      }
      let words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
      guard let program = words.first else { return nil }
      let isDaemon =
        (program as NSString).lastPathComponent == "strongroom"
        && (words.contains { $0.contains(folderPrefix) } || isMarked(id))
      // Those of another container or namespace are not ours, though they are seen.
      guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(entry)/ns/pid")) == namespace else { return nil }
      let isActor = ["strongroom-actor", "strongroom-crash-writer", "strongroom-test-disk", "strongroom-test-folder"].contains(
        (program as NSString).lastPathComponent)
      return isDaemon || isActor ? (id, words.joined(separator: " ")) : nil
    }
  }

  private static func isMarked(_ id: pid_t) -> Bool {
    let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ") ?? Data()
    return environment.split(separator: 0).contains { $0.elementsEqual("\(mark.name)=\(mark.value)".utf8) }
  }

  private static func folders() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    return names.map { "/tmp/" + $0 }.filter { $0.hasPrefix(folderPrefix) }
  }
}

/// Runs the mounted tests between a cleaned machine and a check that nothing was left on it.
struct OnThisMachine: SuiteTrait, TestScoping {
  func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
    if let obstacle = Machine.obstacle {
      // Loud, and a failure: a run without these tests proves nothing about the product.
      Issue.record("the mounted tests cannot run: \(obstacle)")
      return
    }
    // One run at a time on a machine: they share users. The lock goes with the process.
    let lock = open("/run/lock/strongroom-test.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(lock) }
    #expect(lock >= 0 && flock(lock, LOCK_EX) == 0)
    Machine.clean()
    // For what does not get an environment of its own.
    setenv(Machine.mark.name, Machine.mark.value, 1)
    try await function()
    let rest = Machine.leftOvers().filter { !$0.hasPrefix("user ") && !$0.hasPrefix("group ") }
    #expect(rest.isEmpty, "the tests left something behind")
    Machine.clean()
    #expect(Machine.leftOvers().isEmpty, "something cannot be taken away")
  }
}

/// Every test that mounts a vault is in here: one after the other, since they share users and a processor.
@Suite(.serialized, OnThisMachine())
enum MountedTests {}
