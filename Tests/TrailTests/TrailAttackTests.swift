import Glibc
import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

extension TrailTests {
  /// The attack corpus: whatever is done to the files of a trail is found.
  @Suite struct AttackTests {
    /// Three runs with records, marks and checkpoints; the second ends by a crash.
    private struct Victim {
      let fixture = try! Fixture()
      let end: ChainPoint
      let old: String
      let crashed: TrailReport.Verdict

      init() throws {
        let digest = [UInt8](repeating: 3, count: 32)
        var writer = try fixture.open()
        try writer.append(openRecord(1))
        try writer.appendRead(handle: HandleID(1), offset: 0, asked: 10, returned: 10)
        _ = try writer.writeMark(commit: 1, predecessor: 0, digest: digest, generation: 1)
        try writer.append(plain(.list, "x"))
        try writer.close()
        old = try fixture.copy(to: "old")
        writer = try fixture.open()
        _ = try writer.writeMark(commit: 2, predecessor: 1, digest: digest, generation: 1)
        try writer.append(openRecord(2))
        try writer.close()
        writer = try fixture.open()
        try writer.append(openRecord(3))
        try writer.append(plain(.list, "y"))
        try writer.close()
        end = writer.status.syncedPoint
        crashed = try fixture.verify(.all, end: end).verdict
        #expect(crashed == .whole)
      }

      /// Applies an attack to a fresh copy. Returns the copy's folder.
      func attack(_ change: (inout Forger) throws -> Void, mend: Bool = true) throws -> String {
        let copy = try fixture.copy(to: "attacked")
        var forger = try Forger(copy)
        try change(&forger)
        try forger.write(to: copy, mendCheckpoints: mend)
        return copy
      }

      /// Without any secret, knowing only genesis and end.
      func isFound(_ path: String) throws -> Bool { try fixture.verify(path: path, end: end).isBroken }
    }

    @Test func theForgerPutsBackWhatItTookApart() throws {
      let victim = try Victim()
      let copy = try victim.attack({ _ in }, mend: false)
      #expect(try victim.fixture.verify(.all, path: copy, end: victim.end).verdict == .whole)
    }

    @Test func everyFlippedByteIsFound() throws {
      let victim = try Victim()
      let copy = try victim.fixture.copy(to: "flipped")
      for name in try Files.list(copy) {
        let bytes = try Fixture.read(copy + "/" + name)
        let file = try File(copy + "/" + name, O_RDWR)
        for offset in bytes.indices {
          for mask: UInt8 in offset % 16 == 0 ? [1, 0x80, 0xff] : [1 << UInt8(offset % 8)] {
            try file.write([bytes[offset] ^ mask], at: offset)
            do {
              let report = try victim.fixture.verify(name == "signer" ? .keys : .none, path: copy, end: victim.end)
              #expect(report.isBroken, "\(name) byte \(offset)")
            } catch let error as TrailError {
              // A version byte, of which nobody can say whether it was changed: then the file is named.
              guard case .newerVersion(_, let place) = error else {
                Issue.record("\(name) byte \(offset): \(error)")
                continue
              }
              #expect(
                place.hasPrefix(name == "signer" ? name : "segment \(UInt64(name.prefix(10))!)"),
                "\(name) byte \(offset): \(place)")
            }
          }
          try file.write([bytes[offset]], at: offset)
        }
      }
      #expect(try victim.fixture.verify(.all, path: copy, end: victim.end).verdict == .whole)
    }

    @Test func aChangedVersionIsToldWithItsSegment() throws {
      let victim = try Victim()
      let copy = try victim.fixture.copy(to: "newer")
      let path = copy + "/0000000002.segment"
      var bytes = try Fixture.read(path)
      let total = SegmentHeader.byteCount(beginning: bytes[...])!
      let content = total - SegmentHeader.checkByteCount
      bytes[8] = 9
      let check = Chain.start(header: Array(bytes[..<content])).bytes.prefix(SegmentHeader.checkByteCount)
      bytes.replaceSubrange(content..<total, with: check)
      try File(path, O_WRONLY).write(bytes, at: 0)
      #expect(throws: TrailError.newerVersion(9, place: "segment 2")) { try victim.fixture.verify(path: copy, end: victim.end) }
    }

    @Test func everyCutFileIsFound() throws {
      let victim = try Victim()
      let copy = try victim.fixture.copy(to: "cut")
      for name in try Files.list(copy) where name != "signer" {
        let bytes = try Fixture.read(copy + "/" + name)
        for count in stride(from: 0, to: bytes.count, by: 7) {
          try Fixture.write(Array(bytes[..<count]), to: copy + "/" + name)
          #expect(try victim.isFound(copy), "\(name) cut at \(count)")
          // With the keys the cut is found without a known end, and the writer does not go on.
          #expect(try victim.fixture.verify(.keys, path: copy).isBroken, "\(name) cut at \(count)")
        }
        try Fixture.write(Array(bytes[..<(bytes.count - 1)]), to: copy + "/" + name)
        #expect(throws: TrailError.self) { try victim.fixture.open(path: copy) }
        try Fixture.write(bytes + [0], to: copy + "/" + name)
        #expect(try victim.isFound(copy), "\(name) with a byte more")
        try Fixture.write(bytes, to: copy + "/" + name)
      }
    }

    @Test func framesThatAreDroppedDoubledOrMovedAreFoundInAMendedChain() throws {
      let victim = try Victim()
      for segment in 0..<3 {
        let count = try Forger(victim.fixture.path).segments[segment].frames.count
        for mend in [false, true] {
          for frame in 0..<count {
            let dropped = try victim.attack({ $0.segments[segment].frames.remove(at: frame) }, mend: mend)
            #expect(try victim.isFound(dropped), "dropped \(segment).\(frame)")
            let doubled = try victim.attack(
              { $0.segments[segment].frames.insert($0.segments[segment].frames[frame], at: frame) }, mend: mend)
            #expect(try victim.isFound(doubled), "doubled \(segment).\(frame)")
            if frame > 0 {
              let swapped = try victim.attack({ $0.segments[segment].frames.swapAt(frame, frame - 1) }, mend: mend)
              #expect(try victim.isFound(swapped), "swapped \(segment).\(frame)")
            }
            let emptied = try victim.attack({ $0.segments[segment].frames[frame].body = [] }, mend: false)
            #expect(try victim.isFound(emptied), "emptied \(segment).\(frame)")
          }
        }
      }
    }

    @Test func recordsThatAreReplacedAreFound() throws {
      let victim = try Victim()
      let copy = try victim.attack { forger in
        let other = forger.segments[2].frames[1]
        forger.segments[0].frames[1] = other
      }
      #expect(try victim.isFound(copy))
    }

    @Test func segmentsThatAreDroppedDoubledOrMovedAreFound() throws {
      let victim = try Victim()
      for segment in 0..<3 {
        let copy = try victim.fixture.copy(to: "attacked")
        try Files.unlink(TrailFolder(path: copy).segmentPath(UInt64(segment) + 1))
        #expect(try victim.isFound(copy))
        #expect(throws: TrailError.self) { try victim.fixture.open(path: segment == 2 ? copy : victim.fixture.root + "/none") }
        #expect(try victim.isFound(victim.attack { $0.segments.remove(at: segment) }))
        #expect(try victim.isFound(victim.attack { $0.segments.insert($0.segments[segment], at: segment) }))
        if segment > 0 { #expect(try victim.isFound(victim.attack { $0.segments.swapAt(segment, segment - 1) })) }
      }
      let empty = try victim.fixture.copy(to: "attacked")
      for name in try Files.list(empty) where name != "signer" { try Files.unlink(empty + "/" + name) }
      #expect(try victim.isFound(empty))
      #expect(throws: TrailError.damaged("all segments are missing")) { try victim.fixture.open(path: empty) }
    }

    @Test func anOlderTrailIsFound() throws {
      let victim = try Victim()
      // All of it: only by an end or an anchor from outside. The rest of the vault would tell too (its marks).
      #expect(try victim.isFound(victim.old))
      #expect(try victim.fixture.verify(.all, path: victim.old).findings == [.endNotEstablished])
      // Older segments under the present signer.
      let copy = try victim.fixture.copy(to: "attacked")
      for number in [UInt64(2), 3] { try Files.unlink(TrailFolder(path: copy).segmentPath(number)) }
      #expect(try victim.fixture.verify(.keys, path: copy).isBroken)
      #expect(throws: TrailError.self) { try victim.fixture.open(path: copy) }
      // The older signer under the present segments.
      let other = try victim.fixture.copy(to: "attacked")
      try Fixture.write(Fixture.read(victim.old + "/signer"), to: other + "/signer")
      #expect(try victim.fixture.verify(.keys, path: other).isBroken)
      #expect(throws: TrailError.damaged("the signer is older than the trail")) { try victim.fixture.open(path: other) }
    }

    @Test func anchorsTellAnOlderTrailAndAnotherOne() throws {
      let fixture = try Fixture()
      let anchor = fixture.root + "/anchor"
      var settings = Fixture.quick
      settings.anchors = [FileAnchor(path: anchor)]
      try fixture.open(settings).close()
      let old = try fixture.copy(to: "old")
      try fixture.open(settings).close()
      #expect(try fixture.verify(anchor: anchor).verdict == .whole)
      #expect(try fixture.verify(path: old, anchor: anchor).isBroken)
      // A fork from the old state: everything in it is signed.
      try fixture.open(path: old).close()
      #expect(try fixture.verify(.all, path: old).findings == [.endNotEstablished])
      #expect(try fixture.verify(path: old, anchor: anchor).isBroken)
    }

    @Test func pastEpochsCannotBeSignedWithThePresentKey() throws {
      let victim = try Victim()
      let copy = try victim.fixture.copy(to: "attacked")
      var forger = try Forger(copy)
      forger.segments[0].frames.remove(at: 1)
      let signer = try TrailSigner.load(
        from: TrailFolder(path: copy), vault: victim.fixture.vault, key: victim.fixture.keys.signer)
      let key = try signer.publicKey()
      try forger.write(to: copy) { checkpoint in
        checkpoint.publicKey = key
        checkpoint.nextPublicKey = key
        if checkpoint.recordCount > 0 { checkpoint.recordCount -= 1 }
        try! signer.sign(&checkpoint)
      }
      #expect(try victim.fixture.verify(path: copy).isBroken)
      #expect(try victim.fixture.verify(path: copy, genesis: false).isBroken)
    }

    @Test func aWholeTrailOfSomebodyElseIsFoundByItsGenesis() throws {
      let victim = try Victim()
      let author = try Author()
      try author.checkpoint(.opening)
      try author.record()
      try author.checkpoint(.closing)
      #expect(try victim.fixture.verify(path: author.fixture.path).isBroken)
      #expect(
        try victim.fixture.verify(path: author.fixture.path, genesis: false).findings == [
          .originNotEstablished, .endNotEstablished,
        ])
      // The genesis key of the victim in the header, the author's signatures.
      var forger = try Forger(author.fixture.path)
      forger.segments[0].header.previousHead = Chain.genesis(vault: victim.fixture.vault, publicKey: victim.fixture.genesis)
      try forger.write(to: author.fixture.path)
      #expect(try victim.fixture.verify(path: author.fixture.path).isBroken)
      #expect(try victim.fixture.verify(path: author.fixture.path, genesis: false).isBroken)
    }

    @Test func aSegmentThatIsAddedIsUnsigned() throws {
      let victim = try Victim()
      let copy = try victim.fixture.copy(to: "attacked")
      var forger = try Forger(copy)
      var extra = forger.segments[2]
      extra.frames = Array(extra.frames[1...2])
      forger.segments.append(extra)
      try forger.write(to: copy, mendCheckpoints: false)
      let findings = try victim.fixture.verify(path: copy, end: victim.end).findings
      #expect(findings == [.unsigned(from: victim.end.sequence + 1, through: victim.end.sequence + 2, isLast: true)])
      #expect(try victim.fixture.verify(.identity, path: copy, end: victim.end).isBroken)
    }

    /// The signed segments from one on replaced by those of a writer who has no seed: same records, chain mended, no checkpoint.
    @Test func unsealedSegmentsPutInPlaceAreFound() throws {
      let victim = try Victim()
      let checkpoint = VaultFormat.Frame.Kind.checkpoint.rawValue
      for segment in 0..<3 {
        #expect(try victim.isFound(victim.attack { $0.segments[segment].frames.removeAll { $0.kind == checkpoint } }))
        #expect(
          try victim.isFound(
            victim.attack { forger in
              for later in segment..<3 { forger.segments[later].frames.removeAll { $0.kind == checkpoint } }
            }))
      }
    }

    @Test func twoWritersAreFound() throws {
      let fixture = try Fixture()
      let first = try fixture.open()
      try first.append(plain(.list, "first"))
      try first.sync()
      let second = try fixture.open()
      try second.append(plain(.list, "second"))
      try first.append(plain(.list, "third"))
      try? first.close()
      try? second.close()
      #expect(try fixture.verify().isBroken)
    }

    @Test func filesThatDoNotBelongAreNamed() throws {
      let victim = try Victim()
      try Fixture.write([1], to: victim.fixture.path + "/notes")
      #expect(try victim.fixture.verify(end: victim.end).findings == [.foreignFile("notes")])
    }

    @Test func recordsUnderAnotherKeyAreFoundByAReviewer() throws {
      let author = try Author()
      try author.checkpoint(.opening)
      try author.record()
      try author.garbage()
      try author.checkpoint(.closing)
      #expect(try author.verify() == .whole)
      guard case .broken(let place) = try author.verify(.identity) else {
        Issue.record("not found")
        return
      }
      #expect(place.sequence == 3 && place.what == "record #3 does not open")
    }

    @Test func aSegmentKeyThatIsNotTheOneCommittedToIsFound() throws {
      let author = try Author()
      let other = try Fixture()
      try author.record()
      var header = try SegmentScanner(TrailFolder(path: author.fixture.path), number: 1, vault: nil).header
      header.reviewers[0].sealedKey = try SealedBox.seal(try SecretBytes.random(count: 32), to: author.fixture.reviewer.publicKey)
      #expect(throws: TrailError.damaged("segment 1: its key does not open")) {
        try RecordOpener(header, identity: author.fixture.reviewer)
      }
      #expect(try RecordOpener(header, identity: other.reviewer) == nil)
    }

    // MARK: Right signatures over a wrong story

    /// Signatures are checked in batches by other threads while the chain is walked on: the first wrong one is told all the same, as the walk met it.
    @Test func oneWrongSignatureAmongManyIsFoundWhereItStands() throws {
      let author = try Author()
      try author.checkpoint(.opening)
      for number in 2...140 {
        if number % 10 == 0 { try author.record() }
        try author.checkpoint(isForged: [70, 71, 130].contains(number))
      }
      guard case .broken(let place) = try author.verify() else {
        Issue.record("not found")
        return
      }
      #expect(place.what == "a checkpoint with a wrong signature" && place.segment == 1 && place.sequence == 70 + 7)
      #expect(try author.fixture.verify().isBroken)
    }

    @Test func missingHeartbeatsAreFound() throws {
      let author = try Author()
      try author.checkpoint(.opening)
      try author.checkpoint(boot: 89, wall: 89)
      #expect(try author.verify() == .whole)
      try author.checkpoint(boot: 180, wall: 180)
      #expect(try author.verify().what == "heartbeats are missing")
      let resumed = try Author()
      try resumed.checkpoint(.opening)
      try resumed.begin(.resumed)
      try resumed.checkpoint(boot: 60, wall: 60)
      #expect(try resumed.verify() == .consistent([.resumed(segment: 2)]))
    }

    @Test func aBootClockThatGoesBackIsFound() throws {
      let author = try Author()
      try author.checkpoint(.opening, boot: 10, wall: 10)
      try author.checkpoint()
      #expect(try author.verify().what == "the boot clock went back")
    }

    @Test func aWallClockSetBackIsNamed() throws {
      let author = try Author()
      try author.checkpoint(.opening)
      try author.checkpoint(boot: 5, wall: -95)
      try author.checkpoint(boot: 6, wall: -94)
      guard case .consistent(let findings) = try author.verify() else {
        Issue.record("broken")
        return
      }
      #expect(findings.count == 1)
      if case .clockSetBack(sequence: 2, seconds: let seconds) = findings[0] { #expect((99...101).contains(seconds)) }
    }

    /// Steps that are each too small to be named add up.
    @Test func aWallClockSetBackLittleByLittleIsNamed() throws {
      let author = try Author()
      try author.checkpoint(.opening)
      for step in 1...10 as ClosedRange<Int64> { try author.checkpoint(boot: step, wall: -25 * step) }
      guard case .consistent(let findings) = try author.verify() else {
        Issue.record("broken")
        return
      }
      // Told each time another minute is lost: at 78 s, 156 s and 234 s.
      let told = findings.map { if case .clockSetBack(_, let seconds) = $0 { (70...85).contains(seconds) } else { false } }
      #expect(told == [true, true, true], "\(findings)")
    }

    /// The fields of a checkpoint are read before its signature is checked: clocks as nobody has them are no reason to stop working.
    @Test func impossibleClocksAreABrokenTrail() throws {
      for clock in [Int64.min, Int64.max] {
        for change in [{ $0.wall = clock }, { $0.boot = clock }] as [(inout Checkpoint) -> Void] {
          let author = try Author()
          try author.checkpoint(.opening)
          try author.checkpoint(isForged: true, change)
          let verdict = try author.verify()
          #expect(verdict.what?.contains("clocks") == true, "\(verdict)")
        }
      }
    }

    /// Nor are counts as no trail has them, in a header: neither to the verifier nor to who reads or goes on with the trail.
    @Test func impossibleCountsAreABrokenTrail() throws {
      let changes: [(inout SegmentHeader) -> Void] = [
        { $0.previousByteCount = .max }, { $0.firstSequence = .max }, { $0.base.wall = .min }, { $0.base.boot = .max },
      ]
      for change in changes {
        let victim = try Victim()
        let copy = try victim.attack { forger in forger.bend = { if $0 == 2 { change(&$1) } } }
        #expect(try victim.isFound(copy))
        #expect(throws: TrailError.self) { try victim.fixture.records(path: copy) }
        #expect(throws: TrailError.self) { try victim.fixture.open(path: copy) }
      }
    }

    @Test func nothingFollowsAClosingCheckpointButAStart() throws {
      for kind in [SegmentHeader.Kind.rotation, .resumed] {
        let author = try Author()
        try author.checkpoint(.closing)
        try author.begin(kind)
        #expect(try author.fixture.verify().what == "goes on after a closing checkpoint")
      }
      let author = try Author()
      try author.checkpoint(.closing)
      try author.record()
      #expect(try author.verify().what == "a frame after the closing checkpoint")
    }

    @Test func wrongCountsAndPlacesAreFound() throws {
      let changes: [(String, (inout Checkpoint) -> Void)] = [
        ("records", { $0.recordCount += 1 }), ("marks", { $0.markCount += 1 }), ("mark", { $0.lastMarkSequence = 1 }),
        ("commit", { $0.lastMarkCommit = 1 }), ("segment", { $0.segment += 1 }), ("sequence", { $0.sequence += 1 }),
        ("head", { $0.head = .zero }), ("epoch", { $0.epoch += 1 }), ("previous", { $0.previous = .zero }),
        ("vault", { $0.vault = VaultID(high: 9, low: 9) }), ("key", { $0.publicKey = $0.nextPublicKey }),
      ]
      for (name, change) in changes {
        let author = try Author()
        try author.checkpoint(.opening)
        try author.record()
        try author.checkpoint(.regular, change)
        #expect(try author.fixture.verify().isBroken, "\(name)")
      }
    }

    @Test func anEpochWithoutRecordsCannotBeTakenOut() throws {
      let author = try Author()
      try author.checkpoint(.opening)
      try author.checkpoint()
      try author.checkpoint(.closing)
      var forger = try Forger(author.fixture.path)
      forger.segments[0].frames.remove(at: 1)
      try forger.write(to: author.fixture.path)
      #expect(try author.fixture.verify().what == "a checkpoint is missing")
    }

    @Test func aCrashLeavesItsLastRecordsUnsignedForGood() throws {
      let fixture = try Fixture()
      let writer = try fixture.open()
      try writer.append(plain(.list, "a"))
      try writer.sync()
      let crashed = try fixture.copy(to: "crashed")
      #expect(try fixture.verify(path: crashed, end: writer.status.syncedPoint).verdict == .whole)
      #expect(
        try fixture.verify(path: crashed).findings == [.unsigned(from: 2, through: 2, isLast: true), .endNotEstablished])
      let (next, opening) = try fixture.openBoth(path: crashed)
      #expect(!opening.wasClosedCleanly && opening.droppedByteCount == 0 && opening.end?.sequence == 2)
      try next.close()
      #expect(
        try fixture.verify(.all, path: crashed, end: next.status.syncedPoint).findings
          == [.unsigned(from: 2, through: 2, isLast: false), .endedWithoutClosing(after: 2)])
      try writer.close()
    }
  }
}

extension TrailReport.Verdict {
  /// What is broken; nil where nothing is.
  var what: String? { if case .broken(let place) = self { place.what } else { nil } }
}

extension TrailReport {
  var what: String? { verdict.what }
}
