import Testing

extension MountedTests {
  /// Locks are kept by the mount, since the kernel would give both users the same one.
  @Suite struct Locks {
    private func withLetter(_ body: (TestVault, Actor, Actor, Int, Int) throws -> Void) throws {
      try withStandardVault { vault in
        try vault.grant("editor", on: "/open", to: vault.users.partial)
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        let path = vault.path("/open/letter")
        try body(vault, all, partial, all.open(path, "rw"), partial.open(path, "rw"))
      }
    }

    @Test(arguments: ["flock", "posix", "ofd"]) func twoUsersExcludeEachOther(kind: String) throws {
      try withLetter { _, all, partial, one, other in
        try all.does("lock", one, kind, "w", 0, 0)
        #expect(try partial.tries("lock", other, kind, "w", 0, 0) == "EAGAIN")
        #expect(try partial.tries("lock", other, kind, "r", 0, 0) == "EAGAIN")
        try all.does("lock", one, kind, "u", 0, 0)
        try partial.does("lock", other, kind, "r", 0, 0)
        #expect(try all.tries("lock", one, kind, "r", 0, 0) == "ok")
        #expect(try all.tries("lock", one, kind, "w", 0, 0) == "EAGAIN")
        try partial.close(other)
        #expect(try all.tries("lock", one, kind, "w", 0, 0) == "ok", "closing drops the lock")
      }
    }

    @Test(arguments: ["flock", "posix", "ofd"]) func aWaitingLockComesWhenTheOtherGoes(kind: String) throws {
      try withLetter { vault, all, partial, one, other in
        try all.does("lock", one, kind, "w", 0, 0)
        try partial.does("wait-lock", other, kind, "w", 0, 0)
        #expect(try partial.tries("lock-result", 100) == "ETIMEDOUT")
        // Who waits holds nobody up: the mount goes on for both.
        #expect(try partial.reads(vault.path("/open/letter")).text == "the letter in /open")
        #expect(try all.reads(one).text == "the letter in /open")
        try all.does("lock", one, kind, "u", 0, 0)
        #expect(try partial.tries("lock-result", 5000) == "ok")
        #expect(try all.tries("lock", one, kind, "r", 0, 0) == "EAGAIN")
      }
    }

    @Test(arguments: ["flock", "posix", "ofd"]) func aWaitingLockObeysASignal(kind: String) throws {
      try withLetter { _, all, partial, one, other in
        try all.does("lock", one, kind, "w", 0, 0)
        try partial.does("wait-lock", other, kind, "w", 0, 0)
        #expect(try partial.tries("lock-result", 100) == "ETIMEDOUT")
        try partial.does("interrupt-lock")
        #expect(try partial.tries("lock-result", 5000) == "EINTR")
      }
    }

    @Test func aProcessThatDiesDropsItsLocks() throws {
      try withLetter { _, all, partial, one, other in
        try all.does("lock", one, "posix", "w", 0, 0)
        try partial.does("wait-lock", other, "posix", "w", 0, 0)
        all.end()
        #expect(try partial.tries("lock-result", 5000) == "ok")
      }
    }

    @Test func rangesAreKeptApartAndTold() throws {
      try withLetter { _, all, partial, one, other in
        try all.does("lock", one, "posix", "w", 0, 10)
        try partial.does("lock", other, "posix", "w", 10, 10)
        #expect(try partial.tries("lock", other, "posix", "r", 5, 1) == "EAGAIN")
        let inTheWay = try partial.does("getlock", other, "posix", "w", 0, 5)
        #expect(Array(inTheWay.prefix(3)) == ["w", "0", "10"])
        #expect(inTheWay[3] != "\(all.id)", "another user's process is not told")
        try all.does("lock", one, "posix", "u", 2, 4)
        try partial.does("lock", other, "posix", "r", 3, 2)
        #expect(try partial.tries("lock", other, "posix", "r", 0, 2) == "EAGAIN")
        #expect(try partial.tries("lock", other, "posix", "r", 7, 1) == "EAGAIN")
      }
    }

    @Test func aLockNeedsItsRightNow() throws {
      try withLetter { vault, _, partial, _, other in
        try partial.does("lock", other, "flock", "w", 0, 0)
        try partial.does("lock", other, "flock", "u", 0, 0)
        try vault.revoke(from: vault.users.partial, on: "/open")
        #expect(try partial.tries("lock", other, "flock", "r", 0, 0) == "EACCES")
        #expect(try partial.tries("lock", other, "posix", "w", 0, 1) == "EACCES")
        #expect(try partial.tries("lock", other, "flock", "u", 0, 0) == "ok", "unlocking needs no right")
      }
    }
  }
}
