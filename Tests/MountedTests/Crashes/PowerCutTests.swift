import Foundation
import Glibc
import Testing

extension MountedTests {
  /// The power goes while users work: what the disk then holds is mounted, and held against what was promised.
  @Suite struct PowerCuts {
    @Test(arguments: TestDisk.Kind.cut)
    func powerCutsLoseNothingPromised(_ kind: TestDisk.Kind) throws {
      var dice = Dice(Soak.seed)
      var tally = CrashTally()
      var droppedBlocks = 0
      let wanted = Soak.count(5, full: 100)
      while tally.inFlightCount < wanted {
        try #require(tally.crashCount < wanted * 2, "too few cuts met changes in flight: \(tally.text), seed \(Soak.seed)")
        droppedBlocks += try run(kind, &dice, &tally, cutCount: min(10, wanted - tally.inFlightCount))
      }
      Soak.report("power cuts on \(kind.rawValue): \(tally.text); \(droppedBlocks) unsynced blocks were lost; seed \(Soak.seed)")
    }

    /// One load, and several cuts of it. Returns how many blocks the cuts took.
    private func run(_ kind: TestDisk.Kind, _ dice: inout Dice, _ tally: inout CrashTally, cutCount: Int) throws -> Int {
      let vault = try TestVault()
      defer { vault.close() }
      let disk = try TestDisk(kind, in: vault.folder)
      defer { disk.close() }
      vault.place = disk.place
      try vault.create()
      try vault.mount()
      let writers = try CrashWriters(vault)
      defer { writers.stop() }
      let begin = TestDisk.now
      try writers.start(&dice)
      usleep(4_000_000)
      let end = TestDisk.now
      try vault.crash()
      try writers.wait()
      disk.takeOut()

      let times = try disk.writeTimes(from: begin, to: end)
      try #require(times.count > 100, "the disk was hardly written to")
      var droppedBlocks = 0
      for _ in 0..<cutCount {
        // Between two writes, near the first.
        let time = times.randomElement(using: &dice)!
        let mode = [TestDisk.Mode.some, .some, .all, .none].randomElement(using: &dice)!
        let context = "\(kind.rawValue), \(mode.rawValue) of what was not synced, at \(time), seed \(Soak.seed)"
        droppedBlocks += try disk.withPowerCut(at: time, mode, seed: dice.next()) { place in
          vault.place = place
          try vault.mount()
          do {
            tally.add(try writers.check(time: time, isKept: false, context))
          } catch {
            try? vault.unmount()
            throw error
          }
          try vault.unmount()
          try vault.verifyClean(context)
        }
      }
      return droppedBlocks
    }
  }
}
