import Foundation
import Glibc
import Testing

extension MountedTests {
  /// What lies on the disk: nothing in the clear, nothing lost, nothing changed unnoticed.
  @Suite struct Sealed {
    private static let secrets = [
      "Zhang-Wei-10086", "张伟的合同", "the-words-of-a-contract-7f3a", "user.secret-label", "a-reason-for-wang",
    ]

    private func file(in vault: TestVault) throws {
      try vault.grant("editor", on: "/", to: vault.users.all)
      let all = try vault.actor(vault.users.all)
      try all.does("mkdir", vault.path("/" + Self.secrets[0]))
      let path = vault.path("/" + Self.secrets[0] + "/" + Self.secrets[1])
      try all.writes(String(repeating: Self.secrets[2] + "\n", count: 20), to: path)
      let large = try all.open(path + "-large", "rw,create")
      for block in 0..<40 { try all.does("pwrite", large, block * 5000, String(repeating: Self.secrets[2], count: 100)) }
      try all.does("fsync", large)
      try all.close(large)
      try all.does("setxattr", path, Self.secrets[3], Self.secrets[2])
      try all.does("symlink", Self.secrets[2], path + "-link")
      try vault.mustStrongroom(
        [
          "grant", "add", vault.path("/"), "--to", vault.users.partial.principal, "--rights", "reader", "--reason",
          Self.secrets[4],
        ],
        as: vault.users.administrator)
      _ = try all.reads(path)
      _ = try all.tries("stat", vault.path("/" + Self.secrets[0] + "/absent"))
      let folder = try all.open(vault.mountpoint, "r,directory")
      try all.does("syncfs", folder)
      try all.close(folder)
    }

    /// Every file under the vault that holds one of the secrets, as it lies on the disk.
    private func leaks(in folder: String) throws -> [String] {
      let files = try Programs.mustRun(["find", folder, "-type", "f"]).split(separator: "\n").map(String.init)
      try #require(files.count > 4)
      return files.flatMap { path -> [String] in
        guard let bytes = FileManager.default.contents(atPath: path) else { return ["\(path) cannot be read"] }
        let names = Self.secrets.filter { bytes.range(of: Data($0.utf8)) != nil }.map { "\(path) holds \($0)" }
        return names + Self.secrets.filter { path.contains($0) }.map { "\(path) is named \($0)" }
      }
    }

    @Test func noNameAndNoContentIsInTheClear() throws {
      try withVault { vault in
        try file(in: vault)
        #expect(try leaks(in: vault.vault) == [])
        try vault.unmount()
        #expect(try leaks(in: vault.vault) == [])
        // The scan finds what is there to be found.
        try vault.writePrivate(Self.secrets[2], to: vault.vault + "/planted")
        #expect(try leaks(in: vault.vault).count == 1)
        unlink(vault.vault + "/planted")
        try vault.mount()
      }
    }

    @Test func nothingIsInTheClearAfterACrash() throws {
      try withVault { vault in
        try file(in: vault)
        try vault.crash()
        #expect(try leaks(in: vault.vault) == [])
        for name in ["core", "core.\(getpid())"] { #expect(!FileManager.default.fileExists(atPath: vault.folder + "/" + name)) }
        try vault.mount()
        let all = try vault.actor(vault.users.all)
        #expect(try all.names(in: vault.path("/" + Self.secrets[0])).count == 3)
      }
    }

    @Test func theDaemonCannotBeLookedInto() throws {
      try withVault { vault in
        let id = try vault.daemon()
        let limits = try String(contentsOfFile: "/proc/\(id)/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(core.split(whereSeparator: \.isWhitespace)[4] == "0", "\(core)")
        let arguments = FileManager.default.contents(atPath: "/proc/\(id)/cmdline") ?? Data()
        let environment = FileManager.default.contents(atPath: "/proc/\(id)/environ") ?? Data()
        let passphrase = Data("correct horse".utf8)
        #expect(arguments.range(of: passphrase) == nil && environment.range(of: passphrase) == nil)
        let status = try String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)
        let locked = status.split(separator: "\n").first { $0.hasPrefix("VmLck:") }?.split(whereSeparator: \.isWhitespace)[1]
        #expect(Int(locked ?? "0")! > 0, "nothing is locked in memory")
      }
    }

    // MARK: Crashes

    @Test func whatWasSyncedIsThereAfterKillMinusNine() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let all = try vault.actor(vault.users.all)
        try all.does("mkdir", vault.path("/folder"))
        let folder = try all.open(vault.path("/folder"), "r,directory")
        for number in 0..<20 {
          let descriptor = try all.open(vault.path("/folder/\(number)"), "rw,create")
          try all.does("fill", descriptor, 0, number * 20_000 + 1, number)
          try all.does("fsync", descriptor)
          try all.close(descriptor)
        }
        try all.does("fsync", folder)
        // In flight: written, not synced.
        let torn = try all.open(vault.path("/folder/torn"), "rw,create")
        try all.does("fill", torn, 0, 3 << 20, 7)
        let half = try all.open(vault.path("/folder/5"), "rw")
        try all.does("fill", half, 0, 1000, 99)
        try vault.crash()
        all.end()
        try vault.mount()

        let reader = try vault.actor(vault.users.all)
        for number in 0..<20 where number != 5 {
          let count = number * 20_000 + 1
          let descriptor = try reader.open(vault.path("/folder/\(number)"))
          #expect(
            try reader.reads(descriptor, count: count + 10) == .pattern(at: 0, count: count, seed: number), "document \(number)")
          try reader.close(descriptor)
        }
        // The one in flight is as it was synced, or whole as it was written: never a mixture.
        let five = try reader.open(vault.path("/folder/5"))
        let start = try reader.reads(five, count: 1000)
        #expect(start == .pattern(at: 0, count: 1000, seed: 5) || start == .pattern(at: 0, count: 1000, seed: 99))
        #expect(try reader.reads(five, at: 1000, count: 99_001) == .pattern(at: 1000, count: 99_001, seed: 5))
        try reader.close(five)
        try vault.unmount()
        let verified = try vault.strongroom(["verify", vault.vault] + vault.secret)
        #expect(verified.status == 0, "\(verified.all)")
        try vault.mount()
      }
    }

    @Test func crashesInARowDoNoHarm() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        for round in 0..<4 {
          let all = try vault.actor(vault.users.all)
          let descriptor = try all.open(vault.path("/document-\(round)"), "rw,create")
          try all.does("fill", descriptor, 0, 500_000, round)
          try all.does("fsync", descriptor)
          let folder = try all.open(vault.mountpoint, "r,directory")
          try all.does("fsync", folder)
          try all.does("fill", descriptor, 0, 500_000, 100 + round)
          try vault.crash()
          all.end()
          try vault.mount()
          let reader = try vault.actor(vault.users.all)
          for earlier in 0...round {
            let again = try reader.open(vault.path("/document-\(earlier)"))
            let content = try reader.reads(again, count: 600_000)
            #expect(
              content == .pattern(at: 0, count: 500_000, seed: earlier)
                || content == .pattern(at: 0, count: 500_000, seed: 100 + earlier))
            try reader.close(again)
          }
        }
      }
    }

    @Test func sigtermEndsTheMountWithEverythingCommitted() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        try vault.actor(vault.users.all).writes("not synced by anybody", to: vault.path("/letter"))
        let id = try vault.daemon()
        kill(id, SIGTERM)
        #expect(eventually { kill(id, 0) != 0 })
        #expect(!Machine.mounts().contains(vault.mountpoint))
        try vault.mount()
        #expect(try vault.actor(vault.users.all).reads(vault.path("/letter")).text == "not synced by anybody")
        #expect(try vault.trail().actions("RECOVERY").isEmpty)
      }
    }

    // MARK: Damage

    /// One flipped byte in any file of the vault is noticed by `verify`, which names the file; and never read as something else.
    @Test func aFlippedByteAnywhereIsNoticed() throws {
      try withVault { vault in
        try file(in: vault)
        try vault.unmount()
        let verify = ["verify", vault.vault] + vault.secret
        let whole = try vault.strongroom(verify)
        #expect(whole.status == 0, "\(whole.all)")
        let files = try Programs.mustRun(["find", vault.vault, "-type", "f", "-size", "+0", "-not", "-name", "lock"])
          .split(separator: "\n").map(String.init).sorted()
        for path in files {
          let size = FileManager.default.contents(atPath: path)!.count
          // Of a pack or blob every byte matters; SQLite's file has unused room, so that there the first page is taken.
          let place = path.hasSuffix(".sqlite") ? 100 : size / 2
          try flip(path, at: place)
          let damaged = try vault.strongroom(verify)
          try flip(path, at: place)
          #expect([3, 13, 14].contains(damaged.status), "\(path): \(damaged.all)")
          let name = (path as NSString).lastPathComponent
          #expect(damaged.all.contains(name), "\(name) is not named: \(damaged.all)")
        }
        #expect(try vault.strongroom(verify).status == 0)
        try vault.mount()
      }
    }

    @Test func aFlippedByteIsEIOAndNeverOtherData() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let all = try vault.actor(vault.users.all)
        let descriptor = try all.open(vault.path("/large"), "rw,create")
        try all.does("fill", descriptor, 0, 1 << 20, 4)
        try all.does("fsync", descriptor)
        try all.close(descriptor)
        try vault.unmount()
        let blob = try #require(
          Programs.mustRun(["find", vault.vault + "/blobs", "-type", "f", "-size", "+1000k"]).split(separator: "\n").first.map(
            String.init))
        try flip(blob, at: 500_000)
        try vault.mount()
        let reader = try vault.actor(vault.users.all)
        let again = try reader.open(vault.path("/large"))
        #expect(try reader.tries("pread", again, 495_000, 16_384) == "EIO")
        #expect(try reader.reads(again, at: 0, count: 16_384) == .pattern(at: 0, count: 16_384, seed: 4), "the rest still opens")
        #expect(try vault.trail().at("/large").contains { $0.errno == "EIO" })
        try reader.close(again)
        try vault.unmount()
        try flip(blob, at: 500_000)
        try vault.mount()
        let healed = try vault.actor(vault.users.all)
        let whole = try healed.open(vault.path("/large"))
        #expect(try healed.reads(whole, count: 2 << 20) == .pattern(at: 0, count: 1 << 20, seed: 4))
      }
    }

    private func flip(_ path: String, at offset: Int) throws {
      let descriptor = open(path, O_RDWR)
      defer { close(descriptor) }
      var byte: UInt8 = 0
      try #require(descriptor >= 0 && pread(descriptor, &byte, 1, off_t(offset)) == 1)
      byte ^= 0x10
      try #require(pwrite(descriptor, &byte, 1, off_t(offset)) == 1)
    }
  }
}
