import Foundation
import Glibc
import Testing

extension MountedTests {
  /// What people get wrong, and what breaks: a clear message and the exit code of docs/operations.md.
  @Suite struct BadInput {
    private func expect(
      _ output: Output, exits code: Int32, saying words: String..., location: SourceLocation = #_sourceLocation
    ) {
      #expect(output.status == code, "\(output.all)", sourceLocation: location)
      #expect(output.standardError.hasPrefix("strongroom: error: "), "\(output.all)", sourceLocation: location)
      for word in words {
        #expect(output.standardError.contains(word), "“\(word)” is missing: \(output.all)", sourceLocation: location)
      }
    }

    private func withVaultMade(_ body: (TestVault) throws -> Void) throws {
      let vault = try TestVault()
      defer { vault.close() }
      try vault.create()
      try body(vault)
    }

    @Test func wrongPassphrase() throws {
      try withVaultMade { vault in
        let wrong = vault.folder + "/wrong"
        try vault.writePrivate("not the passphrase", to: wrong)
        expect(try vault.strongroom(["mount", vault.vault, vault.mountpoint, "--passphrase-file", wrong]), exits: 12)
        expect(try vault.strongroom(["verify", vault.vault, "--passphrase-file", wrong]), exits: 12)
        #expect(Machine.mounts().isEmpty)
        try vault.mount()
      }
    }

    @Test func aPassphraseFromStandardInput() throws {
      try withVaultMade { vault in
        let mounted = try vault.strongroom(
          ["mount", vault.vault, vault.mountpoint, "--passphrase-file", "-"], input: "correct horse battery staple\n")
        #expect(mounted.status == 0, "\(mounted.all)")
      }
    }

    @Test func noVaultThere() throws {
      try withVaultMade { vault in
        let empty = vault.folder + "/empty"
        mkdir(empty, 0o755)
        for folder in [empty, vault.folder + "/absent"] {
          expect(try vault.strongroom(["mount", folder, vault.mountpoint, "--passphrase-file", vault.passphraseFile]), exits: 10)
          expect(try vault.strongroom(["verify", folder, "--passphrase-file", vault.passphraseFile]), exits: 10)
        }
        expect(try vault.strongroom(["status", empty]), exits: 10)
        expect(try vault.strongroom(["grant", "list", "/tmp"]), exits: 10)
      }
    }

    @Test func aSecondMountOfOneVault() throws {
      try withVaultMade { vault in
        try vault.mount()
        let second = vault.folder + "/second"
        mkdir(second, 0o755)
        expect(try vault.strongroom(["mount", vault.vault, second, "--passphrase-file", vault.passphraseFile]), exits: 11)
        #expect(Machine.mounts() == [vault.mountpoint])
      }
    }

    @Test func aDamagedVaultFileOpensFromItsSecondCopy() throws {
      try withVaultMade { vault in
        let (first, second) = (vault.vault + "/vault.json", vault.vault + "/vault.json.2")
        let whole = try #require(FileManager.default.contents(atPath: first))
        for damage in [Data(), Data("{}".utf8), whole.prefix(whole.count / 2), flipped(whole)] {
          try overwrite(first, with: damage)
          try vault.mount()
          #expect(Machine.mounts() == [vault.mountpoint])
          try vault.unmount()
          try overwrite(first, with: whole)
        }
        for damage in [Data(), Data("{}".utf8), whole.prefix(whole.count / 2), flipped(whole)] {
          try overwrite(first, with: damage)
          try overwrite(second, with: damage)
          expect(try vault.strongroom(vault.mountArguments), exits: 14, saying: "vault.json")
        }
        #expect(Machine.mounts().isEmpty)
        try overwrite(first, with: whole)
        try overwrite(second, with: whole)
        try vault.mount()
      }
    }

    /// A hexadecimal or base64 digit in the middle changed to another.
    private func flipped(_ bytes: Data) -> Data {
      var changed = bytes
      var place = bytes.count / 2
      while !(0x61...0x65).contains(changed[place]) { place += 1 }
      changed[place] += 1
      return changed
    }

    private func overwrite(_ path: String, with bytes: Data) throws {
      let handle = try #require(FileHandle(forUpdatingAtPath: path))
      try handle.truncate(atOffset: 0)
      try handle.write(contentsOf: bytes)
      try handle.close()
    }

    @Test func aNewerFormatVersion() throws {
      try withVaultMade { vault in
        for name in ["vault.json", "vault.json.2"] {
          let path = vault.vault + "/" + name
          let text = try String(contentsOfFile: path, encoding: .utf8)
          // The first number of the file is its format version.
          let digit = try #require(text.firstIndex { $0.isNumber })
          try overwrite(path, with: Data((text[..<digit] + "99" + text[text.index(after: digit)...]).utf8))
        }
        expect(try vault.strongroom(vault.mountArguments), exits: 1, saying: "99")
      }
    }

    @Test func aMountpointThatIsNone() throws {
      try withVaultMade { vault in
        let (file, full, absent) = (vault.folder + "/file", vault.folder + "/full", vault.folder + "/absent")
        try vault.writePrivate("x", to: file)
        mkdir(full, 0o755)
        try vault.writePrivate("x", to: full + "/something")
        for mountpoint in [file, full, absent] {
          let tried = try vault.strongroom(["mount", vault.vault, mountpoint, "--passphrase-file", vault.passphraseFile])
          #expect([1, 2, 11].contains(tried.status), "\(mountpoint): \(tried.all)")
          #expect(tried.standardError.contains(mountpoint), "\(tried.all)")
        }
        // Where something else is mounted already.
        let busy = vault.folder + "/busy"
        mkdir(busy, 0o755)
        try Programs.mustRun(["mount", "-t", "tmpfs", "strongroom-test", busy])
        defer { umount2(busy, Int32(MNT_DETACH)) }
        let tried = try vault.strongroom(["mount", vault.vault, busy, "--passphrase-file", vault.passphraseFile])
        #expect([1, 2, 11].contains(tried.status), "\(tried.all)")
        #expect(Machine.mounts() == [busy])
      }
    }

    @Test func aDeadMountIsTakenAwayByTheNext() throws {
      try withVaultMade { vault in
        try vault.mount()
        try vault.crash()
        #expect(try vault.actor(TestUsers.root).tries("stat", vault.mountpoint) == "ENOTCONN")
        try vault.mount()
        #expect(Machine.mounts() == [vault.mountpoint], "nothing is stacked")
      }
    }

    @Test func unknownPrincipals() throws {
      try withVaultMade { vault in
        try vault.mount()
        for (principal, code) in [
          ("user:nobody-of-that-name", 1), ("group:no-such-group", 1), ("nobody", 2), ("user:", 2), ("role:x", 2),
        ] {
          let tried = try vault.strongroom(
            ["grant", "add", vault.mountpoint, "--to", principal, "--rights", "reader", "--reason", "test"],
            as: vault.users.administrator)
          #expect(tried.status == Int32(code), "\(principal): \(tried.all)")
          #expect(tried.standardError.hasPrefix("strongroom: error: "), "\(tried.all)")
        }
        let made = try vault.strongroom([
          "init", vault.folder + "/another", "--reviewer", vault.identity + ".pub", "--admin", "user:nobody-of-that-name",
          "--passphrase-file", vault.passphraseFile,
        ])
        expect(made, exits: made.status == 2 ? 2 : 1, saying: "nobody-of-that-name")
        #expect(!FileManager.default.fileExists(atPath: vault.folder + "/another/vault.json"), "a vault without an administrator")
      }
    }

    @Test func aReviewerFileThatIsNoKey() throws {
      try withVaultMade { vault in
        let noKey = vault.folder + "/no-key.pub"
        try vault.writePrivate("this is no key", to: noKey)
        let tried = try vault.strongroom([
          "init", vault.folder + "/another", "--reviewer", noKey, "--admin", vault.users.administrator.principal,
          "--passphrase-file",
          vault.passphraseFile,
        ])
        expect(tried, exits: tried.status == 2 ? 2 : 1, saying: "no-key.pub")
        #expect(!FileManager.default.fileExists(atPath: vault.folder + "/another/vault.json"))
        // The identity itself is secret: it is not taken for the public key.
        let secret = try vault.strongroom([
          "init", vault.folder + "/another", "--reviewer", vault.identity, "--admin", vault.users.administrator.principal,
          "--passphrase-file", vault.passphraseFile,
        ])
        #expect(secret.status != 0, "\(secret.all)")
        let query = try vault.strongroom(
          [
            "log", "query", vault.vault + "/trail", "--identity", noKey, "--identity-passphrase-file",
            vault.reviewerPassphraseFile,
          ])
        #expect(query.status != 0 && query.standardError.hasPrefix("strongroom: error: "), "\(query.all)")
      }
    }

    @Test func aVaultWhereOneIsAlready() throws {
      try withVaultMade { vault in
        let before = FileManager.default.contents(atPath: vault.vault + "/vault.json")
        let again = try vault.strongroom([
          "init", vault.vault, "--reviewer", vault.identity + ".pub", "--admin", vault.users.administrator.principal,
          "--passphrase-file",
          vault.passphraseFile,
        ])
        #expect(again.status != 0 && again.standardError.hasPrefix("strongroom: error: "), "\(again.all)")
        #expect(FileManager.default.contents(atPath: vault.vault + "/vault.json") == before)
        try vault.mount()
      }
    }

    @Test func configurationsWithMistakes() throws {
      try withVaultMade { vault in
        let config = vault.folder + "/mount.yaml"
        for (text, line) in [
          ("strict-trial: true\n", 1), ("# ok\nworkers: many\n", 2), ("workers: 2\nworkers: 3\n", 2), ("a: [\n", 0),
        ] {
          try text.write(toFile: config, atomically: false, encoding: .utf8)
          let tried = try vault.strongroom(vault.mountArguments + ["--config", config])
          #expect(tried.status == 2, "\(text): \(tried.all)")
          #expect(tried.standardError.contains(line > 0 ? "mount.yaml:\(line)" : "mount.yaml"), "\(text): \(tried.all)")
        }
        #expect(Machine.mounts().isEmpty)
      }
    }

    @Test func keySlots() throws {
      try withVaultMade { vault in
        let slots = { try vault.mustStrongroom(["key", "list", vault.vault, "--json"]).split(separator: "\n").count }
        let unlock = ["--passphrase-file", vault.passphraseFile]
        // The tests' own slot for a key file goes first, so that one is left.
        #expect(try slots() == 2)
        try vault.mustStrongroom(["key", "remove", vault.vault, "2"] + unlock)
        #expect(try slots() == 1)
        let keyFile = vault.folder + "/other-key"
        try Programs.mustRun(["dd", "if=/dev/urandom", "of=" + keyFile, "bs=32", "count=1", "status=none"])
        chmod(keyFile, 0o600)
        let last = try vault.strongroom(["key", "remove", vault.vault, "1"] + unlock)
        #expect(last.status != 0, "the last slot went: \(last.all)")
        try vault.mustStrongroom(["key", "add", vault.vault, "--new-key-file", keyFile] + unlock)
        #expect(try slots() == 2)
        try vault.mustStrongroom(["mount", vault.vault, vault.mountpoint, "--key-file", keyFile])
        try vault.unmount()
        try vault.mustStrongroom(["mount", vault.vault, vault.mountpoint] + unlock)
        try vault.unmount()
      }
    }

    @Test func withoutAMountCommandsSayWhatToDo() throws {
      try withVaultMade { vault in
        let tried = try vault.strongroom(["grant", "list", "/", "--vault", vault.vault])
        #expect(tried.status == 10 || tried.status == 11, "\(tried.all)")
        #expect(tried.standardError.contains("hint: "), "\(tried.all)")
      }
    }

    @Test func missingFuseDevice() throws {
      try withVaultMade { vault in
        // A mount namespace of its own, in which /dev/fuse is something else.
        let line = "mount --bind /dev/null /dev/fuse && exec \"$@\""
        let tried = try Programs.run(
          ["unshare", "--mount", "--propagation", "private", "sh", "-c", line, "sh", Programs.strongroom] + vault.mountArguments)
        expect(tried, exits: 1, saying: "/dev/fuse")
        #expect(Machine.mounts().isEmpty)
        try vault.mount()
      }
    }

    @Test func usageMistakes() throws {
      let vault = try TestVault()
      defer { vault.close() }
      for arguments in [["frobnicate"], ["mount"], ["init", "x"], ["grant", "add"], ["log", "query"], ["status", "--frob"]] {
        #expect(try vault.strongroom(arguments).status == 2, "\(arguments)")
      }
      #expect(try vault.strongroom(["--help"]).status == 0)
      #expect(try vault.strongroom(["--version"]).status == 0)
    }
  }
}
