import Foundation
import Glibc
import Testing

extension MountedTests {
  /// A disk that fills, and one that fails: who wrote is told, what was committed stays, and a failed fsync is never a success later.
  @Suite struct FailingDisks {
    private static let documentByteCount = 1 << 20

    /// A vault on a small disk of its own, mounted; `all` is editor of everything, `partial` reader.
    private func withDisk(_ kind: TestDisk.Kind = .ext4, byteCount: Int, _ body: (TestVault, TestDisk) throws -> Void) throws {
      let vault = try TestVault()
      defer { vault.close() }
      let disk = try TestDisk(kind, in: vault.folder, byteCount: byteCount)
      defer { disk.close() }
      // Before the disk goes: what holds the vault on it. A disk that failed may not let it end in order.
      defer {
        disk.setFaults()
        for id in (try? vault.daemons()) ?? [] { kill(id, SIGKILL) }
        _ = try? eventually { try vault.daemons().isEmpty }
        umount2(vault.mountpoint, Int32(MNT_DETACH))
      }
      vault.place = disk.place
      try vault.create()
      try vault.mount()
      try vault.grant("editor", on: "/", to: vault.users.all)
      try vault.grant("reader", on: "/", to: vault.users.partial)
      try body(vault, disk)
    }

    /// Writes a document and syncs it and its folder. Returns the first call that failed, with its errno; nil when all is promised.
    private func file(_ number: Int, _ writer: Actor, _ vault: TestVault) throws -> String? {
      let opened = try writer.ask(["open", vault.path("/\(number)"), "rw,create"])
      guard case .ok(let words) = opened, let descriptor = Int(words[0]) else { return "open \(opened.outcome)" }
      defer { _ = try? writer.tries("close", descriptor) }
      let filled = try writer.tries("fill", descriptor, 0, Self.documentByteCount, number)
      guard filled == "ok" else { return "write \(filled)" }
      let synced = try writer.tries("fsync", descriptor)
      guard synced == "ok" else { return "fsync \(synced)" }
      return nil
    }

    private func checkDocuments(_ count: Int, _ reader: Actor, _ vault: TestVault) throws {
      for number in 0..<count {
        let descriptor = try reader.open(vault.path("/\(number)"))
        let content = try reader.reads(descriptor, count: Self.documentByteCount + 1)
        #expect(content == .pattern(at: 0, count: Self.documentByteCount, seed: number), "document \(number)")
        try reader.close(descriptor)
      }
    }

    private func problemCount(_ vault: TestVault) throws -> Int { try vault.status()["problems"]?.list.count ?? 0 }

    // MARK: Full

    @Test(arguments: TestDisk.Kind.disks)
    func aFullDiskIsENOSPCAndTheMountGoesOnWhenThereIsRoom(_ kind: TestDisk.Kind) throws {
      try withDisk(kind, byteCount: kind == .ext4 ? 96 << 20 : 320 << 20) { vault, disk in
        // Beside the vault: what is in the way, and can go.
        let free = try #require(
          FileManager.default.attributesOfFileSystem(forPath: disk.place)[.systemFreeSize] as? NSNumber, "no free size"
        ).intValue
        try Programs.mustRun(["fallocate", "-l", "\(max(4, (free >> 20) - 24) << 20)", disk.place + "/ballast"])
        let writer = try vault.actor(vault.users.all)
        var count = 0
        var failure: String?
        while failure == nil, count < 300 {
          failure = try file(count, writer, vault)
          if failure == nil { count += 1 }
        }
        #expect(count >= 5, "the disk was full before anything was written")
        let first = try #require(failure, "the disk was never full")
        #expect(first.hasSuffix("ENOSPC"), "\(first)")
        // Still full: still said so, and no fsync of what failed succeeds.
        let second = try file(count + 1, writer, vault)
        #expect(second?.hasSuffix("ENOSPC") == true, "\(second ?? "it succeeded")")
        let reader = try vault.actor(vault.users.partial)
        try checkDocuments(count, reader, vault)

        unlink(disk.place + "/ballast")
        #expect(try eventually(within: 20) { try file(count, writer, vault) == nil }, "the mount does not go on")
        try checkDocuments(count + 1, reader, vault)
        try vault.crash()
        try vault.mount()
        try checkDocuments(count + 1, vault.actor(vault.users.partial), vault)
        try vault.unmount()
        try vault.verifyClean("\(kind.rawValue), after a full disk")
      }
    }

    /// Not a block is left: refusals are told, and recorded once the disk has room, in the space that the trail keeps.
    @Test func refusalsOnAFullDiskAreRecorded() throws {
      try withDisk(byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        #expect(try file(0, writer, vault) == nil)
        let open = try writer.open(vault.path("/0"))
        _ = try? Programs.run(["dd", "if=/dev/zero", "of=" + disk.place + "/ballast", "bs=64k"])
        _ = try? Programs.run(["dd", "if=/dev/zero", "of=" + disk.place + "/rest", "bs=512"])
        let stranger = try vault.actor(vault.users.none)
        let answer = try stranger.tries("open", vault.path("/0"), "r")
        #expect(answer == "ENOENT" || answer == "EIO", "\(answer)")
        let reader = try vault.actor(vault.users.partial)
        #expect(try reader.tries("open", vault.path("/0"), "w") != "ok")
        #expect(try writer.tries("close", open) == "ok")
        unlink(disk.place + "/ballast")
        unlink(disk.place + "/rest")
        #expect(try eventually(within: 20) { try file(1, writer, vault) == nil }, "the mount does not go on")
        try checkDocuments(2, writer, vault)
        #expect(
          try eventually(within: 20) { try vault.trail().of(vault.users.partial).refusals.contains { $0.path == "/0" } },
          "the refusal is not on record")
        try vault.unmount()
        try vault.verifyClean("after a full disk")
      }
    }

    // MARK: Failing

    @Test(arguments: TestDisk.Kind.disks)
    func aFailedSyncIsNeverASuccessLater(_ kind: TestDisk.Kind) throws {
      try withDisk(kind, byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        for number in 0..<5 { #expect(try file(number, writer, vault) == nil) }
        let descriptor = try writer.open(vault.path("/torn"), "rw,create")
        try writer.does("fill", descriptor, 0, 300_000, 77)
        disk.setFaults(write: EIO, flush: EIO)
        #expect(try writer.tries("fsync", descriptor) == "EIO")
        #expect(try writer.tries("fsync", descriptor) != "ok")
        // The disk is well again, the filesystem is not: both give up for good at a failed write of their journal.
        disk.setFaults()
        for _ in 0..<5 {
          usleep(400_000)
          #expect(try writer.tries("fsync", descriptor) != "ok")
        }
        let other = try file(9, writer, vault)
        #expect(other != nil)
        try vault.crash()
        writer.end()
        try disk.restart()
        try vault.mount()
        let reader = try vault.actor(vault.users.partial)
        try checkDocuments(5, reader, vault)
        // Never promised: as it was before, or whole.
        if try reader.tries("stat", vault.path("/torn")) == "ok" {
          let found = try reader.reads(vault.path("/torn"))
          #expect(found == .pattern(at: 0, count: 300_000, seed: 77) || found.count == 0)
        }
        try vault.unmount()
        try vault.verifyClean("\(kind.rawValue), after failed writes")
      }
    }

    /// On XFS: ext4 becomes read-only where the failing read was of its own.
    @Test func aReadThatFailsIsEIOAndOnRecord() throws {
      try withDisk(.xfs, byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        for number in 0..<4 { #expect(try file(number, writer, vault) == nil) }
        writer.end()
        try vault.unmount()
        try disk.restart()
        try vault.mount()
        let reader = try vault.actor(vault.users.partial)
        let descriptor = try reader.open(vault.path("/2"))
        disk.setFaults(read: EIO)
        #expect(try reader.tries("pread", descriptor, 0, 65536) == "EIO")
        disk.setFaults()
        try checkDocuments(4, reader, vault)
        #expect(try vault.trail().at("/2").contains { $0.errno == "EIO" })
      }
    }

    @Test func aDiskThatBecomesReadOnlyIsToldAndKeepsWhatItHas() throws {
      try withDisk(byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        for number in 0..<4 { #expect(try file(number, writer, vault) == nil) }
        try disk.makeReadOnly()
        let failure = try file(4, writer, vault)
        #expect(failure != nil, "a write succeeded on a disk that takes none")
        usleep(1_500_000)
        #expect(try file(5, writer, vault) != nil)
        #expect(try problemCount(vault) > 0)
        try vault.crash()
        writer.end()
        try disk.restart()
        try vault.mount()
        try checkDocuments(4, vault.actor(vault.users.partial), vault)
        try vault.unmount()
        try vault.verifyClean("after a read-only disk")
      }
    }
  }
}
