import Glibc
import Platform
import Sodium
import Synchronization
import Testing
import VaultFormat

@testable import Trail

#if DEBUG
  extension TrailTests {
    @Suite struct FaultTests {
      /// What was acknowledged must be read back, in order; what was refused may be there or not.
      private func expectAll(_ fixture: Fixture, _ acknowledged: [String], _ comment: Comment? = nil) throws {
        let texts = try fixture.records().flatMap { $0.details.filter { $0.key == "text" }.map(\.value) }
        #expect(texts.filter { Set(acknowledged).contains($0) } == acknowledged, comment)
      }

      private func acknowledge(_ writer: TrailWriter, _ count: Int, _ prefix: String, into list: inout [String]) {
        for index in 0..<count {
          if (try? writer.append(plain(.list, "\(prefix)\(index)"))) != nil { list.append("\(prefix)\(index)") }
        }
      }

      @Test func aRecordIsOneWriteAndNothingElse() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          var settings = Fixture.quick
          settings.syncDelayNanoseconds = 10_000_000_000
          let writer = try fixture.open(settings)
          faults.resetCounts()
          for index in 0..<1_000 { try writer.appendRead(handle: HandleID(1), offset: UInt64(index), asked: 9, returned: 9) }
          #expect(faults.count("write") == 1_000)
          for call in ["fallocate", "fdatasync", "fsync", "open", "rename", "pwrite"] { #expect(faults.count(call) == 0) }
          try writer.sync()
          #expect(faults.count("fdatasync") == 1)
          try writer.close()
        }
        #expect(try fixture.verify(.all).findings == [.endNotEstablished])
      }

      @Test func aFullDiskRefusesAndTheReserveHoldsWhatMustBeRecorded() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        var acknowledged: [String] = []
        try faults.run {
          var settings = Fixture.quick
          settings.reservationByteCount = 16 << 10
          settings.alwaysByteCount = 8 << 10
          let writer = try fixture.open(settings)
          faults.fail("fallocate", ENOSPC)
          acknowledge(writer, 400, "a", into: &acknowledged)
          #expect(acknowledged.count < 400 && acknowledged.count > 50)
          #expect(writer.status.refusal == "no space left on the disk" || writer.status.refusal == nil)
          #expect(throws: TrailError.self) { try writer.append(plain(.list, "refused")) }
          // RELEASE and its like go on, in place, without a new segment.
          for index in 0..<20 {
            writer.appendAlways(plain(.release, "r\(index)"))
            acknowledged.append("r\(index)")
          }
          #expect(writer.status.segment == 1 && writer.status.lostCount == 0)
          faults.mend()
          eventually("refused for ever") { (try? writer.append(plain(.list, "again"))) != nil }
          acknowledged.append("again")
          try writer.close()
        }
        try expectAll(fixture, acknowledged)
        #expect(try fixture.verify(.all).findings == [.endNotEstablished])
      }

      @Test(arguments: [("write", ENOSPC), ("write", EIO), ("write", EROFS)])
      func aFailedWriteRefusesUntilItCanGoOn(_ call: String, _ code: Int32) throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        var acknowledged: [String] = []
        try faults.run {
          let writer = try fixture.open()
          acknowledge(writer, 10, "a", into: &acknowledged)
          faults.fail(call, code)
          acknowledge(writer, 10, "b", into: &acknowledged)
          #expect(acknowledged.count == 10)
          #expect(writer.status.refusal != nil)
          writer.appendAlways(plain(.release, "always"))
          faults.mend()
          eventually("refused for ever") { writer.status.refusal == nil }
          acknowledged.append("always")
          acknowledge(writer, 10, "c", into: &acknowledged)
          #expect(acknowledged.count == 21)
          try writer.close()
          #expect(writer.status.resumedCount == 1)
        }
        try expectAll(fixture, acknowledged)
        #expect(try fixture.verify(.all).findings == [.resumed(segment: 2), .endNotEstablished])
      }

      @Test func aFailedSyncIsNeverRepeatedAndLosesNothing() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        var acknowledged: [String] = []
        try faults.run {
          let writer = try fixture.open()
          acknowledge(writer, 10, "a", into: &acknowledged)
          try writer.sync()
          faults.fail("fdatasync", EIO, on: "0000000001.segment")
          faults.resetCounts()
          acknowledge(writer, 5, "b", into: &acknowledged)
          eventually("no new segment") { writer.status.resumedCount == 1 && writer.status.refusal == nil }
          acknowledge(writer, 5, "c", into: &acknowledged)
          try writer.sync()
          #expect(faults.count("fdatasync", on: "0000000001.segment") == 1)
          #expect(writer.status.segment == 2)
          try writer.close()
        }
        try expectAll(fixture, acknowledged)
        #expect(acknowledged.count >= 15)
        #expect(try fixture.verify(.all).findings == [.resumed(segment: 2), .endNotEstablished])
      }

      @Test func whatAFailedSyncLeftInTheFileIsSkipped() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          let writer = try fixture.open()
          try writer.append(plain(.list, "a"))
          try writer.sync()
          faults.fail("fdatasync", EIO, on: "0000000001.segment")
          faults.fail("ftruncate", EIO)
          try writer.append(plain(.list, "b"))
          eventually("no new segment") { writer.status.resumedCount == 1 && writer.status.refusal == nil }
          try writer.close()
        }
        #expect(try fixture.records().map(\.details[0].value) == ["a", "b"])
        let findings = try fixture.verify(.all).findings
        #expect(findings.count == 3 && findings[1] == .resumed(segment: 2))
        guard case .unsure(segment: 1, byteCount: let count) = findings[0], count > 0 else {
          Issue.record("no unsure tail")
          return
        }
        // The next start goes on all the same.
        try fixture.open().close()
      }

      @Test func strictCallersAndMarksAreToldOfAFailedSync() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          var settings = Fixture.quick
          settings.strict = true
          let writer = try fixture.open(settings)
          faults.fail("fdatasync", EIO, on: "0000000001.segment")
          #expect(throws: TrailError.cannotWrite("a sync failed")) { try writer.append(plain(.list, "a")) }
          eventually("no new segment") { writer.status.refusal == nil && writer.status.segment == 2 }
          faults.fail("fdatasync", EIO, on: "0000000002.segment")
          let digest = [UInt8](repeating: 1, count: 32)
          #expect(throws: TrailError.cannotWrite("a sync failed")) {
            try writer.writeMark(commit: 1, predecessor: 0, digest: digest, generation: 1)
          }
          eventually("no new segment") { writer.status.refusal == nil && writer.status.segment == 3 }
          _ = try writer.writeMark(commit: 2, predecessor: 0, digest: digest, generation: 1)
          try writer.close()
        }
        let (writer, opening) = try fixture.openBoth()
        #expect(opening.marks.map(\.commit) == [2])
        try writer.close()
        #expect(try fixture.verify(.all).findings == [.resumed(segment: 2), .resumed(segment: 3), .endNotEstablished])
      }

      @Test func aDiskThatHangsRefusesAndThenGoesOn() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        var acknowledged: [String] = []
        try faults.run {
          var settings = Fixture.quick
          settings.patienceNanoseconds = 300_000_000
          let writer = try fixture.open(settings)
          faults.hang("fdatasync")
          acknowledge(writer, 1, "a", into: &acknowledged)
          eventually("never refused") { writer.status.refusal == "the disk does not answer" }
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) { try writer.append(plain(.list, "refused")) }
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) {
            try writer.writeMark(commit: 1, predecessor: 0, digest: [UInt8](repeating: 1, count: 32), generation: 1)
          }
          #expect(writer.status.unsyncedNanoseconds > 0)
          writer.appendAlways(plain(.release, "always"))
          acknowledged.append("always")
          faults.mend()
          eventually("refused for ever") { writer.status.refusal == nil }
          acknowledge(writer, 1, "b", into: &acknowledged)
          #expect(writer.status.segment == 1)
          try writer.close()
        }
        try expectAll(fixture, acknowledged)
        #expect(acknowledged == ["a0", "always", "b0"])
        #expect(try fixture.verify(.all).findings == [.endNotEstablished])
      }

      @Test func aWriteThatHangsHoldsNobodyElse() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        var acknowledged = ["a0", "always", "b0"]
        try faults.run {
          var settings = Fixture.quick
          settings.patienceNanoseconds = 200_000_000
          let writer = try fixture.open(settings)
          let before = writer.status
          faults.hang("write")
          let hanging = Thread(name: "hanging") { try? writer.append(plain(.list, "a0")) }
          eventually("nobody writes") { writer.pulse.writeBegan.load(ordering: .relaxed) != 0 }
          // Whoever comes while it hangs waits for its patience and not longer; whoever comes later does not wait.
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) { try writer.append(plain(.list, "refused")) }
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) { try writer.check() }
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) {
            try writer.appendRead(handle: HandleID(1), offset: 0, asked: 9, returned: 9)
          }
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) {
            try writer.writeMark(commit: 1, predecessor: 0, digest: [UInt8](repeating: 1, count: 32), generation: 1)
          }
          #expect(writer.status.refusal == "the disk does not answer")
          #expect(writer.status.segment == before.segment && writer.status.sequence == before.sequence)
          writer.appendAlways(plain(.release, "always"))
          faults.mend()
          hanging.join()
          eventually("refused for ever") { (try? writer.check()) != nil }
          eventually("kept for ever") { writer.stalled.isEmpty && writer.lock.withLock { writer.alwaysQueue.isEmpty } }
          try writer.append(plain(.list, "b0"))
          #expect(writer.status.lostCount == 0)
          try writer.close()
        }
        try expectAll(fixture, acknowledged)
        acknowledged = try fixture.records().flatMap { $0.details.filter { $0.key == "text" }.map(\.value) }
        #expect(acknowledged == ["a0", "always", "b0"])
        #expect(try fixture.verify(.all).findings == [.endNotEstablished])
      }

      @Test func closingDoesNotWaitForAWriteThatHangs() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          var settings = Fixture.quick
          settings.closePatienceNanoseconds = 50_000_000
          settings.patienceNanoseconds = 20_000_000
          let writer = try fixture.open(settings)
          faults.hang("write")
          let hanging = Thread(name: "hanging") { try? writer.append(plain(.list, "a")) }
          eventually("nobody writes") { writer.pulse.writeBegan.load(ordering: .relaxed) != 0 }
          #expect(throws: TrailError.cannotWrite("the disk does not answer")) { try writer.close() }
          faults.mend()
          hanging.join()
          try writer.close()
        }
        #expect(try fixture.verify(.all).findings == [.endNotEstablished])
      }

      @Test func closingDoesNotWaitForAHangingDiskForEver() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          var settings = Fixture.quick
          settings.closePatienceNanoseconds = 50_000_000
          settings.patienceNanoseconds = 20_000_000
          let writer = try fixture.open(settings)
          faults.hang("fdatasync")
          try writer.append(plain(.list, "a"))
          #expect(throws: TrailError.self) { try writer.close() }
          faults.mend()
          eventually("keeper still there") { writer.lock.withLock { writer.hasKeeperEnded } }
        }
      }

      enum Removal: CaseIterable, Sendable { case unlinked, replaced, movedAway, folderMoved }

      @Test(arguments: Removal.allCases)
      func aSegmentThatIsTakenAwayIsPutBack(_ removal: Removal) throws {
        let fixture = try Fixture()
        var acknowledged: [String] = []
        let writer = try fixture.open()
        acknowledge(writer, 10, "a", into: &acknowledged)
        try writer.sync()
        let segment = fixture.segmentPath(1)
        switch removal {
        case .unlinked: try Files.unlink(segment)
        case .replaced:
          try Fixture.write([1, 2, 3], to: fixture.root + "/other")
          try Files.rename(fixture.root + "/other", segment)
        case .movedAway: try Files.rename(segment, fixture.root + "/moved")
        case .folderMoved: try Files.rename(fixture.path, fixture.root + "/moved")
        }
        acknowledge(writer, 10, "b", into: &acknowledged)
        if removal == .folderMoved {
          eventually("never refused") { writer.status.refusal != nil }
          #expect(throws: TrailError.self) { try writer.append(plain(.list, "refused")) }
          try Files.rename(fixture.root + "/moved", fixture.path)
        }
        eventually("refused for ever") { writer.status.refusal == nil && writer.status.resumedCount > 0 }
        acknowledge(writer, 10, "c", into: &acknowledged)
        try writer.close()
        #expect(acknowledged.count >= 20)
        try expectAll(fixture, acknowledged)
        #expect(try fixture.verify(.all).findings == [.resumed(segment: 2), .endNotEstablished])
      }

      @Test func whatCouldNotBeKeptIsCounted() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          var settings = Fixture.quick
          settings.alwaysQueueCountMax = 5
          let writer = try fixture.open(settings)
          faults.fail("write", EIO)
          faults.fail("open", EIO)
          _ = try? writer.append(plain(.list, "refused"))
          for index in 0..<8 { writer.appendAlways(plain(.release, "r\(index)")) }
          #expect(writer.status.lostCount == 3)
          faults.mend()
          eventually("refused for ever") { writer.status.refusal == nil }
          try writer.close()
        }
        let records = try fixture.records()
        #expect(records.filter { $0.action == .alert }.map(\.count) == [3])
        #expect(records.filter { $0.action == .release }.map(\.details[0].value) == (0..<5).map { "r\($0)" })
        #expect(try fixture.verify(.all).findings == [.resumed(segment: 2), .endNotEstablished])
      }

      @Test func withoutCheckpointsNothingMoreIsAcceptedUntilThereIsOne() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        try faults.run {
          var settings = Fixture.quick
          settings.activeCheckpointNanoseconds = 10_000_000
          settings.idleCheckpointNanoseconds = 20_000_000
          settings.heartbeatNanosecondsMax = 300_000_000
          settings.patienceNanoseconds = 1_000_000_000
          let writer = try fixture.open(settings)
          faults.fail("rename", EIO, on: "signer")
          try writer.append(plain(.list, "a"))
          eventually("never refused") { writer.status.refusal?.hasPrefix("signer") == true }
          #expect(throws: TrailError.self) { try writer.append(plain(.list, "refused")) }
          faults.mend()
          eventually("refused for ever") { writer.status.refusal == nil }
          try writer.append(plain(.list, "b"))
          try writer.close()
        }
        #expect(try fixture.records().map(\.details[0].value) == ["a", "b"])
        let findings = try fixture.verify(.all).findings
        #expect(findings.contains(.resumed(segment: 2)) && findings.last == .endNotEstablished)
      }

      @Test func aRotationThatFailsLosesNothing() throws {
        let fixture = try Fixture()
        let faults = Faults(under: fixture.root)
        var acknowledged: [String] = []
        try faults.run {
          var settings = Fixture.quick
          settings.segmentFrameCountMax = 20
          let writer = try fixture.open(settings)
          faults.fail("open", ENOSPC, on: "0000000002.segment")
          acknowledge(writer, 30, "a", into: &acknowledged)
          #expect(acknowledged.count == 19)
          faults.mend()
          eventually("refused for ever") { writer.status.refusal == nil }
          acknowledge(writer, 5, "b", into: &acknowledged)
          try writer.close()
        }
        #expect(acknowledged.count == 24)
        try expectAll(fixture, acknowledged)
        #expect(try fixture.verify(.all).findings == [.resumed(segment: 2), .endNotEstablished])
      }
    }
  }
#endif
