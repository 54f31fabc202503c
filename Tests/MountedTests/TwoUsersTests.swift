import Testing

extension MountedTests {
  /// Two users on the same documents, in every order: nothing that one of them does opens anything to the other.
  @Suite struct TwoUsers {
    /// All that a user without rights can try on a path, with its outcome when nothing is there.
    private static let probes: [[String]] = [
      ["stat"], ["lstat"], ["open", "r"], ["open", "w"], ["open", "path"], ["open", "path,nofollow"], ["access", "f"],
      ["access", "r"],
      ["list"], ["chdir"], ["readlink"], ["unlink"], ["rmdir"], ["getxattr", "user.strongroom.why"], ["listxattr"],
      ["truncate", "0"],
      ["chmod", "0777"], ["exec"],
    ]

    private func probe(_ actor: Actor, _ path: String) throws -> [String] {
      try Self.probes.map { words in
        try actor.ask([words[0], path] + words.dropFirst()).outcome
      }
        + ["dont-sync", "dont-sync,nofollow", "force-sync"].map { try actor.tries("statx", "cwd", path, $0) }
    }

    @Test func hiddenAndAbsentAnswerAlikeHoweverOftenTheOtherWalks() throws {
      try withStandardVault { vault in
        let (all, none) = (try vault.actor(vault.users.all), try vault.actor(vault.users.none))
        let absent = try probe(none, vault.path("/nothing-of-that-name"))
        #expect(Set(absent) == ["ENOENT"])
        for path in ["/closed", "/closed/letter"] {
          let cold = try probe(none, vault.path(path))
          // The other user walks the path, keeps it open and reads it, and nothing is different after that.
          let descriptor = try all.open(vault.path("/closed/letter"))
          try all.does("stat", vault.path(path))
          _ = try all.names(in: vault.path("/closed"))
          _ = try all.reads(descriptor)
          let warm = try probe(none, vault.path(path))
          try all.close(descriptor)
          #expect(cold == absent, "\(path)")
          #expect(warm == absent, "\(path), after the other user's walk")
        }
        // The document is whole: `none` removed and truncated nothing.
        #expect(try all.reads(vault.path("/closed/letter")).text == "the letter in /closed")
      }
    }

    @Test func namesOfOthersNeverAppearInAListing() throws {
      try withStandardVault { vault in
        let (all, partial, none) =
          (try vault.actor(vault.users.all), try vault.actor(vault.users.partial), try vault.actor(vault.users.none))
        for _ in 0..<3 {
          #expect(try all.names(in: vault.mountpoint) == ["closed", "open"])
          #expect(try partial.names(in: vault.mountpoint) == ["open"])
          #expect(try none.names(in: vault.mountpoint) == [])
        }
        // A stream that the other user opened shows each reader what they may see: the kernel caches no listing.
        let folder = try all.open(vault.mountpoint, "r,directory")
        try all.does("getdents", folder)
        #expect(try none.names(in: vault.mountpoint) == [])
      }
    }

    @Test func stepsUpFromAnOpenFolderAreJudged() throws {
      try withStandardVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        _ = try all.reads(vault.path("/closed/letter"))
        let inside = try partial.open(vault.path("/open"), "path,directory")
        #expect(try partial.tries("openat", inside, "../closed/letter", "r") == "ENOENT")
        #expect(try partial.tries("statx", inside, "../closed", "dont-sync") == "ENOENT")
        try partial.does("chdir", vault.path("/open"))
        #expect(try partial.tries("stat", "../closed") == "ENOENT")
        #expect(try partial.tries("stat", "letter") == "ok")
        try partial.does("chdir", "/")
      }
    }

    /// Every order in which two users open, read and close the same document.
    @Test(arguments: [true, false], [true, false]) func bothOpenAtOnce(allFirst: Bool, partialClosesFirst: Bool) throws {
      try withStandardVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let (first, second) = allFirst ? (all, partial) : (partial, all)
        let one = try first.open(vault.path("/open/letter"))
        #expect(try first.reads(one).text == "the letter in /open")
        let other = try second.open(vault.path("/open/letter"))
        #expect(try second.reads(other).text == "the letter in /open")
        #expect(try first.reads(one, at: 4, count: 6).text == "letter")
        if partialClosesFirst { try second.close(other) } else { try first.close(one) }
        let (rest, descriptor) = partialClosesFirst ? (first, one) : (second, other)
        #expect(try rest.reads(descriptor, at: 0, count: 3).text == "the")

        let trail = try vault.trail().at("/open/letter")
        for user in [vault.users.all, vault.users.partial] {
          #expect(trail.of(user).actions("OPEN").filter { $0.outcome == "done" }.count >= 1, "\(user.name)")
          #expect(!trail.of(user).ranges.isEmpty, "\(user.name)")
        }
      }
    }

    @Test func aPrivateMappingOfOneDoesNotOpenTheDocumentToTheOther() throws {
      try withStandardVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let descriptor = try all.open(vault.path("/open/letter"))
        let mapping = try all.does("mmap", descriptor, 0, 10, "private")[0]
        #expect(try Content(all.does("peek", mapping, 0, 10)).text == "the letter")

        // The other reads by mapping while the first holds its own; then loses the right, while the first keeps reading.
        let own = try partial.open(vault.path("/open/letter"))
        let ownMapping = try partial.does("mmap", own, 0, 10, "private")[0]
        #expect(try Content(partial.does("peek", ownMapping, 0, 10)).text == "the letter")
        try vault.revoke(from: vault.users.partial, on: "/open")
        let seen = try eventually(within: 2) { try partial.does("peek", ownMapping, 0, 10).first == "fault" }
        #expect(seen, "the kernel's pages outlived the right")
        #expect(try Content(all.does("peek", mapping, 0, 10)).text == "the letter")
        #expect(try partial.tries("pread", own, 0, 10) == "EACCES")

        // And a document that the other may not open at all is not opened by pages that are there already.
        let secret = try all.open(vault.path("/closed/letter"))
        let secretMapping = try all.does("mmap", secret, 0, 10, "private")[0]
        try all.does("peek", secretMapping, 0, 10)
        #expect(try partial.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
        let trail = try vault.trail().at("/open/letter").actions("PAGES")
        #expect(!trail.of(vault.users.all).isEmpty && !trail.of(vault.users.partial).isEmpty)
      }
    }

    @Test func eachUserHasTheirOwnNodeOfADocument() throws {
      try withStandardVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let one = try all.attributes(of: vault.path("/open/letter"))
        let other = try partial.attributes(of: vault.path("/open/letter"))
        #expect(one["ino"] != other["ino"])
        #expect(try all.attributes(of: vault.path("/open/letter"))["ino"] == one["ino"])
        #expect(try all.attributes(of: vault.path("/open"))["ino"] == partial.attributes(of: vault.path("/open"))["ino"])
        for key in ["size", "mode", "uid", "gid", "mtime"] { #expect(one[key] == other[key], "\(key)") }
      }
    }

    // MARK: Row 28: handles in other hands

    @Test func aPassedDescriptorIsJudgedForWhoUsesIt() throws {
      try withStandardVault { vault in
        let (all, partial, none) =
          (try vault.actor(vault.users.all), try vault.actor(vault.users.partial), try vault.actor(vault.users.none))
        for (path, receiver, outcome) in [
          ("/open/letter", partial, "ok"), ("/closed/letter", partial, "EACCES"), ("/open/letter", none, "EACCES"),
        ] {
          let descriptor = try all.open(vault.path(path))
          _ = try all.reads(descriptor)
          let box = try receiver.does("mailbox", "passed\(path)\(receiver.id)")[0]
          try all.does("send", "passed\(path)\(receiver.id)", descriptor)
          let received = Int(try receiver.does("receive", box)[0])!
          try all.close(descriptor)
          #expect(try receiver.tries("pread", received, 0, 10) == outcome, "\(path) in the hands of \(receiver.user.name)")
          if outcome != "ok" {
            #expect(try receiver.tries("sendfile", received, 0, 10) != "ok")
            #expect(try receiver.tries("seek", received, 0, "data") == "EACCES")
            #expect(try receiver.tries("fgetxattr", received, "user.strongroom.why") != "ok")
            #expect(try receiver.tries("open", "/proc/self/fd/\(received)", "r") != "ok")
            #expect(try receiver.tries("lock", received, "flock", "r", 0, 0) == "EACCES")
          }
          try receiver.does("close", received)
        }
        let refusals = try vault.trail().at("/closed/letter").of(vault.users.partial).refusals
        #expect(refusals.contains { $0.errno == "EACCES" && $0.opener == vault.users.all.name })
      }
    }

    @Test func aWritableDescriptorInOtherHandsWritesNothing() throws {
      try withStandardVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let descriptor = try all.open(vault.path("/open/letter"), "rw")
        let box = try partial.does("mailbox", "writable\(partial.id)")[0]
        try all.does("send", "writable\(partial.id)", descriptor)
        let received = try partial.does("receive", box)[0]
        #expect(try partial.tries("pwrite", received, 0, "XXX") == "EACCES")
        #expect(try partial.tries("ftruncate", received, 0) == "EACCES")
        #expect(try partial.tries("fallocate", received, "punch", 0, 4) == "EACCES")
        #expect(try partial.tries("fchmod", received, "0777") == "EPERM")
        #expect(try partial.tries("fsetxattr", received, "user.x", "y") == "EACCES")
        #expect(try partial.tries("pread", received, 0, 10) == "ok")
        #expect(try all.reads(descriptor).text == "the letter in /open")
      }
    }

    @Test func aPassedFolderListsForWhoUsesIt() throws {
      try withStandardVault { vault in
        let (all, none) = (try vault.actor(vault.users.all), try vault.actor(vault.users.none))
        let descriptor = try all.open(vault.path("/open"), "r,directory")
        let box = try none.does("mailbox", "folder\(none.id)")[0]
        try all.does("send", "folder\(none.id)", descriptor)
        let received = try none.does("receive", box)[0]
        #expect(try none.tries("getdents", received) == "EACCES")
        #expect(try none.tries("openat", received, "letter", "r") == "ENOENT")
        #expect(try none.tries("statx", received, "letter", "dont-sync") == "ENOENT")
      }
    }

    @Test func anInheritedDescriptorIsJudgedForTheChild() throws {
      try withStandardVault { vault in
        // Root lends itself the editor's identity to open, then becomes another user for good: a setuid program's way.
        let process = try vault.actor(TestUsers.root)
        try process.does("fsuid", vault.users.all.uid, vault.users.all.gid, vault.users.all.groupList)
        let closed = try process.open(vault.path("/closed/letter"))
        let open = try process.open(vault.path("/open/letter"))
        #expect(try process.reads(closed).text == "the letter in /closed")
        try process.does("fsuid", 0, 0, "-")
        #expect(try process.tries("pread", closed, 0, 10) == "EACCES", "root has no rights of its own")
        try process.does("become", vault.users.partial.uid, vault.users.partial.gid, vault.users.partial.groupList)
        #expect(try process.tries("pread", closed, 0, 10) == "EACCES")
        #expect(try process.reads(open).text == "the letter in /open")
      }
    }

    @Test func aHandleIsJudgedForItsOpenerToo() throws {
      try withStandardVault { vault in
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let descriptor = try partial.open(vault.path("/open/letter"))
        let box = try all.does("mailbox", "opener\(all.id)")[0]
        try partial.does("send", "opener\(all.id)", descriptor)
        let received = Int(try all.does("receive", box)[0])!
        #expect(try all.reads(received).text == "the letter in /open")
        let records = try vault.trail().at("/open/letter").of(vault.users.all).actions("READ")
        #expect(records.contains { $0.opener == vault.users.partial.name })
        try vault.revoke(from: vault.users.partial, on: "/open")
        #expect(try all.tries("pread", received, 0, 10) == "EACCES")
        #expect(try all.reads(vault.path("/open/letter")).text == "the letter in /open")
      }
    }

    @Test func descriptorsUnderProcAreNoWayRound() throws {
      try withStandardVault { vault in
        let (root, none) = (try vault.actor(TestUsers.root), try vault.actor(vault.users.none))
        let all = try vault.actor(vault.users.all)
        let descriptor = try all.open(vault.path("/closed/letter"))
        let pathOnly = try all.open(vault.path("/closed/letter"), "path")
        #expect(try none.tries("open", "/proc/\(all.id)/fd/\(descriptor)", "r") != "ok")
        for number in [descriptor, pathOnly] {
          #expect(try root.tries("open", "/proc/\(all.id)/fd/\(number)", "r") != "ok", "root reopens what a user has open")
        }
        // The user's own descriptors open again, with the right judged again.
        let again = try all.open("/proc/self/fd/\(pathOnly)")
        #expect(try all.reads(again).text == "the letter in /closed")
      }
    }

    // MARK: What the kernel tells

    @Test func inotifyTellsOnlyWhatIsStated() throws {
      try withStandardVault { vault in
        let (all, none) = (try vault.actor(vault.users.all), try vault.actor(vault.users.none))
        #expect(try none.tries("watch", vault.path("/closed")) == "ENOENT")
        #expect(try none.tries("watch", vault.path("/closed/letter")) == "ENOENT")
        // The root is everybody's: what the kernel itself tells of names there is in the threat model. Nothing below it is told.
        let watch = try none.does("watch", vault.mountpoint)[0]
        _ = try all.reads(vault.path("/closed/letter"))
        try all.writes("x", to: vault.path("/closed/another"))
        let told = try none.does("events", watch, 200).compactMap { $0.split(separator: ":", maxSplits: 1).last.map(String.init) }
        #expect(Set(told).isSubset(of: ["closed", "open"]), "\(told)")
        #expect(!told.contains("letter") && !told.contains("another"))
      }
    }

    @Test func attributesOfTheRootAreToldByTheKernelOnlyAsStated() throws {
      try withStandardVault { vault in
        let (all, none) = (try vault.actor(vault.users.all), try vault.actor(vault.users.none))
        let told = try all.attributes(of: vault.mountpoint)
        // Without a word from us the kernel shows what it was told last (stated in the threat model).
        let kept = Actor.pairs(try none.does("statx", "cwd", vault.mountpoint, "dont-sync"))
        #expect(told["mtime"] != "0" && kept["mtime"] == told["mtime"])
        // Whoever asks us is told the constants; and below the root the way there is looked up, so that these are what is kept.
        #expect(try none.attributes(of: vault.mountpoint)["mtime"] == "0")
        try vault.grant("list", on: "/open", to: vault.users.none)
        try vault.revoke(from: vault.users.none, on: "/open")
        _ = try all.attributes(of: vault.path("/open"))
        #expect(try none.tries("statx", "cwd", vault.path("/open"), "dont-sync") == "ENOENT")
      }
    }

    @Test func getcwdOfAUserIsTheirOwnMatter() throws {
      try withStandardVault { vault in
        let (all, none) = (try vault.actor(vault.users.all), try vault.actor(vault.users.none))
        try all.does("chdir", vault.path("/closed"))
        _ = try none.tries("stat", vault.path("/closed"))
        // The refused lookup may have unhashed the folder's name (stated); the next one brings it back.
        try all.does("stat", vault.path("/closed"))
        #expect(try eventually(within: 2) { try all.tries("getcwd") == "ok" })
        try all.does("chdir", "/")
      }
    }

    @Test func twoWritersAppendWithoutLosingEachOther() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        try vault.grant("editor", on: "/open", to: vault.users.partial)
        let partial = try vault.actor(vault.users.partial)
        try all.writes("", to: vault.path("/open/log"))
        let (one, other) = (
          try all.open(vault.path("/open/log"), "w,append"), try partial.open(vault.path("/open/log"), "w,append")
        )
        for _ in 0..<50 {
          try all.does("write", one, "aaaa\n")
          try partial.does("write", other, "bbbb\n")
        }
        let content = try all.reads(vault.path("/open/log"))
        #expect(content == Content(of: String(repeating: "aaaa\nbbbb\n", count: 50)))
        #expect(try partial.reads(vault.path("/open/log")) == content)
      }
    }
  }
}
