import Foundation
import Glibc
import Testing

extension MountedTests {
  /// A disk that does not answer: who must be recorded is refused after a time, nobody else is held up, and when it answers again nothing is lost.
  @Suite struct HangingDisks {
    enum Hang: String, CaseIterable, CustomTestStringConvertible {
      /// The device: fdatasync(2) and reads of it hang; write(2) as soon as the journal waits.
      case device
      /// The filesystem: write(2) hangs at once.
      case filesystem
      var testDescription: String { rawValue }

      func begin(_ disk: TestDisk) throws {
        switch self {
        case .device: disk.setFaults(hangs: true)
        case .filesystem: try disk.freeze()
        }
      }

      func end(_ disk: TestDisk) {
        disk.setFaults()
        disk.thaw()
      }
    }

    /// More at once than the mount has threads.
    private static let callerCount = 12
    private static let byteCount = 100_000

    @Test(arguments: Hang.allCases)
    func aDiskThatHangsHoldsUpNobodyElse(_ hang: Hang) throws {
      try withVaultOnDisk(byteCount: 64 << 20) { vault, disk in
        let bystander = try vault.actor(vault.users.all)
        for number in 0..<3 { #expect(try bystander.makeDocument(number, vault) == nil) }
        let readers = try (0..<Self.callerCount).map { _ in try vault.actor(vault.users.partial) }
        let read = try readers.map { try $0.open(vault.path("/0")) }
        // What the first half asks for is in memory; the others meet the disk, and wait for it where it is the device.
        let half = Self.callerCount / 2
        for number in 0..<half { try readers[number].does("pread", read[number], 0, 65536) }
        let writers = try (0..<Self.callerCount).map { _ in try vault.actor(vault.users.all) }
        let written = try writers.enumerated().map { number, writer in
          let descriptor = try writer.open(vault.path("/w\(number)"), "rw,create")
          try writer.does("fill", descriptor, 0, Self.byteCount, number)
          return descriptor
        }

        try hang.begin(disk)
        // All at once: half of the writers sync, half close what is not on disk yet, and everybody reads.
        let syncing = 0..<half
        for number in syncing { try writers[number].send(["fsync", "\(written[number])"]) }
        for (number, reader) in readers.enumerated() {
          try reader.send(["pread", "\(read[number])", number < half ? "0" : "\(300_000 + number * 65536)", "65536"])
        }
        for number in half..<Self.callerCount { try writers[number].send(["close", "\(written[number])"]) }
        var waiting: [Int] = []
        for (number, reader) in readers.enumerated() {
          // "ok" where its record could still be written.
          let answer = try reader.answer(to: ["pread"], within: number < half ? 20 : 0.1)?.outcome
          if let answer { #expect(answer == "ok" || answer == "EIO", "\(answer)") } else { waiting.append(number) }
        }
        // The one whose write(2) hangs.
        #expect(waiting.filter { $0 < half }.count <= (hang == .filesystem ? 1 : 0), "\(waiting)")
        try checkRefusals(vault, bystander)
        // Those who come later: none of them waits for long, and the mount still answers.
        let late = try (0..<Self.callerCount).map { _ in try vault.actor(vault.users.partial) }
        for actor in late { try actor.send(["open", vault.path("/1"), "r"]) }
        for actor in late {
          let answer = try actor.answer(to: ["open"], within: 20)?.outcome
          #expect(answer == "EIO", "\(answer ?? "no answer")")
        }
        let queued = try queuedCount(vault)
        try checkRefusals(vault, bystander)
        // Nothing piles up: what waits for the disk is who did before anybody knew, and the fsyncs.
        #expect(try queuedCount(vault) <= queued)

        hang.end(disk)
        for number in waiting {
          let answer = try readers[number].answer(to: ["pread"], within: 30)?.outcome
          #expect(answer == "ok" || answer == "EIO", "\(answer ?? "no answer")")
        }
        // Whoever was told so has it for good.
        var promised: [Int] = []
        for number in syncing {
          let answer = try writers[number].answer(to: ["fsync"], within: 30)?.outcome
          #expect(answer == "ok" || answer == "EIO", "\(answer ?? "no answer")")
          if answer == "ok" { promised.append(number) }
        }
        for number in half..<Self.callerCount {
          #expect(try writers[number].answer(to: ["close"], within: 30) != nil)
        }
        #expect(try eventually(within: 20) { try bystander.makeDocument(3, vault) == nil }, "the mount does not go on")
        #expect(try eventually { try queuedCount(vault) == 0 }, "requests are left unanswered")
        promised += Array(0..<Self.callerCount).filter { !promised.contains($0) }
        for actor in readers + writers + late { actor.end() }
        try bystander.checkDocuments(4, vault)
        try checkWritten(promised, vault)
        // Each handle of before has its end on record, also where nobody could write it then.
        #expect(
          try eventually(within: 20) {
            let records = try vault.trail()
            let opened = Set(
              records.of(vault.users.partial).filter { $0.action == "OPEN" && $0.outcome == "done" }.compactMap(\.handle))
            let released = Set(records.filter { $0.action == "RELEASE" }.compactMap(\.handle))
            return opened.count >= Self.callerCount && opened.isSubset(of: released)
          }, "a handle's end is not on record")
        try vault.crash()
        try vault.mount()
        try vault.actor(vault.users.partial).checkDocuments(4, vault)
        try checkWritten(promised, vault)
        try vault.unmount()
        try vault.verifyClean("after a disk that hung (\(hang))")
      }
    }

    enum Ending: String, CaseIterable, CustomTestStringConvertible {
      case unmount
      /// umount(8) by root, which asks nobody.
      case umountLazily
      case kill
      var testDescription: String { rawValue }
    }

    /// However a mount whose disk hangs is ended: the folder is free at once, the process ends when the disk answers and not before, and what
    /// was promised is there.
    @Test(arguments: Ending.allCases) func endingAMountWhoseDiskHangsLosesNothing(_ ending: Ending) throws {
      try withVaultOnDisk(byteCount: 64 << 20) { vault, disk in
        let writer = try vault.actor(vault.users.all)
        #expect(try writer.makeDocument(0, vault) == nil)
        let daemon = try vault.daemon()
        let descriptor = try writer.open(vault.path("/w0"), "rw,create")
        try writer.does("fill", descriptor, 0, Self.byteCount, 0)
        disk.setFaults(hangs: true)
        try writer.close(descriptor)
        switch ending {
        case .unmount:
          let said = try vault.strongroom(["unmount", vault.mountpoint, "--wait", "1s"])
          #expect(said.status == 11, "\(said.all)")
        case .umountLazily:
          try Programs.mustRun(["umount", "--lazy", vault.mountpoint])
        case .kill:
          // A thread that waits for the disk waits on; who would mount again learns that the vault is still held.
          #expect(eventually { syncIsWaiting(in: daemon) }, "no sync is under way")
          kill(daemon, SIGKILL)
          try Programs.mustRun(["umount", "--lazy", vault.mountpoint])
          let said = try vault.strongroom(vault.mountArguments)
          #expect(said.status == 11, "\(said.all)")
        }
        #expect(!Machine.mounts().contains(vault.mountpoint) && kill(daemon, 0) == 0)
        disk.setFaults()
        #expect(eventually(within: 20) { kill(daemon, 0) != 0 }, "the process does not end")
        try vault.mount()
        try vault.actor(vault.users.partial).checkDocuments(1, vault)
        // Nobody synced it, so that a kill may take it.
        if ending != .kill { try checkWritten([0], vault) }
        try vault.unmount()
        try vault.verifyClean("after a mount was ended while its disk hung (\(ending))")
      }
    }

    /// One of a process's threads sleeps where no signal wakes it: in fdatasync(2), as nothing else of the daemon's sleeps so.
    private func syncIsWaiting(in daemon: pid_t) -> Bool {
      let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(daemon)/task")) ?? []
      return threads.contains { thread in
        let stat = (try? String(contentsOfFile: "/proc/\(daemon)/task/\(thread)/stat", encoding: .utf8)) ?? ""
        return stat.split(separator: ")").last?.hasPrefix(" D") ?? false
      }
    }

    /// While the disk hangs: nothing can be recorded, so that all is refused but what ends something, and nobody waits for that. `status` tells
    /// why.
    private func checkRefusals(_ vault: TestVault, _ bystander: Actor) throws {
      #expect(try eventually(within: 20) { try bystander.tries("open", vault.path("/0"), "r") == "EIO" }, "nobody is refused")
      #expect(try bystander.tries("open", vault.path("/new"), "w,create") == "EIO")
      #expect(try bystander.tries("mkdir", vault.path("/folder")) == "EIO")
      for path in ["/", "/0", "/w0", "/absent"] { #expect(try bystander.tries("lstat", vault.path(path)) == "EIO", "\(path)") }
      let problems = try vault.problems()
      #expect(problems.contains { $0["trouble"]?.text == "trail-refusing" }, "\(problems)")
    }

    private func queuedCount(_ vault: TestVault) throws -> Int {
      try vault.status()["load"]?["queuedOperationCount"]?.number ?? -1
    }

    private func checkWritten(_ numbers: [Int], _ vault: TestVault) throws {
      let reader = try vault.actor(vault.users.partial)
      for number in numbers {
        #expect(
          try reader.reads(vault.path("/w\(number)")) == .pattern(at: 0, count: Self.byteCount, seed: number), "/w\(number)")
      }
    }
  }
}
