import Foundation
import Testing

extension MountedTests {
  /// Rights that change while things are open; who has none; who may change them.
  @Suite struct Rights {
    @Test func revokingCutsOffAHandleThatIsOpen() throws {
      try withStandardVault { vault in
        let partial = try vault.actor(vault.users.partial)
        let descriptor = try partial.open(vault.path("/open/letter"))
        let folder = try partial.open(vault.path("/open"), "r,directory")
        #expect(try partial.reads(descriptor).text == "the letter in /open")
        try vault.revoke(from: vault.users.partial, on: "/open")
        #expect(try partial.tries("pread", descriptor, 0, 10) == "EACCES")
        #expect(try partial.tries("getdents", folder) == "EACCES")
        #expect(try partial.tries("open", vault.path("/open/letter"), "r") == "ENOENT")
        #expect(try partial.names(in: vault.mountpoint) == [])
        // Granting again opens the same handle again.
        try vault.grant("reader", on: "/open", to: vault.users.partial)
        #expect(try partial.reads(descriptor).text == "the letter in /open")

        let records = try vault.trail().of(vault.users.partial).at("/open/letter")
        #expect(records.refusals.contains { $0.errno == "EACCES" })
      }
    }

    @Test func revokingEditCutsOffAWriter() throws {
      try withStandardVault { vault in
        try vault.grant("editor", on: "/open", to: vault.users.none)
        let writer = try vault.actor(vault.users.none)
        let descriptor = try writer.open(vault.path("/open/letter"), "rw")
        try writer.does("pwrite", descriptor, 0, "THE")
        try vault.revoke(from: vault.users.none, on: "/open")
        #expect(try writer.tries("pwrite", descriptor, 0, "!!!") == "EACCES")
        #expect(try writer.tries("ftruncate", descriptor, 0) == "EACCES")
        // What needs no right still ends well.
        #expect(try writer.tries("fsync", descriptor) == "ok")
        try writer.close(descriptor)
        #expect(try vault.actor(vault.users.all).reads(vault.path("/open/letter")).text == "THE letter in /open")
      }
    }

    @Test func aGrantEndsInTheMiddleOfReading() throws {
      try withStandardVault { vault in
        let end = Date().addingTimeInterval(2)
        let text = ISO8601DateFormatter().string(from: end.addingTimeInterval(1))
        try vault.grant("reader", on: "/closed", to: vault.users.none, until: text)
        let reader = try vault.actor(vault.users.none)
        let descriptor = try reader.open(vault.path("/closed/letter"))
        #expect(try reader.reads(descriptor).text == "the letter in /closed")
        #expect(try eventually(within: 6) { try reader.tries("pread", descriptor, 0, 3) == "EACCES" })
        #expect(Date() >= end, "it ended before its time")
        #expect(try reader.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
      }
    }

    @Test func aGrantThatHasNotBegunGivesNothing() throws {
      try withStandardVault { vault in
        let tomorrow = ISO8601DateFormatter().string(from: Date().addingTimeInterval(86_400))
        try vault.grant("reader", on: "/closed", to: vault.users.none.principal, from: tomorrow)
        #expect(try vault.actor(vault.users.none).tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
      }
    }

    @Test func rootIsAUserLikeAnyOther() throws {
      try withStandardVault { vault in
        let root = try vault.actor(TestUsers.root)
        #expect(try root.names(in: vault.mountpoint) == [])
        #expect(try root.tries("stat", vault.path("/open")) == "ENOENT")
        #expect(try root.tries("open", vault.path("/open/letter"), "r") == "ENOENT")
        #expect(try root.tries("mkdir", vault.path("/new")) == "EACCES")
        try vault.grant("reader", on: "/open", to: "user:root")
        #expect(try root.reads(vault.path("/open/letter")).text == "the letter in /open")
        #expect(try root.tries("open", vault.path("/open/letter"), "w") == "EACCES")
      }
    }

    @Test func theAdministratorReadsNothingByBeingOne() throws {
      try withStandardVault { vault in
        let administrator = try vault.actor(vault.users.administrator)
        #expect(try administrator.tries("stat", vault.path("/open")) == "ok")
        #expect(try administrator.tries("open", vault.path("/open/letter"), "r") != "ok")
        #expect(try administrator.tries("open", vault.path("/open/new"), "w,create") == "EACCES")
        // Nobody gives themselves rights that count.
        _ = try vault.strongroom(
          [
            "grant", "add", vault.path("/open"), "--to", vault.users.administrator.principal, "--rights", "reader", "--reason",
            "me",
          ],
          as: vault.users.administrator)
        #expect(try administrator.tries("open", vault.path("/open/letter"), "r") != "ok")
      }
    }

    @Test func aGroupGivesToItsMembers() throws {
      try withStandardVault { vault in
        try vault.grant("reader", on: "/closed", to: "group:" + Machine.groupName)
        #expect(try vault.actor(vault.users.partial).reads(vault.path("/closed/letter")).text == "the letter in /closed")
        #expect(try vault.actor(vault.users.none).tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
        // Groups that a process claims are not those that the system knows.
        let claims = try vault.actor(TestUsers.root)
        let group = try Programs.mustRun(["getent", "group", Machine.groupName]).split(separator: ":")[2]
        try claims.does("become", vault.users.none.uid, vault.users.none.gid, group)
        #expect(try claims.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
      }
    }

    @Test func aBarrierLeavesNothing() throws {
      try withStandardVault { vault in
        let partial = try vault.actor(vault.users.partial)
        let descriptor = try partial.open(vault.path("/open/letter"))
        let barrier = try vault.addBarrier(against: vault.users.partial.principal, on: "/open")
        #expect(try partial.tries("pread", descriptor, 0, 10) == "EACCES")
        #expect(try partial.tries("stat", vault.path("/open")) == "ENOENT")
        try vault.removeBarrier(barrier)
        #expect(try partial.reads(descriptor).text == "the letter in /open")
        let refusals = try vault.trail().of(vault.users.partial).at("/open/letter").refusals
        #expect(!refusals.isEmpty)
      }
    }

    @Test func aFolderAboveAVisibleOneIsBare() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let all = try vault.actor(vault.users.all)
        for folder in ["/clients", "/clients/张伟 (10086)", "/clients/Acme Holdings"] {
          try all.does("mkdir", vault.path(folder))
          try all.writes("of \(folder)", to: vault.path(folder + "/合同.txt"))
        }
        try all.does("setxattr", vault.path("/clients"), "user.color", "red")
        try vault.grant("reader", on: "/clients/张伟 (10086)", to: vault.users.partial)
        let partial = try vault.actor(vault.users.partial)
        #expect(try partial.names(in: vault.path("/clients")) == ["张伟 (10086)"])
        #expect(try partial.reads(vault.path("/clients/张伟 (10086)/合同.txt")).text == "of /clients/张伟 (10086)")
        #expect(try partial.tries("stat", vault.path("/clients/Acme Holdings")) == "ENOENT")
        #expect(try partial.tries("getxattr", vault.path("/clients"), "user.color") == "ENODATA")
        #expect(try partial.does("listxattr", vault.path("/clients")).contains("user.color") == false)
        #expect(try partial.tries("open", vault.path("/clients/new"), "w,create") == "EACCES")
        // Its attributes are constants, whatever happens in it.
        let before = try partial.attributes(of: vault.path("/clients"))
        try all.does("mkdir", vault.path("/clients/another"))
        try all.does("chmod", vault.path("/clients"), "0700")
        #expect(try partial.attributes(of: vault.path("/clients")) == before)
      }
    }

    @Test func rulesMoveWithTheirFolder() throws {
      try withStandardVault { vault in
        try vault.grant("grant", on: "/", to: vault.users.all)
        let (all, partial) = (try vault.actor(vault.users.all), try vault.actor(vault.users.partial))
        try all.does("rename", vault.path("/open"), vault.path("/opened"))
        #expect(try partial.reads(vault.path("/opened/letter")).text == "the letter in /open")
        #expect(try partial.tries("stat", vault.path("/open")) == "ENOENT")
      }
    }

    @Test func rightsOutliveARemount() throws {
      try withStandardVault { vault in
        try vault.remount()
        let (partial, none) = (try vault.actor(vault.users.partial), try vault.actor(vault.users.none))
        #expect(try partial.reads(vault.path("/open/letter")).text == "the letter in /open")
        #expect(try partial.tries("stat", vault.path("/closed")) == "ENOENT")
        #expect(try none.names(in: vault.mountpoint) == [])
      }
    }

    @Test func onlyWhoHoldsGrantChangesRights() throws {
      try withStandardVault { vault in
        for user in [vault.users.partial, vault.users.all] {
          let tried = try vault.strongroom(
            ["grant", "add", vault.path("/open"), "--to", vault.users.none.principal, "--rights", "reader", "--reason", "no"],
            as: user)
          #expect(tried.status == 4, "\(user.name): \(tried.all)")
        }
        // For someone who does not see the folder it does not exist.
        let hidden = try vault.strongroom(
          ["grant", "add", vault.path("/closed"), "--to", vault.users.none.principal, "--rights", "reader", "--reason", "no"],
          as: vault.users.none)
        let absent = try vault.strongroom(
          ["grant", "add", vault.path("/absent"), "--to", vault.users.none.principal, "--rights", "reader", "--reason", "no"],
          as: vault.users.none)
        #expect(hidden.status == absent.status && hidden.status != 0)
        #expect(
          hidden.standardError.replacingOccurrences(of: "closed", with: "absent") == absent.standardError,
          "hidden and absent differ")
        #expect(try vault.actor(vault.users.none).tries("stat", vault.path("/open")) == "ENOENT")
      }
    }

    @Test func dutiesAreKeptApart() throws {
      try withStandardVault { vault in
        let (administrator, other, reviewer, stranger) =
          (vault.users.administrator, vault.users.all, vault.users.partial, vault.users.none)
        func duty(_ words: String..., as user: TestUser?) throws -> Output {
          try vault.strongroom(["duty"] + words + ["--vault", vault.mountpoint, "--reason", "mounted test"], as: user)
        }
        func ask(_ words: String..., as user: TestUser?) throws -> Output {
          try vault.strongroom(words + ["--vault", vault.mountpoint], as: user)
        }
        // Root is nobody here, and the second administrator needs the first.
        #expect(try duty("add", "administrator", other.principal, as: nil).status == 4)
        #expect(try duty("add", "administrator", other.principal, as: other).status == 4)
        #expect(try duty("add", "administrator", other.principal, as: administrator).status == 0)
        let own = try duty("remove", "administrator", administrator.principal, as: administrator)
        #expect(own.status == 4, "\(own.all)")
        let both = try duty("add", "reviewer", other.principal, as: administrator)
        #expect(both.status == 4)
        #expect(both.standardError.contains("\(other.principal) would be both administrator and reviewer"), "\(both.all)")
        #expect(try duty("remove", "administrator", other.principal, as: administrator).status == 0)
        let last = try vault.strongroom(
          ["grant", "revoke", "1", "--vault", vault.mountpoint, "--reason", "r"], as: administrator)
        #expect(last.status != 0)

        // A group brings together what may not be: refused in use, and listed.
        #expect(try duty("add", "reviewer", "group:" + Machine.groupName, as: administrator).status == 0)
        #expect(try ask("access", "conflicts", as: administrator).status == 0)
        #expect(try duty("add", "operator", stranger.principal, as: administrator).status == 0)
        try Programs.mustRun(["usermod", "--append", "--groups", Machine.groupName, stranger.name])
        defer { _ = try? Programs.run(["gpasswd", "-d", stranger.name, Machine.groupName]) }
        #expect(
          try eventually(within: 12) {
            let found = try ask("access", "conflicts", as: administrator)
            return found.status == 3 && found.standardOutput.contains(stranger.principal)
          })
        let refused = try vault.strongroom(["key", "list", vault.mountpoint], as: stranger)
        #expect(refused.status == 4, "\(refused.all)")
        #expect(refused.standardError.contains("would be both reviewer and operator"), "\(refused.all)")
        #expect(!refused.standardError.contains("{"))

        // Who may ask for what.
        #expect(try vault.strongroom(["key", "list", vault.mountpoint]).status == 0)
        #expect(try vault.strongroom(["key", "list", vault.mountpoint], as: other).status == 4)
        #expect(try vault.strongroom(["key", "list", vault.mountpoint], as: administrator).status == 4)
        #expect(try ask("reviewer", "list", as: other).status == 4)
        #expect(try ask("reviewer", "list", as: reviewer).status == 0)
        #expect(try ask("reviewer", "list", as: administrator).status == 0)
        let ordinary = try #require(JSON(try vault.mustStrongroom(["status", vault.mountpoint, "--json"], as: other)))
        #expect(ordinary["grantCount"] == nil && ordinary["configuration"] == nil && ordinary["nodeCount"] == nil)
        #expect(ordinary["mountpoint"]?.text == vault.mountpoint)
        let officer = try #require(JSON(try vault.mustStrongroom(["status", vault.mountpoint, "--json"], as: reviewer)))
        #expect(officer["grantCount"]?.number == 3)
        let seen = try ask("duty", "list", "--json", as: other)
        #expect(seen.status == 0 && seen.standardOutput.isEmpty, "\(seen.all)")
        #expect(try ask("duty", "list", "--json", as: reviewer).standardOutput.split(separator: "\n").count == 3)
        // Whoever keeps the machine does not let themself read the trail.
        let pub = vault.identity + ".pub"
        #expect(try ask("reviewer", "add", pub, "--label", "again", as: nil).status == 4)
        let known = try ask("reviewer", "add", pub, "--label", "again", as: administrator)
        #expect(known.status == 1 && known.standardError.contains("there already"), "\(known.all)")

        let records = try vault.trail(["--action", "DUTY"])
        #expect(records.map { $0.detail("change") ?? "" } == ["given", "given", "taken", "given", "given"])
        #expect(records.last?.user == administrator.name && records.last?.detail("duty") == "operator")
        try vault.remount()
        #expect(try ask("duty", "list", "--json", as: administrator).standardOutput.split(separator: "\n").count == 3)
      }
    }

    @Test func grantsGoOutAndComeInAsAFile() throws {
      try withStandardVault { vault in
        let file = vault.folder + "/grants.csv"
        func imports(_ text: String, _ options: [String] = []) throws -> Output {
          try Data(text.utf8).write(to: URL(fileURLWithPath: file))
          return try vault.strongroom(
            ["grant", "import", file, "--vault", vault.mountpoint, "--reason", "bulk"] + options, as: vault.users.administrator)
        }
        let exported = try vault.mustStrongroom(
          ["grant", "export", "--vault", vault.mountpoint], as: vault.users.administrator)
        let again = try imports(exported, ["--prune", "relative"])
        #expect(again.status == 2, "no path of a vault: \(again.all)")
        let same = try imports(exported, ["--prune", "/"])
        #expect(same.status == 0 && same.standardOutput.isEmpty, "\(same.all)")
        #expect(same.standardError == "0 given, 0 replaced, 0 revoked, 3 as they were\n")

        let none = try vault.actor(vault.users.none)
        let more = exported + ",/closed,\(vault.users.none.principal),reader,,,more,,,\r\n"
        let dry = try imports(more, ["--dry-run"])
        #expect(dry.standardOutput.hasPrefix("+ new grant: /closed \(vault.users.none.principal) reader"), "\(dry.all)")
        #expect(try none.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
        // One line that cannot be done, and none is.
        let bad = try imports(more + ",/open,user:nobody-has-this-name,reader,,,more,,,\r\n")
        #expect(bad.status == 1, "\(bad.all)")
        #expect(bad.standardError.contains("line 6: the system knows no 'user:nobody-has-this-name'"), "\(bad.all)")
        #expect(try none.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
        let own = try imports(more + ",/open,\(vault.users.administrator.principal),reader,,,more,,,\r\n")
        #expect(own.status == 4 && own.standardError.contains("line 6: nobody gives rights to themselves"), "\(own.all)")
        #expect(try none.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")

        #expect(try imports(more).status == 0)
        #expect(try none.reads(vault.path("/closed/letter")).text == "the letter in /closed")
        #expect(try imports(exported, ["--prune", "/closed"]).status == 0)
        #expect(try none.tries("open", vault.path("/closed/letter"), "r") == "ENOENT")
        let others = try vault.strongroom(
          ["grant", "import", file, "--vault", vault.mountpoint, "--reason", "mine"], as: vault.users.all)
        #expect(others.status != 0 && !others.standardError.contains("{"), "\(others.all)")
      }
    }

    @Test func whyNamesTheGrantThatDecided() throws {
      try withStandardVault { vault in
        let grant = try vault.grant("reader", on: "/closed", to: vault.users.none)
        let why = try vault.actor(vault.users.none).does("getxattr", vault.path("/closed/letter"), "user.strongroom.why")[0]
        #expect(why.contains("\(grant)"), "\(why)")
        #expect(!why.contains("\0"))
        let said = try vault.mustStrongroom(
          ["access", "explain", vault.users.none.principal, "read", vault.path("/closed"), "--json"],
          as: vault.users.administrator)
        let report = try #require(JSON(said))
        #expect(report["verdict"]?.text == "allowed")
        #expect(report["decided"]?.list.contains { $0["id"]?.number == grant } == true, "\(said)")
      }
    }

    @Test func aPrivateMountIsOneUsersOwn() throws {
      let vault = try TestVault()
      defer { vault.close() }
      try vault.create()
      try vault.mount()
      try vault.grant("editor", on: "/", to: vault.users.all)
      try vault.grant("editor", on: "/", to: vault.users.partial)
      try vault.actor(vault.users.all).writes("mine", to: vault.path("/letter"))
      try vault.unmount()
      try vault.mount(user: vault.users.all)
      let (all, partial, root) =
        (try vault.actor(vault.users.all), try vault.actor(vault.users.partial), try vault.actor(TestUsers.root))
      #expect(try all.reads(vault.path("/letter")).text == "mine")
      #expect(try partial.tries("stat", vault.path("/letter")) == "EACCES")
      #expect(try root.tries("stat", vault.path("/letter")) == "EACCES")
      // Renaming and removing folders invalidates what is cached, from within the operation.
      #expect(try all.tries("mkdir", vault.path("/old")) == "ok")
      #expect(try all.tries("rename", vault.path("/old"), vault.path("/new")) == "ok")
      #expect(try all.tries("stat", vault.path("/old")) == "ENOENT")
      #expect(try all.tries("rmdir", vault.path("/new")) == "ok")
      // Entries are cached there, and revoking invalidates them.
      let descriptor = try all.open(vault.path("/letter"))
      try vault.revoke(from: vault.users.all, on: "/")
      #expect(try all.tries("pread", descriptor, 0, 4) == "EACCES")
      #expect(try all.tries("stat", vault.path("/letter")) == "ENOENT")
      #expect(try all.tries("statx", "cwd", vault.path("/letter"), "dont-sync") == "ENOENT")
    }
  }
}
