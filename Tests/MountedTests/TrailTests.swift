import Foundation
import Glibc
import Testing

extension MountedTests {
  /// What the reviewer reads afterwards, and what happens when it cannot be written.
  @Suite struct Trail {
    @Test func aReadNamesItsExactRangeEachTime() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        let descriptor = try all.open(vault.path("/open/document"), "rw,create")
        try all.does("fill", descriptor, 0, 300_000, 1)
        try all.does("fsync", descriptor)
        try all.close(descriptor)
        let partial = try vault.actor(vault.users.partial)
        let reader = try partial.open(vault.path("/open/document"))
        let ranges = [
          (0, 100), (0, 100), (1, 1), (16_383, 2), (131_071, 131_074), (299_990, 100), (400_000, 10), (0, 300_000), (0, 100),
        ]
        for (offset, asked) in ranges { _ = try partial.reads(reader, at: offset, count: asked) }
        let expected = ranges.map { offset, asked in
          TrailRecord.Range(offset: offset, asked: asked, returned: max(0, min(asked, 300_000 - offset)))
        }
        // In the trail file before the reply: no need to close or wait.
        let records = try vault.trail(["--user", vault.users.partial.name]).at("/open/document")
        #expect(records.ranges == expected)
        let open = try #require(records.actions("OPEN").first)
        #expect(open.outcome == "done" && open.process == Int(partial.id) && open.decision != nil)
        #expect(Set(records.actions("READ").map(\.handle)) == [open.handle])

        try partial.close(reader)
        #expect(
          try eventually { try vault.trail(["--action", "release"]).of(vault.users.partial).at("/open/document").count == 1 })
      }
    }

    @Test func everyKindOfThingIsRecorded() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        try all.does("mkdir", vault.path("/open/new"))
        try all.writes("words", to: vault.path("/open/new/document"))
        try all.does("rename", vault.path("/open/new/document"), vault.path("/open/new/文件"))
        _ = try all.names(in: vault.path("/open/new"))
        try all.does("unlink", vault.path("/open/new/文件"))
        try vault.revoke(from: vault.users.partial, on: "/open")
        let barrier = try vault.addBarrier(against: vault.users.none.principal, on: "/closed")
        try vault.removeBarrier(barrier)
        try vault.setBoundary(on: "/closed")
        try vault.remount()

        let trail = try vault.trail()
        let actions = Set(trail.map(\.action))
        for action in [
          "MOUNT", "UNMOUNT", "OPEN", "WRITE", "RELEASE", "LIST", "CREATE", "RENAME", "REMOVE", "GRANT", "REVOKE", "BARRIER",
          "BOUNDARY",
        ] { #expect(actions.contains(action), "\(action) is missing") }
        #expect(trail.actions("LIST").at("/open/new").of(vault.users.all).first?.count == 1)
        #expect(trail.actions("RENAME").contains { $0.path == "/open/new/document" && $0.newPath == "/open/new/文件" })
        #expect(trail.actions("REMOVE").at("/open/new/文件").of(vault.users.all).count == 1)
        #expect(trail.actions("GRANT").allSatisfy { $0.outcome == "refused" || !$0.user.isEmpty })
        // Filters of the query agree with the whole.
        let some = try vault.trail(["--user", vault.users.all.name, "--action", "write", "--outcome", "done", "--path", "/open"])
        #expect(!some.isEmpty)
        #expect(some.allSatisfy { $0.action == "WRITE" && $0.user == vault.users.all.name && $0.path.hasPrefix("/open") })
      }
    }

    @Test func theTrailVerifiesAgainstItsGenesis() throws {
      try withStandardVault { vault in
        let partial = try vault.actor(vault.users.partial)
        _ = try partial.reads(vault.path("/open/letter"))
        try vault.unmount()
        let trail = vault.vault + "/trail"
        let good = try vault.strongroom(["log", "verify", trail, "--genesis", vault.genesis])
        // The end is not told: consistent, but whether something was cut off cannot be known.
        #expect(good.status == 0 || good.status == 3, "\(good.all)")
        let other = String(repeating: "0", count: vault.genesis.count)
        #expect(try vault.strongroom(["log", "verify", trail, "--genesis", other]).status != 0)
        let noGenesis = try vault.strongroom(["log", "verify", trail])
        #expect(noGenesis.status == 3, "\(noGenesis.all)")

        // One flipped byte in a segment is noticed.
        let segments = try FileManager.default.contentsOfDirectory(atPath: trail).sorted().filter { !$0.contains("signer") }
        for name in segments {
          let path = trail + "/" + name
          guard var bytes = FileManager.default.contents(atPath: path), !bytes.isEmpty else { continue }
          let place = bytes.count / 2
          bytes[place] ^= 1
          try write(bytes, to: path)
          let damaged = try vault.strongroom(["log", "verify", trail, "--genesis", vault.genesis])
          #expect(damaged.status == 13, "a flipped byte in \(name): \(damaged.all)")
          bytes[place] ^= 1
          try write(bytes, to: path)
        }
        #expect(try vault.strongroom(["log", "verify", trail, "--genesis", vault.genesis]).status == good.status)
      }
    }

    /// Overwrites in place, so that owner and mode stay.
    private func write(_ bytes: Data, to path: String) throws {
      let handle = try #require(FileHandle(forUpdatingAtPath: path))
      try handle.write(contentsOf: bytes)
      try handle.close()
    }

    @Test func nobodyButTheReviewerReadsTheTrail() throws {
      try withStandardVault { vault in
        let other = vault.folder + "/other-reviewer"
        try vault.mustStrongroom(["reviewer", "keygen", "-o", other, "--passphrase-file", vault.reviewerPassphraseFile])
        let query = [
          "log", "query", vault.vault + "/trail", "--identity-passphrase-file", vault.reviewerPassphraseFile, "--identity",
        ]
        #expect(try vault.strongroom(query + [other]).status != 0)
        #expect(try vault.strongroom(query + [vault.identity]).status == 0)
        let wrong = vault.folder + "/wrong"
        try vault.writePrivate("not the reviewer's words", to: wrong)
        let refused = try vault.strongroom(
          ["log", "query", vault.vault + "/trail", "--identity", vault.identity, "--identity-passphrase-file", wrong])
        #expect(refused.status == 12, "\(refused.all)")
      }
    }

    @Test func reviewersComeAndGoAndTheLastStays() throws {
      try withStandardVault { vault in
        let other = vault.folder + "/second"
        try vault.mustStrongroom(["reviewer", "keygen", "-o", other, "--passphrase-file", vault.reviewerPassphraseFile])
        func paths(_ identity: String) throws -> String {
          let said = try vault.strongroom([
            "log", "query", vault.vault + "/trail", "--identity", identity, "--identity-passphrase-file",
            vault.reviewerPassphraseFile, "--json",
          ])
          return said.standardOutput
        }
        func create(_ name: String) throws {
          let all = try vault.actor(vault.users.all)
          try all.writes("words", to: vault.path("/open/" + name))
          all.end()
        }
        let reviewer = ["reviewer", "--vault", vault.mountpoint]
        func command(_ name: String, _ rest: [String]) -> [String] { [reviewer[0], name] + rest + reviewer[1...] }
        try create("before")
        let administrator = vault.users.administrator
        let told = try vault.strongroom(command("add", [other + ".pub", "--label", "second"]), as: administrator)
        #expect(told.status == 0 && told.all.components(separatedBy: "can read the trail").count == 2, "\(told.all)")
        try create("between")
        // Only administrators; and nobody who is not there.
        #expect(try vault.strongroom(command("retire", ["second"])).status == 4)
        #expect(try vault.strongroom(command("retire", ["third"]), as: administrator).status == 1)
        try vault.mustStrongroom(command("retire", ["second"]), as: administrator)
        try create("after")
        let seen = try paths(other)
        #expect(!seen.contains("/open/before") && seen.contains("/open/between") && !seen.contains("/open/after"))
        let all = try paths(vault.identity)
        for name in ["before", "between", "after"] { #expect(all.contains("/open/" + name)) }
        #expect(all.contains(#""change":"retire","label":"second""#))
        let last = try vault.strongroom(command("retire", ["reviewer"]), as: administrator)
        #expect(last.status == 1 && last.all.contains("the last reviewer cannot be retired"), "\(last.all)")
        // After a new start too.
        try vault.remount()
        try create("later")
        #expect(try !paths(other).contains("/open/later"))
        #expect(try paths(vault.identity).contains("/open/later"))
      }
    }

    // MARK: When it cannot be written

    @Test func aFullTrailRefusesReadsUntilThereIsRoom() throws {
      let vault = try TestVault()
      defer { vault.close() }
      try vault.create()
      // The trail on a file system of its own, which can be filled.
      let (trail, moved) = (vault.vault + "/trail", vault.folder + "/trail-moved")
      try Programs.mustRun(["mv", trail, moved])
      try Programs.mustRun(["mkdir", "-m", "0700", trail])
      try Programs.mustRun(["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "strongroom-test", trail])
      defer { umount2(trail, Int32(MNT_DETACH)) }
      try Programs.mustRun(["cp", "-a", moved + "/.", trail])
      try vault.mount()
      try vault.grant("editor", on: "/", to: vault.users.all)
      let all = try vault.actor(vault.users.all)
      try all.writes("words", to: vault.path("/letter"))
      let descriptor = try all.open(vault.path("/letter"), "rw")
      // What is on disk already needs no trail to stay there.
      try all.does("fsync", descriptor)

      _ = try Programs.run(["dd", "if=/dev/zero", "of=" + trail + "/filler", "bs=4096"])
      // What was reserved is used up first; then everything is refused.
      let refused = try (0..<400_000).contains { _ in try all.tries("pread", descriptor, 0, 5) == "EIO" }
      #expect(refused, "reads went on without a trail")
      #expect(try all.tries("open", vault.path("/letter"), "r") == "EIO")
      #expect(try all.tries("pwrite", descriptor, 0, "x") == "EIO")
      let status = try vault.strongroom(["status", vault.mountpoint, "--json"])
      #expect(status.status == 3)
      #expect(status.standardOutput.contains("trail-refusing"), "\(status.all)")
      #expect(status.standardOutput.contains("no space left"), "\(status.all)")
      // Never refused: what ends things.
      let second = try vault.actor(vault.users.all)
      #expect(try all.tries("fsync", descriptor) == "ok")
      second.end()

      unlink(trail + "/filler")
      #expect(try eventually(within: 15) { try all.tries("pread", descriptor, 0, 5) == "ok" }, "reads did not resume")
      #expect(try all.reads(descriptor).text == "words", "nothing was written meanwhile")
      #expect(try vault.strongroom(["status", vault.mountpoint]).status == 0)
      try all.close(descriptor)
      let records = try vault.trail()
      #expect(records.at("/letter").ranges.count > 1)
      try vault.unmount()
    }

    @Test func aTrailThatIsGoneRefusesReadsUntilItIsBack() throws {
      try withStandardVault { vault in
        let partial = try vault.actor(vault.users.partial)
        let descriptor = try partial.open(vault.path("/open/letter"))
        let (trail, away) = (vault.vault + "/trail", vault.folder + "/trail-away")
        try Programs.mustRun(["mv", trail, away])
        #expect(
          try eventually(within: 15) { try partial.tries("pread", descriptor, 0, 5) == "EIO" },
          "reads went on without a trail folder")
        #expect(try partial.tries("open", vault.path("/open/letter"), "r") == "EIO")
        let status = try vault.strongroom(["status", vault.mountpoint, "--json"])
        #expect(status.status == 3 && status.standardOutput.contains("trail-refusing"), "\(status.all)")
        try Programs.mustRun(["mv", away, trail])
        #expect(try eventually(within: 15) { try partial.tries("pread", descriptor, 0, 5) == "ok" }, "reads did not resume")
        #expect(try partial.reads(vault.path("/open/letter")).text == "the letter in /open")
      }
    }

    @Test func killMinusNineTakesNoRecordBack() throws {
      try withStandardVault { vault in
        let partial = try vault.actor(vault.users.partial)
        let descriptor = try partial.open(vault.path("/open/letter"))
        for offset in 0..<10 { _ = try partial.reads(descriptor, at: offset, count: 3) }
        try vault.crash()
        let ranges = try vault.trail().of(vault.users.partial).at("/open/letter").ranges
        #expect(ranges == (0..<10).map { TrailRecord.Range(offset: $0, asked: 3, returned: 3) })
        partial.end()
        try vault.mount()
        #expect(try vault.trail().actions("RECOVERY").count == 1)
        let verified = try vault.strongroom(["log", "verify", vault.vault + "/trail", "--genesis", vault.genesis])
        #expect(verified.status == 3 || verified.status == 0, "a crash is no broken trail: \(verified.all)")
      }
    }
  }
}
