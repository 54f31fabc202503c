import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

#if DEBUG
  extension TrailTests {
    /// Each system call of a run that rotates, signs and rewrites the signer fails or hangs once.
    @Suite struct EveryCallTests {
      /// One system call of the run: the `number`th with this name on this file.
      struct Step: Hashable, Sendable, CustomStringConvertible {
        var call: String
        var file: String
        var number: Int
        var description: String { "\(call) \(number) of \(file)" }
      }

      /// What the calls of one run were, in order, and what one of them is to do.
      private final class Script: @unchecked Sendable {
        private let root: String
        private let lock = Lock()
        private var counts: [String: Int] = [:]
        private(set) var steps: [Step] = []
        private(set) var retried: [Step] = []
        private var failedSyncs: Set<String> = []
        private(set) var hasStruck = false
        private let isStep: @Sendable (Step) -> Bool
        private let strike: @Sendable () -> Int32?

        init(
          _ root: String, at isStep: @escaping @Sendable (Step) -> Bool = { _ in false },
          strike: @escaping @Sendable () -> Int32? = { nil }
        ) {
          self.root = root
          self.isStep = isStep
          self.strike = strike
        }

        func ask(_ call: String, _ path: String) -> Int32? {
          let file = path == root ? "." : String(path.dropFirst(root.count + 1))
          let strikes = lock.withLock { () -> Bool in
            counts[call + file, default: 0] += 1
            let step = Step(call: call, file: file, number: counts[call + file]!)
            steps.append(step)
            // A file that is made anew is another one.
            if call == "open" { failedSyncs.remove(file) }
            if call.hasSuffix("sync") || call == "fdatasync", failedSyncs.contains(file), file != "." { retried.append(step) }
            guard !hasStruck, isStep(step) else { return false }
            hasStruck = true
            if call.hasSuffix("sync") || call == "fdatasync" { failedSyncs.insert(file) }
            return true
          }
          return strikes ? strike() : nil
        }
      }

      private static var settings: TrailSettings {
        var settings = Fixture.quick
        settings.segmentFrameCountMax = 8
        settings.activeCheckpointNanoseconds = 2_000_000
        settings.patienceNanoseconds = 2_000_000_000
        return settings
      }

      /// A run over three segments with a mark and checkpoints. Returns what was acknowledged, in order.
      private func run(_ writer: TrailWriter, until isStruck: () -> Bool) -> [String] {
        var acknowledged: [String] = []
        func add(_ text: String) { if (try? writer.append(plain(.list, text))) != nil { acknowledged.append(text) } }
        var index = 0
        while index < 24 || (!isStruck() && index < 200) {
          add("text\(index)")
          if index % 9 == 4 {
            _ = try? writer.writeMark(
              commit: UInt64(index), predecessor: UInt64(index) - 1, digest: [UInt8](repeating: 1, count: 32), generation: 1)
          }
          if index % 6 == 0 { try? writer.sync() }
          index += 1
        }
        // What failed passes: the writer takes records again by itself.
        eventually("refused for ever") { (try? writer.append(plain(.list, "after"))) != nil }
        acknowledged.append("after")
        return acknowledged
      }

      /// What stands in the trail when the fault has passed, the writer was closed, and the next run was closed too.
      private func check(_ fixture: Fixture, _ acknowledged: [String], _ what: Comment) throws {
        let report = try fixture.verify(.all)
        #expect(!report.isBroken, "\(what): \(report.verdict)")
        let texts = try fixture.records().flatMap { $0.details.filter { $0.key == "text" }.map(\.value) }
        #expect(texts.filter { Set(acknowledged).contains($0) } == acknowledged, what)
        let (next, _) = try fixture.openBoth()
        try next.close()
        let after = try fixture.verify(.all, end: next.status.syncedPoint)
        #expect(!after.isBroken, "\(what), after the next run: \(after.verdict)")
      }

      /// The distinct calls of a run: the first two of each name on each of the first files.
      private func steps() throws -> [Step] {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.path)
        let script = Script(fixture.path)
        try faults.run {
          let writer = try fixture.open(Self.settings)
          faults.script = { script.ask($0, $1) }
          _ = run(writer) { true }
          try writer.close()
          faults.script = nil
        }
        let files: Set = [".", "signer", "0000000001.segment", "0000000002.segment"]
        let calls: Set = ["open", "write", "pwrite", "fdatasync", "fsync", "rename", "fallocate", "ftruncate"]
        var seen: Set<Step> = []
        return script.steps.filter {
          files.contains($0.file) && calls.contains($0.call)
            && $0.number <= ($0.call == "write" || $0.call == "fdatasync" ? 2 : 1)
            && seen.insert($0).inserted
        }
      }

      @Test(arguments: [EIO, ENOSPC])
      func aCallThatFailsOnceLosesNothingAndNoSyncIsRepeated(_ code: Int32) throws {
        var steps = try steps()
        #expect(steps.count >= 15, "\(steps)")
        #expect(Set(steps.map(\.call)).isSuperset(of: ["open", "write", "fdatasync", "fsync", "rename"]), "\(steps)")
        // A full disk shows where space is asked for.
        if code == ENOSPC { steps = steps.filter { !$0.call.hasSuffix("sync") && $0.number == 1 } }
        var struck = 0
        for step in steps {
          let fixture = try Fixture()
          let faults = Faults(under: fixture.path)
          let script = Script(fixture.path, at: { $0 == step }, strike: { code })
          var acknowledged: [String] = []
          try faults.run {
            let writer = try fixture.open(Self.settings)
            faults.script = { script.ask($0, $1) }
            acknowledged = run(writer) { script.hasStruck }
            // A fault that came only now makes this end one without a closing checkpoint.
            try? writer.close()
            faults.script = nil
          }
          if script.hasStruck { struck += 1 }
          #expect(script.retried.isEmpty, "\(step): \(script.retried)")
          try check(fixture, acknowledged, "\(step) fails with \(code)")
        }
        #expect(struck >= steps.count * 3 / 4, "\(struck) of \(steps.count)")
      }

      @Test func aCallThatHangsOnceRefusesAndThenGoesOn() throws {
        let steps = try steps().filter { $0.number == 1 && $0.file != "signer" && $0.call != "open" }
        for step in steps {
          let fixture = try Fixture()
          let faults = Faults(under: fixture.path)
          let script = Script(
            fixture.path, at: { $0 == step },
            strike: {
              usleep(300_000)
              return nil
            })
          var settings = Self.settings
          settings.patienceNanoseconds = 100_000_000
          var acknowledged: [String] = []
          try faults.run {
            // A busy machine can be as slow as a disk that hangs.
            var opened: TrailWriter?
            for _ in 0..<50 where opened == nil { opened = try? fixture.open(settings) }
            let writer = try #require(opened)
            faults.script = { script.ask($0, $1) }
            acknowledged = run(writer) { script.hasStruck }
            try? writer.close()
            faults.script = nil
          }
          try check(fixture, acknowledged, "\(step) hangs")
        }
      }

      @Test(arguments: [EROFS, EACCES])
      func aFolderThatTakesNoNewFileRefusesInTimeAndGoesOn(_ code: Int32) throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.path)
        var acknowledged: [String] = []
        try faults.run {
          var settings = Fixture.quick
          settings.activeCheckpointNanoseconds = 5_000_000
          settings.heartbeatNanosecondsMax = 100_000_000
          settings.patienceNanoseconds = 1_000_000_000
          let writer = try fixture.open(settings)
          faults.fail("open", code)
          faults.fail("rename", code)
          // The segment that is open is still there, and takes records for as long as the last checkpoint vouches for it.
          try writer.append(plain(.list, "a"))
          acknowledged.append("a")
          eventually("never refused") { writer.status.refusal != nil }
          #expect(throws: TrailError.self) { try writer.append(plain(.list, "refused")) }
          #expect(throws: TrailError.self) { try writer.check() }
          writer.appendAlways(plain(.release, "always"))
          acknowledged.append("always")
          faults.mend()
          eventually("refused for ever") { (try? writer.append(plain(.list, "b"))) != nil }
          acknowledged.append("b")
          try writer.close()
          #expect(writer.status.lostCount == 0)
        }
        try check(fixture, acknowledged, "a folder that takes no new file")
      }

      @Test func segmentsChangeWhileEightThreadsAppend() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.path)
        let script = Script(
          fixture.path, at: { $0.call == "fdatasync" && $0.file == "0000000004.segment" }, strike: { EIO })
        var acknowledged: [[UInt64]] = []
        try faults.run {
          var settings = Fixture.quick
          settings.segmentFrameCountMax = 64
          let writer = try fixture.open(settings, openHandles: { [openRecord(1)] })
          faults.script = { script.ask($0, $1) }
          let lists = (0..<8).map { _ in List() }
          let threads = lists.enumerated().map { thread, list in
            Thread(name: "append") {
              for index in 0..<UInt64(150) {
                do throws(TrailError) {
                  try writer.appendRead(handle: HandleID(UInt64(thread)), offset: index, asked: 1, returned: 1)
                  list.values.append(index)
                } catch { usleep(1_000) }
              }
            }
          }
          for thread in threads { thread.join() }
          try writer.close()
          faults.script = nil
          acknowledged = lists.map(\.values)
          #expect(writer.status.resumedCount == 1)
        }
        #expect(script.hasStruck && script.retried.isEmpty)
        let report = try fixture.verify(.all)
        #expect(!report.isBroken && report.segmentCount > 15, "\(report.verdict)")
        let reads = try fixture.records().filter { $0.action == .read }
        for (thread, list) in acknowledged.enumerated() {
          #expect(list.count > 100)
          let found = reads.filter { $0.handle == HandleID(UInt64(thread)) }.map(\.range!.offset)
          // Each once and in order; what was refused may be there as well.
          #expect(found == found.sorted() && Set(found).count == found.count && Set(found).isSuperset(of: list))
        }
      }

      private final class List: @unchecked Sendable { var values: [UInt64] = [] }
    }
  }
#endif
