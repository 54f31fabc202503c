import Foundation
import Glibc
import Testing

extension MountedTests {
  /// The harness itself: that an actor does what it is told, seen on an ordinary folder, where the kernel's answers are known.
  @Suite struct TheActor {
    private func withFolder(_ body: (String, Actor, Actor) throws -> Void) throws {
      let plain = try TestVault()
      defer { plain.close() }
      let folder = plain.folder + "/plain"
      try Programs.mustRun(["install", "-d", "-m", "1777", folder])
      try body(folder, Actor(plain.users.all), Actor(plain.users.none))
    }

    @Test func becomesTheUser() throws {
      try withFolder { folder, one, other in
        #expect(try one.does("id") == ["\(one.user.uid)", "\(one.user.gid)", "\(one.id)"])
        try one.writes("secret", to: folder + "/document")
        try one.does("chmod", folder + "/document", "0600")
        #expect(try other.tries("open", folder + "/document", "r") == "EACCES")
        #expect(try other.tries("unlink", folder + "/document") == "EPERM")
        #expect(try one.tries("become", 0, 0, "-") == "EPERM")
        #expect(try Programs.mustRun(["id", "-un"], as: one.user) == one.user.name + "\n")
        #expect(try Programs.mustRun(["id", "-Gn"], as: Machine.users.partial).contains(Machine.groupName))
      }
    }

    @Test func wordsOfAnyBytesGoBothWays() throws {
      try withFolder { folder, one, _ in
        for text in ["", " ", "%", "a b%20c\n\t", "合同 “x”", String(repeating: "长", count: 20_000)] {
          try one.writes(text, to: folder + "/document")
          #expect(try one.reads(folder + "/document") == Content(of: text))
        }
        try one.does("mkdir", folder + "/a b\n%41合")
        #expect(try one.names(in: folder) == ["a b\n%41合", "document"])
        #expect(try one.tries("nonsense") == "ENOSYS")
      }
    }

    @Test func readsByEveryRoad() throws {
      try withFolder { folder, one, _ in
        let descriptor = try one.open(folder + "/document", "rw,create")
        try one.does("fill", descriptor, 0, 100_000, 3)
        let whole = Content.pattern(at: 0, count: 100_000, seed: 3)
        #expect(try one.reads(descriptor, count: 200_000) == whole)
        #expect(try Content(one.does("sendfile", descriptor, 0, 100_000)) == whole)
        for sharing in ["private", "shared"] {
          let mapping = try one.does("mmap", descriptor, 0, 200_000, sharing)[0]
          #expect(try Content(one.does("peek", mapping, 0, 100_000)) == whole)
          #expect(try one.does("peek", mapping, 150_000, 1) == ["fault", "SIGBUS"])
          try one.does("munmap", mapping)
        }
        let copy = try one.open(folder + "/copy", "rw,create")
        #expect(try one.does("copy", descriptor, 0, copy, 0, 100_000) == ["100000"])
        #expect(try one.reads(copy, count: 200_000) == whole)
      }
    }

    @Test func passesDescriptors() throws {
      try withFolder { folder, one, other in
        try one.writes("secret", to: folder + "/document")
        try one.does("chmod", folder + "/document", "0600")
        let descriptor = try one.open(folder + "/document")
        let box = try other.does("mailbox", "test-\(other.id)")[0]
        try one.does("send", "test-\(other.id)", descriptor)
        let received = Int(try other.does("receive", box)[0])!
        #expect(try other.reads(received).text == "secret")
        #expect(try other.tries("open", "/proc/self/fd/\(received)", "r") == "EACCES")
        #expect(try one.tries("open", "/proc/self/fd/\(descriptor)", "r") == "ok")
      }
    }

    @Test func waitsForLocks() throws {
      try withFolder { folder, one, other in
        try one.writes("x", to: folder + "/document")
        try one.does("chmod", folder + "/document", "0666")
        for kind in ["flock", "posix", "ofd"] {
          let (first, second) = (try one.open(folder + "/document", "rw"), try other.open(folder + "/document", "rw"))
          try one.does("lock", first, kind, "w", 0, 0)
          #expect(try other.tries("lock", second, kind, "r", 0, 0) == "EAGAIN")
          try other.does("wait-lock", second, kind, "w", 0, 0)
          #expect(try other.tries("lock-result", 50) == "ETIMEDOUT")
          try other.does("interrupt-lock")
          #expect(try other.tries("lock-result", 5000) == "EINTR")
          try other.does("wait-lock", second, kind, "w", 0, 0)
          try one.close(first)
          #expect(try other.tries("lock-result", 5000) == "ok")
          try other.close(second)
        }
      }
    }

    @Test func tellsAttributesAndEvents() throws {
      try withFolder { folder, one, _ in
        let watch = try one.does("watch", folder)[0]
        try one.writes("four", to: folder + "/document")
        let events = try one.does("events", watch, 100)
        #expect(events.contains { $0.hasSuffix(":document") })
        let attributes = try one.attributes(of: folder + "/document")
        #expect(attributes["size"] == "4" && attributes["mode"] == "100644" && attributes["uid"] == "\(one.user.uid)")
        try one.does("utimens", folder + "/document", "omit", -1)
        #expect(try one.attributes(of: folder + "/document")["mtime"] == "-1")
        #expect(try one.does("exec", "/bin/sh", "-c", "exit 7") == ["7"])
        #expect(try one.tries("exec", folder + "/document") == "EACCES")
        let path = try one.open(folder + "/document", "path")
        #expect(try one.tries("read", path, 1) == "EBADF")
        #expect(try one.reads(one.open("/proc/self/fd/\(path)")).text == "four")
      }
    }

    @Test func lendsItselfAnIdentity() throws {
      try withFolder { folder, one, _ in
        try one.writes("secret", to: folder + "/document")
        try one.does("chmod", folder + "/document", "0600")
        let root = try Actor(TestUsers.root)
        let none = Machine.users.none
        try root.does("fsuid", none.uid, none.gid, none.groupList)
        #expect(try root.tries("open", folder + "/document", "r") == "EACCES")
        try root.does("fsuid", 0, 0, "-")
        #expect(try root.tries("open", folder + "/document", "r") == "ok")
        try root.does("become", none.uid, none.gid, none.groupList)
        #expect(try root.tries("open", folder + "/document", "r") == "EACCES")
      }
    }

    @Test func leftOversAreFoundAndTakenAway() throws {
      let vault = try TestVault()
      let actor = try Actor(vault.users.all)
      try Programs.mustRun(["mount", "-t", "tmpfs", "strongroom-test", vault.mountpoint])
      let found = Machine.leftOvers()
      #expect(found.contains("mount \(vault.mountpoint)"))
      #expect(found.contains("folder \(vault.folder)"))
      #expect(found.contains { $0.hasPrefix("process \(actor.id)") })
      #expect(found.contains("user strongroom-test-a"))
      umount2(vault.mountpoint, Int32(MNT_DETACH))
      actor.end()
      vault.close()
      #expect(!Machine.leftOvers().contains { !$0.hasPrefix("user ") && !$0.hasPrefix("group ") })
    }

    /// One that has lost its mount and the folder of its vault, and whose command line says nothing of either.
    @Test func aDaemonWithoutAMountIsFoundAndTakenAway() throws {
      try withVault { vault in
        let daemon = try vault.daemon()
        // It goes on for whoever still has something open in there.
        let holder = try vault.actor(vault.users.administrator)
        try holder.does("chdir", vault.mountpoint)
        #expect(umount2(vault.mountpoint, Int32(MNT_DETACH)) == 0)
        #expect(Machine.mounts().isEmpty && kill(daemon, 0) == 0)
        let words = try #require(FileManager.default.contents(atPath: "/proc/\(daemon)/cmdline")).split(separator: 0)
        #expect(!words.contains { String(decoding: $0, as: UTF8.self).contains(Machine.folderPrefix) })
        #expect(Machine.leftOvers().contains { $0.hasPrefix("process \(daemon):") })
        Machine.endProcesses()
        #expect(eventually { kill(daemon, 0) != 0 })
        holder.end()
      }
    }
  }
}
