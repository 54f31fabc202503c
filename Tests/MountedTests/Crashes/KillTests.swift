import Foundation
import Glibc
import Testing

extension MountedTests {
  /// `kill -9` of the daemon, at any instant.
  @Suite struct Kills {
    @Test func killsAtRandomInstantsLoseNothingPromised() throws {
      var dice = Dice(Soak.seed)
      let wanted = Soak.count(25, full: 300)
      try withVault { vault in
        let writers = try CrashWriters(vault)
        defer { writers.stop() }
        var tally = CrashTally()
        while tally.inFlightCount < wanted {
          try #require(tally.crashCount < wanted * 2, "too few kills met changes in flight: \(tally.text), seed \(Soak.seed)")
          let daemon = try vault.daemon()
          try writers.start(&dice)
          usleep(UInt32(dice.number(20_000...600_000)))
          try vault.crash(daemon)
          try writers.wait()
          try vault.checkAfterCrash(writers, &tally, "crash \(tally.crashCount), seed \(Soak.seed)")
        }
        // Nothing that a crash left behind stays for good.
        var strays = try vault.strayFiles()
        _ = try eventually(within: 20) {
          if !strays.isEmpty { strays = try vault.strayFiles() }
          return strays.isEmpty
        }
        #expect(strays.isEmpty)
        Soak.report("kill -9: \(tally.text); seed \(Soak.seed)")
      }
    }

    /// The kernel asks for no fsync behind a direct write with O_SYNC: the mount has to see to it.
    @Test func aSynchronousWriteIsThereAfterAKill() throws {
      try withVault { vault in
        try vault.grant("editor", on: "/", to: vault.users.all)
        let source = vault.folder + "/source"
        try Programs.mustRun(["dd", "if=/dev/urandom", "of=" + source, "bs=4k", "count=3"])
        chmod(source, 0o644)
        for flag in ["dsync", "sync"] {
          let path = vault.path("/" + flag)
          try Programs.mustRun(["dd", "if=" + source, "of=" + path, "bs=4k", "oflag=" + flag], as: vault.users.all)
          try vault.crash()
          try vault.mount()
          try Programs.mustRun(["cmp", source, path], as: vault.users.all)
        }
      }
    }

    @Test func killsWhileMountingAndUnmountingLoseNothing() throws {
      var dice = Dice(Soak.seed)
      let wanted = Soak.count(5, full: 100)
      try withVault { vault in
        let writers = try CrashWriters(vault)
        defer { writers.stop() }
        var tally = CrashTally()
        var killed = (mounting: 0, unmounting: 0)
        for _ in 0..<wanted {
          try writers.start(&dice, stepCount: 40)
          try writers.wait()
          let daemon = try vault.daemon()
          let leaving = try vault.start(["unmount", vault.mountpoint])
          usleep(UInt32(dice.number(0...150_000)))
          if kill(daemon, SIGKILL) == 0 { killed.unmounting += 1 }
          leaving.waitUntilExit()
          let coming = try vault.start(vault.mountArguments)
          // From the moment at which it holds the vault; whoever unmounted does so no more.
          var fresh: Set<pid_t> = []
          _ = try eventually {
            fresh = try vault.daemons().subtracting([daemon])
            return !fresh.isEmpty || !coming.isRunning
          }
          usleep(UInt32(dice.number(0...200_000)))
          for id in fresh where kill(id, SIGKILL) == 0 { killed.mounting += 1 }
          coming.waitUntilExit()
          let areGone = try eventually { try vault.daemons().isDisjoint(with: fresh) }
          #expect(areGone)
          if coming.terminationStatus == 0, fresh.isEmpty { try vault.unmount() }
          try vault.checkAfterCrash(writers, &tally, "seed \(Soak.seed)")
        }
        #expect(killed.mounting + killed.unmounting >= wanted, "too few kills met a daemon: \(killed), seed \(Soak.seed)")
        Soak.report(
          "kill -9 while mounting and unmounting: \(killed.mounting) and \(killed.unmounting) kills; \(tally.text); seed \(Soak.seed)"
        )
      }
    }
  }
}

extension TestVault {
  func crash(_ daemon: pid_t) throws {
    kill(daemon, SIGKILL)
    try #require(eventually { kill(daemon, 0) != 0 })
  }

  /// Mounts after a crash at once, compares what is there with what was promised, and leaves the vault mounted and verified.
  func checkAfterCrash(_ writers: CrashWriters, _ tally: inout CrashTally, _ context: String) throws {
    try mount()
    tally.add(try writers.check(context))
    try unmount()
    try verifyClean(context)
    try mount()
  }

  /// `verify` finds no damage, and the trail verifies. Left-overs of the crash, which are removed while the vault is mounted, are no damage.
  func verifyClean(_ context: String) throws {
    let verified = try strongroom(["verify", vault, "--json"] + secret)
    let findings = verified.standardOutput.split(separator: "\n").compactMap { JSON(String($0)) }.filter { $0["kind"] != nil }
    let others = findings.filter { $0["kind"]?.text != "stray" || $0["what"]?.text != "is named by no document" }
    try #require(others.isEmpty && (verified.status == 0 || verified.status == 3), "\(context): \(verified.all)")
    let trail = try strongroom(["log", "verify", vault, "--genesis", genesis])
    try #require(trail.status == 0 || trail.status == 3, "\(context): \(trail.all)")
  }

  /// Unmounts, and returns the files that verify says nothing names. Mounts again.
  func strayFiles() throws -> [String] {
    try unmount()
    let verified = try strongroom(["verify", vault, "--json"] + secret)
    try mount()
    return verified.standardOutput.split(separator: "\n").compactMap { JSON(String($0)) }.filter { $0["kind"]?.text == "stray" }
      .compactMap { $0["subject"]?.text }
  }

  /// Starts `strongroom` and does not wait for it.
  func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Programs.strongroom)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: "/dev/null")
    process.standardError = FileHandle(forWritingAtPath: "/dev/null")
    try process.run()
    return process
  }

  /// The processes that hold, or are about to hold, this vault: those with a file of it open.
  func daemons() throws -> Set<pid_t> {
    let entries = try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(pid_t.init)
    return Set(
      entries.filter { id in
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(id)/fd")) ?? []
        return id != getpid()
          && descriptors.contains { name in
            let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(id)/fd/\(name)")) ?? ""
            return target.hasPrefix(vault + "/")
          }
      })
  }
}
