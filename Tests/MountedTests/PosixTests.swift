import Foundation
import Testing

extension MountedTests {
  /// What POSIX says of names, numbers, times and listings; each with a plain folder's answer.
  @Suite struct Posix {
    private func withActor(_ body: (Place, Actor) throws -> Void) throws {
      try Place.with { place in try body(place, Actor(place.user)) }
    }

    // MARK: Errors

    @Test func eachMistakeHasItsErrno() throws {
      try withActor { place, actor in
        let at = { (name: String) in place.folder + "/" + name }
        try actor.does("mkdir", at("folder"))
        try actor.does("mkdir", at("full"))
        try actor.does("mkdir", at("full/inner"))
        try actor.writes("content", to: at("document"))
        try actor.does("symlink", "loop", at("loop"))
        try actor.does("symlink", "document", at("link"))
        let long = String(repeating: "n", count: 256)
        let rows: [(errno: String, command: [String])] = [
          ("ENAMETOOLONG", ["open", at(long), "rw,create"]), ("ENAMETOOLONG", ["mkdir", at(long)]),
          ("ENAMETOOLONG", ["rename", at("document"), at(long)]), ("ENAMETOOLONG", ["symlink", "x", at(long)]),
          ("ENAMETOOLONG", ["unlink", at(long)]), ("ENAMETOOLONG", ["rmdir", at(long)]),
          ("ENAMETOOLONG", ["stat", place.folder + String(repeating: "/folder/..", count: 500)]),
          ("ENOTEMPTY", ["rmdir", at("full")]), ("ENOTEMPTY", ["rename", at("folder"), at("full")]),
          ("ENOTDIR", ["rename", at("folder"), at("document")]), ("EISDIR", ["rename", at("document"), at("folder")]),
          ("EINVAL", ["rename", at("full"), at("full/inner/x")]), ("ENOTEMPTY", ["rename", at("full/inner"), at("full")]),
          ("EEXIST", ["rename", at("document"), at("link"), "noreplace"]),
          ("ENOENT", ["rename", at("document"), at("absent"), "exchange"]),
          ("EINVAL", ["rename", at("document"), at("absent"), "noreplace,exchange"]),
          ("ENOENT", ["rename", at("absent"), at("other")]),
          ("EEXIST", ["mkdir", at("document")]), ("EEXIST", ["mkdir", at("link")]), ("EEXIST", ["symlink", "x", at("folder")]),
          ("EEXIST", ["open", at("link"), "rw,create,excl"]), ("EEXIST", ["open", at("folder"), "rw,create,excl"]),
          ("EISDIR", ["open", at("folder"), "rw"]), ("EISDIR", ["open", at("folder"), "w,create"]),
          ("EISDIR", ["truncate", at("folder"), "0"]), ("EISDIR", ["unlink", at("folder")]),
          ("ENOTDIR", ["rmdir", at("document")]), ("ENOTDIR", ["rmdir", at("link")]),
          ("ENOTDIR", ["open", at("document"), "r,directory"]), ("ENOTDIR", ["open", at("document/"), "r"]),
          ("ENOTDIR", ["mkdir", at("document/x")]), ("ENOTDIR", ["stat", at("link/x")]),
          ("ELOOP", ["open", at("loop"), "r"]), ("ELOOP", ["stat", at("loop")]), ("ELOOP", ["open", at("link"), "r,nofollow"]),
          ("ELOOP", ["mkdir", at("loop/x")]), ("EINVAL", ["rmdir", at("folder/.")]),
          ("ENOTEMPTY", ["rmdir", at("full/inner/..")]),
          ("EINVAL", ["readlink", at("document")]), ("EINVAL", ["truncate", at("document"), "-1"]),
          ("ENOENT", ["open", "", "r"]), ("ENOENT", ["unlink", at("absent")]), ("ENOENT", ["rmdir", at("absent")]),
          ("ENOENT", ["symlink", "", at("new")]), ("ENODATA", ["getxattr", at("document"), "user.absent"]),
          ("EOPNOTSUPP", ["setxattr", at("document"), "other.name", "x"]), ("EPERM", ["setxattr", at("loop"), "user.name", "x"]),
        ]
        for row in rows {
          #expect(try actor.ask(row.command).outcome == row.errno, "\(row.command.map { $0.suffix(40) })")
        }
      }
    }

    @Test func descriptorsAnswerMistakesToo() throws {
      try withActor { place, actor in
        let path = place.folder + "/document"
        try actor.writes("content", to: path)
        let (readOnly, writeOnly, folder) = (
          try actor.open(path, "r"), try actor.open(path, "w"), try actor.open(place.folder, "r,directory")
        )
        #expect(try actor.tries("write", readOnly, "x") == "EBADF")
        #expect(try actor.tries("pread", writeOnly, 0, 10) == "EBADF")
        #expect(try actor.tries("mmap", writeOnly, 0, 10, "private") == "EACCES")
        #expect(try actor.tries("ftruncate", readOnly, 0) == "EINVAL")
        #expect(try actor.tries("ftruncate", writeOnly, -1) == "EINVAL")
        #expect(try actor.tries("fallocate", readOnly, "-", 0, 10) == "EBADF")
        #expect(try actor.tries("fallocate", writeOnly, "-", 0, 0) == "EINVAL")
        #expect(try actor.tries("fallocate", writeOnly, "-", -1, 10) == "EINVAL")
        #expect(try actor.tries("copy", writeOnly, 0, readOnly, 0, 5) == "EBADF")
        #expect(try actor.tries("copy", folder, 0, writeOnly, 0, 5) == "EISDIR")
        #expect(try actor.tries("pread", folder, 0, 10) == "EISDIR")
        #expect(try actor.tries("seek", readOnly, 7, "data") == "ENXIO")
        #expect(try actor.tries("seek", readOnly, 8, "hole") == "ENXIO")
        #expect(try actor.tries("seek", readOnly, -1, "set") == "EINVAL")
        #expect(try actor.tries("lock", readOnly, "posix", "w", 0, 1) == "EBADF")
        #expect(try actor.tries("lock", writeOnly, "posix", "r", 0, 1) == "EBADF")
        #expect(try actor.reads(readOnly).text == "content", "nothing of that changed anything")
      }
    }

    @Test func sizesEndAtOnePebibyte() throws {
      try withActor { place, actor in
        guard place.vault != nil else { return }
        let path = place.folder + "/document"
        let descriptor = try actor.open(path, "rw,create")
        let greatest = 1 << 50
        try actor.does("pwrite", descriptor, greatest - 3, "end")
        #expect(try actor.attributes(of: path)["size"] == "\(greatest)")
        #expect(try actor.tries("pwrite", descriptor, greatest - 2, "end") == "EFBIG")
        #expect(try actor.tries("pwrite", descriptor, greatest, "x") == "EFBIG")
        #expect(try actor.tries("ftruncate", descriptor, greatest + 1) == "EFBIG")
        #expect(try actor.tries("truncate", path, greatest + 1) == "EFBIG")
        #expect(try actor.tries("fallocate", descriptor, "-", greatest, 1) == "EFBIG")
        #expect(try actor.attributes(of: path)["size"] == "\(greatest)")
        #expect(try actor.does("seek", descriptor, 0, "data")[0] == "\(greatest - 3)")
        #expect(try actor.reads(descriptor, at: greatest - 3).text == "end")
        try actor.close(descriptor)
        try place.remount()
        #expect(try actor.attributes(of: path)["size"] == "\(greatest)")
        #expect(try actor.attributes(of: path)["blocks"] == "1")
      }
    }

    @Test func whatNoVaultHoldsIsRefused() throws {
      try withActor { place, actor in
        guard place.vault != nil else { return }
        let path = place.folder + "/document"
        try actor.writes("content", to: path)
        let descriptor = try actor.open(path, "rw")
        #expect(try actor.tries("link", path, place.folder + "/new") == "EPERM")
        for kind in ["fifo", "socket"] { #expect(try actor.tries("mknod", place.folder + "/new", kind) == "EPERM") }
        #expect(try actor.tries("open", place.folder, "rw,tmpfile") == "EOPNOTSUPP")
        #expect(try actor.tries("mmap", descriptor, 0, 10, "shared", "w") == "ENODEV")
        #expect(try actor.tries("mmap", descriptor, 0, 10, "shared") == "ENODEV")
        for kind in ["collapse", "insert"] { #expect(try actor.tries("fallocate", descriptor, kind, 0, 4096) == "EOPNOTSUPP") }
        #expect(try actor.tries("rename", path, place.folder + "/new", "whiteout") == "EINVAL")
        #expect(try actor.tries("setxattr", path, "user.strongroom.x", "x") == "EPERM")
        #expect(try actor.names(in: place.folder) == ["document"])
        #expect(try actor.reads(path).text == "content")
      }
    }

    // MARK: Depth

    @Test func aPathAHundredFoldersDeep() throws {
      try withActor { place, actor in
        var path = place.folder
        for level in 1...100 {
          path += "/第\(level)层"
          try actor.does("mkdir", path)
        }
        try actor.writes("at the bottom", to: path + "/document")
        try place.remount()
        #expect(try actor.reads(path + "/document").text == "at the bottom")
        try actor.does("chdir", path)
        #expect(try actor.does("getcwd") == [path])
        // The whole chain moves with its top.
        try actor.does("rename", place.folder + "/第1层", place.folder + "/moved")
        let moved = path.replacingOccurrences(of: "/第1层/", with: "/moved/")
        #expect(try actor.reads(moved + "/document").text == "at the bottom")
        #expect(try actor.reads("document").text == "at the bottom")
        #expect(try actor.does("getcwd") == [moved])
        #expect(try actor.tries("rename", place.folder + "/moved", moved + "/x") == "EINVAL")
        try actor.does("chdir", "/")
        try place.run("rm", "-r", place.folder + "/moved")
        #expect(try actor.names(in: place.folder).isEmpty)
      }
    }

    // MARK: Times

    /// For each operation which of the times of the document and of its folder move. Access times move by utimens alone.
    @Test func timesMoveAsPOSIXSays() throws {
      try withActor { place, actor in
        let folder = place.folder + "/folder"
        try actor.does("mkdir", folder)
        try actor.does("mkdir", place.folder + "/second")
        let document = folder + "/document"
        try actor.writes("content", to: document)
        let descriptor = try actor.open(document, "rw")
        let rows: [(what: String, ofDocument: String, ofFolder: String, act: () throws -> Void)] = [
          ("read", "", "", { _ = try actor.reads(descriptor) }),
          ("list", "", "", { _ = try actor.names(in: folder) }),
          ("write", "mc", "", { try actor.does("pwrite", descriptor, 0, "C") }),
          ("truncate", "mc", "", { try actor.does("ftruncate", descriptor, 5) }),
          ("truncate to the same size", "mc", "", { try actor.does("truncate", document, 5) }),
          ("open with O_TRUNC", "mc", "", { try actor.close(actor.open(document, "w,trunc")) }),
          ("allocate", "mc", "", { try actor.does("fallocate", descriptor, "-", 0, 9000) }),
          ("punch", "mc", "", { try actor.does("fallocate", descriptor, "punch", 0, 4096) }),
          ("chmod", "c", "", { try actor.does("chmod", document, "0600") }),
          ("chmod to the same", "c", "", { try actor.does("chmod", document, "0600") }),
          ("utimens", "c", "", { try actor.does("utimens", document, Posix.old, Posix.old) }),
          ("utimens now", "mc", "", { try actor.does("utimens", document, "omit", "now") }),
          ("setxattr", "c", "", { try actor.does("setxattr", document, "user.a", "b") }),
          ("removexattr", "c", "", { try actor.does("removexattr", document, "user.a") }),
          ("removexattr of none", "", "", { _ = try actor.tries("removexattr", document, "user.a") }),
          ("create beside it", "", "mc", { try actor.writes("", to: folder + "/other") }),
          ("open what is there", "", "", { try actor.close(actor.open(folder + "/other", "rw,create")) }),
          ("unlink beside it", "", "mc", { try actor.does("unlink", folder + "/other") }),
          ("mkdir beside it", "", "mc", { try actor.does("mkdir", folder + "/sub") }),
          ("symlink beside it", "", "mc", { try actor.does("symlink", "x", folder + "/link") }),
          ("rename beside it", "", "mc", { try actor.does("rename", folder + "/link", folder + "/sub/link") }),
          ("rename", "c", "mc", { try actor.does("rename", document, folder + "/new") }),
          ("exchange", "c", "mc", { try actor.does("rename", folder + "/new", folder + "/sub", "exchange") }),
          ("exchange back", "c", "mc", { try actor.does("rename", folder + "/new", folder + "/sub", "exchange") }),
          ("move in from elsewhere", "", "mc", { try actor.does("rename", place.folder + "/second", folder + "/second") }),
          ("rmdir beside it", "", "mc", { try actor.does("rmdir", folder + "/second") }),
          ("a refused rmdir", "", "", { _ = try actor.tries("rmdir", folder + "/sub") }),
          ("unlink", "c", "mc", { try actor.does("unlink", folder + "/new") }),
        ]
        for row in rows {
          try actor.does("futimens", descriptor, Posix.old, Posix.old)
          try actor.does("utimens", folder, Posix.old, Posix.old)
          let before = try [actor.attributes(of: descriptor), actor.attributes(of: folder)]
          usleep(10_000)  // a plain folder's clock may tick this slowly
          try row.act()
          let after = try [actor.attributes(of: descriptor), actor.attributes(of: folder)]
          for (index, wanted) in [row.ofDocument, row.ofFolder].enumerated() {
            let moved = [("m", "mtime"), ("c", "ctime")].filter { before[index][$0.1] != after[index][$0.1] }.map(\.0).joined()
            #expect(moved == wanted, "\(row.what), of the \(["document", "folder"][index])")
            if place.vault != nil { #expect(after[index]["atime"] == "\(Posix.old)", "\(row.what)") }
          }
        }
      }
    }

    private static let old = 1_000_000_000_000_000_000

    // MARK: Listings

    /// readdir(3): what is neither made nor removed meanwhile is told exactly once; positions that were told lead back to where they were.
    @Test func aListingHoldsWhileOthersChangeTheFolder() throws {
      try withActor { place, actor in
        let folder = place.folder + "/folder"
        try actor.does("mkdir", folder)
        // Long names, so that the listing takes many requests of the kernel.
        let stays = (0..<600).map { "stays-\($0)-" + String(repeating: "s", count: 150) }
        for (index, name) in stays.enumerated() {
          try actor.writes("", to: folder + "/" + name)
          if index % 3 == 0 { try actor.writes("", to: folder + "/goes-\(index)") }
        }
        let changer = try Programs.start(
          [
            "bash", "-c",
            "cd \(folder); for ((i = 0; ; i++)); do echo x > new-$i; mv new-$i renamed-$i; rm -f goes-$((i * 3)) renamed-$((i - 5)); done",
          ], as: place.user)
        defer { changer.end() }
        for _ in 0..<10 {
          let stream = try actor.does("opendir", folder)[0]
          var seen: [String] = []
          var bookmarks: [(position: String, next: String)] = []
          var position = ""
          while true {
            let words = try actor.does("readdir", stream, 7)
            if words.isEmpty { break }
            let names = stride(from: 0, to: words.count, by: 2).map { words[$0] }
            if let first = names.first, first.hasPrefix("stays"), !position.isEmpty { bookmarks.append((position, first)) }
            seen += names
            position = words.last!
          }
          let kept = seen.filter { $0.hasPrefix("stays") }
          #expect(kept.count == stays.count && Set(kept) == Set(stays))
          #expect(
            Set(seen).count == seen.count, "told twice: \(Dictionary(grouping: seen) { $0 }.filter { $0.value.count > 1 }.keys)")
          #expect(bookmarks.count > 20)
          for bookmark in bookmarks.shuffled().prefix(20) {
            try actor.does("seekdir", stream, bookmark.position)
            // Something new may stand in between, but only after what is left, since numbers grow.
            #expect(try actor.does("readdir", stream, 1)[0] == bookmark.next)
          }
          try actor.does("closedir", stream)
        }
      }
    }

    // MARK: Two users at once

    @Test func appendsOfTwoUsersAtOnceAreEachWhole() throws {
      try withStandardVault { vault in
        try vault.grant("editor", on: "/open", to: vault.users.partial)
        let log = vault.path("/open/log")
        try vault.actor(vault.users.all).writes("", to: log)
        // Lines of a length that crosses pages, each by one write(2).
        let program = """
          import os, sys
          log = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
          for number in range(400):
              line = (sys.argv[2] * (number * 37 % 3000) + " %s %d\\n" % (sys.argv[2], number)).encode()
              assert os.write(log, line) == len(line)
          """
        let writers = try [(vault.users.all, "a"), (vault.users.partial, "b")].map { user, letter in
          try Programs.start(["python3", "-c", program, log, letter], as: user)
        }
        for writer in writers { #expect(writer.wait() == 0) }
        try vault.remount()
        let check = """
          import sys
          seen = {"a": 0, "b": 0}
          for line in open(sys.argv[1]):
              body, letter, number = line.rstrip("\\n").rsplit(" ", 2)
              assert int(number) == seen[letter] and body == letter * (int(number) * 37 % 3000), line[:80]
              seen[letter] += 1
          assert seen == {"a": 400, "b": 400}, seen
          """
        try Programs.mustRun(["python3", "-c", check, log], as: vault.users.all)
      }
    }

    /// flock(2) gives the shared lock up first, so that two who change at once do not wait for each other for ever.
    @Test func twoUsersChangeASharedLockToAnExclusiveOne() throws {
      try withStandardVault { vault in
        try vault.grant("editor", on: "/open", to: vault.users.partial)
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let path = vault.path("/open/letter")
        let (one, other) = (try all.open(path, "rw"), try partial.open(path, "rw"))
        try all.does("lock", one, "flock", "r", 0, 0)
        try partial.does("lock", other, "flock", "r", 0, 0)
        try all.does("wait-lock", one, "flock", "w", 0, 0)
        try partial.does("wait-lock", other, "flock", "w", 0, 0)
        // Both wait on threads of their own: either may have asked first.
        var isAllFirst = false
        let isGiven = try eventually(within: 5) {
          isAllFirst = try all.tries("lock-result", 50) == "ok"
          return try isAllFirst || partial.tries("lock-result", 50) == "ok"
        }
        try #require(isGiven, "neither has the lock")
        let (first, second) = isAllFirst ? (all, partial) : (partial, all)
        #expect(try second.tries("lock-result", 100) == "ETIMEDOUT")
        try first.does("lock", isAllFirst ? one : other, "flock", "u", 0, 0)
        #expect(try second.tries("lock-result", 5000) == "ok")
      }
    }
  }
}
