import Foundation
import Glibc
import Testing

extension MountedTests {
  /// A disk that fills, and one that fails: who wrote is told, what was committed stays, and a failed fsync is never a success later.
  @Suite struct FailingDisks {
    // MARK: Full

    @Test(arguments: TestDisk.Kind.disks)
    func aFullDiskIsENOSPCAndTheMountGoesOnWhenThereIsRoom(_ kind: TestDisk.Kind) throws {
      try withVaultOnDisk(kind, byteCount: kind == .ext4 ? 96 << 20 : 320 << 20) { vault, disk in
        // Beside the vault: what is in the way, and can go.
        let free = try #require(
          FileManager.default.attributesOfFileSystem(forPath: disk.place)[.systemFreeSize] as? NSNumber, "no free size"
        ).intValue
        try Programs.mustRun(["fallocate", "-l", "\(max(4, (free >> 20) - 24) << 20)", disk.place + "/ballast"])
        let writer = try vault.actor(vault.users.all)
        var count = 0
        var failure: String?
        while failure == nil, count < 300 {
          failure = try writer.makeDocument(count, vault)
          if failure == nil { count += 1 }
        }
        #expect(count >= 5, "the disk was full before anything was written")
        let first = try #require(failure, "the disk was never full")
        #expect(first.hasSuffix("ENOSPC"), "\(first)")
        // Still full: still said so, and no fsync of what failed succeeds.
        let second = try writer.makeDocument(count + 1, vault)
        #expect(second?.hasSuffix("ENOSPC") == true, "\(second ?? "it succeeded")")
        let reader = try vault.actor(vault.users.partial)
        try reader.checkDocuments(count, vault)

        unlink(disk.place + "/ballast")
        #expect(try eventually(within: 20) { try writer.makeDocument(count, vault) == nil }, "the mount does not go on")
        try reader.checkDocuments(count + 1, vault)
        try vault.crash()
        try vault.mount()
        try vault.actor(vault.users.partial).checkDocuments(count + 1, vault)
        try vault.unmount()
        try vault.verifyClean("\(kind.rawValue), after a full disk")
      }
    }

    /// A quota of the filesystem that binds root as well: not a block of the disk is short.
    @Test func aQuotaThatIsUsedUpIsENOSPCAndTheMountGoesOnWhenThereIsRoom() throws {
      try withVaultOnDisk(.btrfs, byteCount: 256 << 20) { vault, disk in
        try Programs.mustRun(["fallocate", "-l", "\(6 << 20)", disk.place + "/ballast"])
        try disk.setQuota(free: 12 << 20)
        let writer = try vault.actor(vault.users.all)
        let reader = try vault.actor(vault.users.partial)
        var count = 0
        /// Until the quota is met; how.
        func fill() throws -> String {
          for _ in 0..<60 {
            if let failure = try writer.makeDocument(count, vault) { return failure }
            count += 1
          }
          return "never"
        }
        let first = try fill()
        #expect(count >= 5 && first.hasSuffix("ENOSPC"), "after \(count) documents: \(first)")
        // No room, whatever df says: that is told as such, to the one who writes and to the operator.
        let reasons = try vault.problems().map { $0["reason"]?.text ?? "" }
        #expect(reasons.contains { $0.contains("no space left") || $0.contains("quota") }, "\(reasons)")
        // A quota of Btrfs takes the trail's reserve too: what was committed is read where that can be recorded, and as it was.
        let shown = try reader.ask(["open", vault.path("/0"), "r"]).outcome
        #expect(shown == "ok" || shown == "EIO", "\(shown)")
        if shown == "EIO" { #expect(try vault.problems().contains { $0["trouble"]?.text == "trail-refusing" }) }
        let refused = try reader.tries("open", vault.path("/0"), "w")
        #expect(refused == "EACCES" || refused == "EIO", "\(refused)")
        // An fsync that failed is not a success later.
        for _ in 0..<3 {
          let again = try writer.makeDocument(count, vault)
          #expect(again?.hasSuffix("ENOSPC") == true || again?.hasSuffix("EIO") == true, "\(again ?? "it succeeded")")
        }
        // Room, once by a file that goes, once by a higher quota.
        unlink(disk.place + "/ballast")
        #expect(try eventually(within: 20) { try writer.makeDocument(count, vault) == nil }, "the mount does not go on")
        count += 1
        try reader.checkDocuments(count, vault)
        #expect(try reader.tries("open", vault.path("/0"), "w") == "EACCES")
        let before = count
        let second = try fill()
        #expect(count > before && second.hasSuffix("ENOSPC"), "after \(count) documents: \(second)")
        try disk.removeQuota()
        #expect(try eventually(within: 20) { try writer.makeDocument(count, vault) == nil }, "the mount does not go on")
        try reader.checkDocuments(count + 1, vault)
        #expect(try vault.trail().of(vault.users.partial).refusals.contains { $0.path == "/0" }, "the refusal is not on record")
        try vault.crash()
        try vault.mount()
        try vault.actor(vault.users.partial).checkDocuments(count + 1, vault)
        try vault.unmount()
        try vault.verifyClean("after a quota")
      }
    }

    /// Not a block is left: refusals are told, and recorded once the disk has room, in the space that the trail keeps.
    @Test func refusalsOnAFullDiskAreRecorded() throws {
      try withVaultOnDisk(byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        #expect(try writer.makeDocument(0, vault) == nil)
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
        #expect(try eventually(within: 20) { try writer.makeDocument(1, vault) == nil }, "the mount does not go on")
        try writer.checkDocuments(2, vault)
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
      try withVaultOnDisk(kind, byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        for number in 0..<5 { #expect(try writer.makeDocument(number, vault) == nil) }
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
        let other = try writer.makeDocument(9, vault)
        #expect(other != nil)
        try vault.crash()
        writer.end()
        try disk.restart()
        try vault.mount()
        let reader = try vault.actor(vault.users.partial)
        try reader.checkDocuments(5, vault)
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
      try withVaultOnDisk(.xfs, byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        for number in 0..<4 { #expect(try writer.makeDocument(number, vault) == nil) }
        writer.end()
        try vault.unmount()
        try disk.restart()
        try vault.mount()
        let reader = try vault.actor(vault.users.partial)
        let descriptor = try reader.open(vault.path("/2"))
        disk.setFaults(read: EIO)
        #expect(try reader.tries("pread", descriptor, 0, 65536) == "EIO")
        disk.setFaults()
        try reader.checkDocuments(4, vault)
        #expect(try vault.trail().at("/2").contains { $0.errno == "EIO" })
      }
    }

    @Test func aDiskThatBecomesReadOnlyIsToldAndKeepsWhatItHas() throws {
      try withVaultOnDisk(byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        for number in 0..<4 { #expect(try writer.makeDocument(number, vault) == nil) }
        try disk.makeReadOnly()
        let failure = try writer.makeDocument(4, vault)
        #expect(failure != nil, "a write succeeded on a disk that takes none")
        usleep(1_500_000)
        #expect(try writer.makeDocument(5, vault) != nil)
        #expect(try vault.problems().count > 0)
        try vault.crash()
        writer.end()
        try disk.restart()
        try vault.mount()
        try vault.actor(vault.users.partial).checkDocuments(4, vault)
        try vault.unmount()
        try vault.verifyClean("after a read-only disk")
      }
    }
  }
}
