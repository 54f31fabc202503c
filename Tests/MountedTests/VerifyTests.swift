import Foundation
import Glibc
import Testing

extension MountedTests {
  /// `verify` of a vault that people work in, and damage that is met by reading.
  @Suite struct Verify {
    private func blobs(_ vault: TestVault) throws -> [String] {
      try Programs.mustRun(["find", vault.vault + "/blobs", "-type", "f"]).split(separator: "\n").map(String.init)
    }

    private func findings(_ output: Output) -> [JSON] {
      output.standardOutput.split(separator: "\n").compactMap { JSON(String($0)) }
    }

    @Test func aMountedVaultIsVerifiedWithoutASecretAndPathsAreForWhoSeesThem() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        let descriptor = try all.open(vault.path("/closed/large"), "rw,create")
        try all.does("fill", descriptor, 0, 300_000, 1)
        try all.does("fsync", descriptor)
        let whole = try vault.strongroom(["verify", vault.vault])
        #expect(whole.status == 0 && whole.standardError.contains("the vault is whole"), "\(whole.all)")
        #expect(try vault.strongroom(["verify", vault.mountpoint, "--quick", "--json"]).status == 0)

        let blob = try #require(try blobs(vault).first)
        let bytes = try #require(FileManager.default.contents(atPath: blob))
        truncate(blob, off_t(bytes.count - 1))
        // Root is an operator without rights here: ids. The administrator has `list` besides `grant`, and so sees where it is.
        let root = try vault.strongroom(["verify", vault.vault, "--json"])
        #expect(root.status == 14, "\(root.all)")
        let told = try #require(findings(root).first)
        #expect(told["kind"]?.text == "blob" && told["fault"]?.text == "wrong-length" && told["node"] != nil, "\(root.all)")
        #expect(told["path"] == nil && !root.all.contains("large"), "\(root.all)")
        let administrator = try vault.strongroom(["verify", vault.mountpoint, "--json"], as: vault.users.administrator)
        #expect(
          administrator.status == 14 && findings(administrator).first?["path"]?.text == "/closed/large", "\(administrator.all)")
        // Whoever has no right to ask is told so, in front of any work.
        for user in [vault.users.all, vault.users.partial, vault.users.none] {
          #expect(try vault.strongroom(["verify", vault.mountpoint], as: user).status == 4)
        }
        // An operator who may list there sees where it is.
        try vault.grant("reader", on: "/closed", to: "user:root")
        let seeing = try vault.strongroom(["verify", vault.vault])
        #expect(seeing.standardOutput.contains("[/closed/large]"), "\(seeing.all)")
        // Neighbours are read as before, and the damage is on record.
        #expect(try all.reads(vault.path("/closed/letter")).text == "the letter in /closed")
        let alerts = try vault.trail().actions("ALERT")
        #expect(alerts.count == 3 && alerts.allSatisfy { $0.detail("fault") == "wrong-length" }, "\(alerts)")
        #expect(alerts.first?.path == "/closed/large")
        try bytes.write(to: URL(fileURLWithPath: blob))
        #expect(try vault.strongroom(["verify", vault.vault]).status == 0)
        try all.close(descriptor)
      }
    }

    @Test func verifyWhilePeopleWorkFindsNothing() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let folder = vault.path("/work")
        let all = try vault.actor(vault.users.all)
        try all.does("mkdir", folder)
        let script = """
          i=0
          while [ $i -lt 60 ]; do
            i=$((i + 1))
            head -c $((i * 7919 % 400000)) /dev/urandom > \(folder)/$((i % 10)).new && mv \(folder)/$((i % 10)).new \(folder)/$((i % 10))
            if [ $((i % 7)) -eq 0 ]; then rm -f \(folder)/$((i % 10)); fi
          done
          """
        let worker = try Programs.start(["sh", "-c", script], as: vault.users.all)
        for _ in 0..<6 {
          let said = try vault.strongroom(["verify", vault.vault])
          #expect(said.status == 0, "\(said.all)")
        }
        #expect(worker.wait() == 0)
        #expect(try vault.strongroom(["verify", vault.vault]).status == 0)
      }
    }

    /// One bad document of many in a pack: it alone is EIO; listing, reading, changing and removing go on, and it can be replaced.
    @Test func aDamagedDocumentHarmsNoNeighbour() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let writer = try vault.actor(vault.users.all)
        for number in 0..<12 {
          try writer.writes("letter \(number) " + String(repeating: "x", count: 3000), to: vault.path("/\(number)"))
        }
        try vault.unmount()
        let pack = try #require(
          Programs.mustRun(["find", vault.vault + "/packs", "-type", "f", "-size", "+16k"]).split(separator: "\n").first.map(
            String.init))
        let handle = try #require(FileHandle(forUpdatingAtPath: pack))
        try handle.seek(toOffset: 100)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: 100)
        try handle.write(contentsOf: Data([byte ^ 1]))
        try handle.close()
        try vault.mount()
        let all = try vault.actor(vault.users.all)
        #expect(try all.names(in: vault.mountpoint).count == 12)
        var broken: [Int] = []
        for number in 0..<12 {
          let descriptor = try all.open(vault.path("/\(number)"))
          if try all.tries("pread", descriptor, 0, 4096) == "EIO" {
            broken.append(number)
          } else {
            #expect(try all.reads(descriptor, count: 4096).text.hasPrefix("letter \(number) "))
          }
          try all.close(descriptor)
        }
        #expect(broken.count == 1, "\(broken)")
        let seeing = try vault.strongroom(["verify", vault.vault, "--json"])
        #expect(seeing.status == 14 && Set(findings(seeing).map { $0["kind"]?.text }) == ["blob", "pack"], "\(seeing.all)")
        // Written anew, it reads again; what was damaged is only in the pack now, which goes when nothing is left in it.
        let bad = try #require(broken.first)
        try all.writes("again", to: vault.path("/\(bad)"))
        #expect(try all.reads(vault.path("/\(bad)")).text == "again")
        for number in 0..<12 where number != bad { try all.does("unlink", vault.path("/\(number)")) }
        let folder = try all.open(vault.mountpoint, "r,directory")
        try all.does("fsync", folder)
        try all.close(folder)
        #expect(try eventually { try vault.strongroom(["verify", vault.vault]).status == 0 })
      }
    }

    @Test func unmountingEndsAVerification() throws {
      try withStandardVault { vault in
        let all = try vault.actor(vault.users.all)
        let descriptor = try all.open(vault.path("/open/large"), "rw,create")
        for part in 0..<20 { try all.does("fill", descriptor, part << 22, 4 << 20, part) }
        try all.close(descriptor)
        let worker = try Programs.start([Programs.strongroom, "verify", vault.vault], as: TestUsers.root)
        usleep(300_000)
        try vault.unmount()
        // Done before, or ended.
        let status = worker.wait()
        #expect([0, 1, 11].contains(status), "\(status)")
        try vault.mount()
        #expect(try vault.strongroom(["verify", vault.vault, "--resume"]).status == 0)
      }
    }
  }
}
