import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

extension TrailTests {
  @Suite struct CrashTests {
    @Test func aTailCutAnywhereLosesOnlyWhatIsCut() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      try writer.sync()
      let signed = try Fixture.read(fixture.segmentPath(1)).count
      for index in 0..<4 { try writer.append(plain(.list, "\(index)")) }
      let whole = try Fixture.read(fixture.segmentPath(1))
      let running = try fixture.copy(to: "running")
      try writer.close()
      #expect((whole.count - signed) % 4 == 0)
      let frame = (whole.count - signed) / 4
      for cut in stride(from: signed, through: whole.count, by: 1) where cut % 3 == 0 || cut >= whole.count - 70 {
        for tail in [[], [UInt8](repeating: 0, count: 100)] {
          let crashed = try fixture.copy(to: "crashed", from: running)
          let bytes = Array(whole[..<cut]) + tail
          try Fixture.write(bytes, to: TrailFolder(path: crashed).segmentPath(1))
          // What was cut off may have begun with zeros, as the tail does.
          let kept = (zip(bytes, whole).prefix { $0 == $1 }.count - signed) / frame
          let torn = bytes.count - signed - kept * frame
          if torn > 0 { #expect(try fixture.verify(path: crashed).findings.first == .torn(segment: 1, byteCount: UInt64(torn))) }
          let (next, opening) = try fixture.openBoth(path: crashed)
          try next.close()
          #expect(opening.droppedByteCount == UInt64(torn) && !opening.wasClosedCleanly)
          let records = try fixture.records(path: crashed)
          #expect(records.map(\.action) == Array(repeating: .list, count: kept) + [.recovery])
          #expect(records.last?.details.first == Record.Detail("dropped-bytes", "\(torn)"))
          let findings = try fixture.verify(.all, path: crashed, end: next.status.syncedPoint).findings
          #expect(findings.contains(.dropped(segment: 1, byteCount: UInt64(torn))) == (torn > 0))
          #expect(findings.contains(.endedWithoutClosing(after: UInt64(kept) + 1)))
        }
      }
      // Into what was signed: that is no crash.
      for cut in [signed - 1, signed - 100] {
        let crashed = try fixture.copy(to: "crashed", from: running)
        try Fixture.write(Array(whole[..<cut]), to: TrailFolder(path: crashed).segmentPath(1))
        #expect(throws: TrailError.self) { try fixture.open(path: crashed) }
      }
    }

    #if DEBUG
      /// The folder as it is before each system call of a busy run, and once more after it: each must open, and hold what was acknowledged.
      @Test func aKillBeforeAnyCallIsSurvived() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.path)
        let snapshots = Snapshots(fixture)
        try faults.run {
          var settings = Fixture.quick
          settings.segmentFrameCountMax = 8
          settings.activeCheckpointNanoseconds = 2_000_000
          let writer = try fixture.open(settings, openHandles: { [openRecord(1)] })
          faults.observer = { call, _ in snapshots.take(before: call) }
          for index in 0..<12 {
            if index == 6 { faults.fail("fdatasync", EIO, on: "0000000002.segment") }
            if (try? writer.append(plain(.list, "text\(index)"))) != nil { snapshots.acknowledge("text\(index)") }
            if index % 5 == 4 {
              _ = try? writer.writeMark(
                commit: UInt64(index), predecessor: UInt64(index) - 1, digest: [UInt8](repeating: 1, count: 32), generation: 1)
            }
          }
          try writer.close()
          faults.observer = nil
        }
        snapshots.take(before: "nothing")
        #expect(snapshots.taken.count > 40)
        for (path, call, acknowledged) in snapshots.taken {
          let (next, _) = try fixture.openBoth(path: path)
          try next.close()
          let report = try fixture.verify(.all, path: path, end: next.status.syncedPoint)
          #expect(!report.isBroken, "before \(call): \(report.verdict)")
          let texts = try fixture.records(path: path).flatMap { $0.details.filter { $0.key == "text" }.map(\.value) }
          #expect(texts.filter { Set(acknowledged).contains($0) } == acknowledged, "before \(call)")
        }
      }

      /// A sync that fails leaves its bytes in the kernel's memory as if they were on disk. Where the process is killed before it acts on that,
      /// the next one must not sync them and take them for written.
      @Test(arguments: [false, true]) func whatWasPerhapsNeverSyncedIsWrittenAgain(isClosed: Bool) throws {
        let fixture = try Fixture()
        let writer = try fixture.open()
        for index in 0..<3 { try writer.append(plain(.list, "\(index)")) }
        let running = isClosed ? "" : try fixture.copy(to: "running")
        try writer.close()
        let path = isClosed ? try fixture.copy(to: "closed") : running
        let calls = Calls()
        Seam.setFault(under: path) { call, path in
          if path.hasSuffix("0000000001.segment") { calls.note("\(call)") }
          return nil
        }
        defer { Seam.setFault(under: path, nil) }
        try fixture.open(path: path).close()
        let written = calls.names.filter { ["pwrite", "fsync"].contains($0) }
        #expect(written == (isClosed ? ["fsync"] : ["pwrite", "fsync"]))
        #expect(try !fixture.verify(.all, path: path).isBroken)
      }

      private final class Calls: @unchecked Sendable {
        private let lock = Lock()
        private var noted: [String] = []
        var names: [String] { lock.withLock { noted } }
        func note(_ name: String) { lock.withLock { noted.append(name) } }
      }

      private final class Snapshots: @unchecked Sendable {
        private let fixture: Fixture
        private let lock = Lock()
        private var acknowledged: [String] = []
        private(set) var taken: [(path: String, call: String, acknowledged: [String])] = []

        init(_ fixture: Fixture) { self.fixture = fixture }

        func acknowledge(_ text: String) { lock.withLock { acknowledged.append(text) } }

        /// Other threads may write meanwhile, as they may before a kill: what was acknowledged before is what counts.
        func take(before call: String) {
          lock.withLock {
            guard taken.count < 300 else { return }
            let target = fixture.root + "/snapshot\(taken.count)"
            mkdir(target, 0o700)
            // The signer first: it never knows more than the segments copied after it. Then segments from the last to the first
            // could miss a new one; so list once more until nothing new came.
            guard copy(to: target) else { return }
            taken.append((target, call, acknowledged))
          }
        }

        /// False where the folder changed under the copy: then it is no state that a kill could have left.
        private func copy(to target: String) -> Bool {
          let before = state()
          for (name, _) in before { Self.copy(fixture.path + "/" + name, target + "/" + name) }
          return before.map(\.0) == state().map(\.0) && before.map(\.1) == state().map(\.1)
        }

        private func state() -> [(String, Int)] {
          guard let folder = opendir(fixture.path) else { return [] }
          defer { closedir(folder) }
          var result: [(String, Int)] = []
          while let entry = readdir(folder) {
            let name = withUnsafePointer(to: entry.pointee.d_name) {
              $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var value = stat()
            guard name != ".", name != "..", lstat(fixture.path + "/" + name, &value) == 0 else { continue }
            result.append((name, Int(value.st_size) &* 31 &+ Int(value.st_ino)))
          }
          return result.sorted { $0.0 < $1.0 }
        }

        private static func copy(_ source: String, _ target: String) {
          let input = open(source, O_RDONLY)
          let output = open(target, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
          defer {
            close(input)
            close(output)
          }
          var buffer = [UInt8](repeating: 0, count: 1 << 16)
          while true {
            let count = read(input, &buffer, buffer.count)
            guard count > 0 else { return }
            _ = write(output, buffer, count)
          }
        }
      }
    #endif
  }
}
