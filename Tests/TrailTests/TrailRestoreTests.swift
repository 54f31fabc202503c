import Platform
import Sodium
import Testing
import VaultFormat

@testable import Trail

extension TrailTests {
  /// A trail that was put back from a copy and says so, against what anchors were told before and after.
  @Suite struct RestoreTests {
    private func settings(_ fixture: Fixture) -> TrailSettings {
      var settings = Fixture.quick
      settings.anchors = [FileAnchor(path: fixture.root + "/anchors")]
      return settings
    }

    /// Runs of the trail, each with an opening and a closing checkpoint.
    private func run(_ fixture: Fixture, _ text: String, isRestored: Bool = false) throws {
      let writer = try TrailWriter.open(
        in: fixture.path, vault: fixture.vault, keys: fixture.keys, reviewers: [fixture.reviewer.publicKey],
        settings: settings(fixture), isRestored: isRestored
      ).writer
      if isRestored {
        var record = Record(.restore)
        record.actor = Record.Actor(uid: 0, name: "op\u{202E}", pid: 1)
        record.details = [Record.Detail("reason", "the disk burnt")]
        try writer.append(record)
      }
      try writer.append(plain(.list, text))
      try writer.close()
    }

    private func putBack(_ fixture: Fixture, _ copy: String) throws {
      Fixture.remove(fixture.path)
      _ = try Files.rename(fixture.copy(to: "again", from: copy), fixture.path)
    }

    private func findings(_ fixture: Fixture, _ secrets: Fixture.Secrets = .all, end: ChainPoint? = nil) throws
      -> [TrailReport.Finding]
    {
      let report = try fixture.verify(secrets, end: end, anchor: fixture.root + "/anchors")
      #expect(!report.isBroken, "\(report.verdict)")
      return report.findings
    }

    @Test func aRestoredTrailIsNamedWithOperatorAndReasonAndIsNeverWhole() throws {
      let fixture = try Fixture()
      try run(fixture, "one")
      let copy = try fixture.copy(to: "backup")
      try run(fixture, "two")
      try run(fixture, "three")
      let lost = try fixture.verify().end!
      try putBack(fixture, copy)
      // As long as nothing says that it was restored, it is an older trail that was put back.
      #expect(try fixture.verify(anchor: fixture.root + "/anchors").isBroken)
      try run(fixture, "four", isRestored: true)
      try run(fixture, "five")
      #expect(
        try findings(fixture)
          == [.restored(segment: 2, after: 3, leftBehind: 4, operator: "op\u{202E}", reason: "the disk burnt")])
      #expect(try findings(fixture, .none) == [.restored(segment: 2, after: 3, leftBehind: 4, operator: nil, reason: nil)])
      // An end from what was left behind cannot be met; the trail is not called broken for it, and not whole.
      #expect(try fixture.verify(.all, end: lost).findings.contains(.endNotEstablished))
      // One from before must be met, as ever.
      #expect(try fixture.verify(end: ChainPoint(sequence: 2, head: .zero)).isBroken)
      #expect(try fixture.records().compactMap { $0.details.first { $0.key == "text" }?.value } == ["one", "four", "five"])
    }

    @Test func aTrailThatWentOnWithoutSayingSoIsBrokenByItsAnchors() throws {
      let fixture = try Fixture()
      try run(fixture, "one")
      let copy = try fixture.copy(to: "backup")
      try run(fixture, "two")
      let other = try fixture.copy(to: "other")
      try putBack(fixture, copy)
      try run(fixture, "three")
      #expect(try fixture.verify(anchor: fixture.root + "/anchors").isBroken)
      // Nor does the one that was left behind pass, against anchors that both told.
      #expect(try fixture.verify(path: other, anchor: fixture.root + "/anchors").isBroken)
    }

    @Test func manyRestorationsEachLeaveTheirPartBehind() throws {
      let fixture = try Fixture()
      try run(fixture, "a")
      try run(fixture, "b", isRestored: true)
      let copy = try fixture.copy(to: "backup")
      try run(fixture, "c")
      try putBack(fixture, copy)
      try run(fixture, "d", isRestored: true)
      let second = try fixture.copy(to: "second")
      for text in ["e", "f", "g"] { try run(fixture, text) }
      try putBack(fixture, second)
      try run(fixture, "h", isRestored: true)
      let left = try findings(fixture).compactMap { finding -> UInt64? in
        if case .restored(_, _, let count, _, _) = finding { count } else { nil }
      }
      #expect(left == [0, 2, 6])
      // What was told since a restoration counts as ever: cut it, and it is missed.
      try Files.unlink(fixture.segmentPath(4))
      #expect(try fixture.verify(anchor: fixture.root + "/anchors").isBroken)
    }

    @Test func anchorsThatMissedAPartOfEitherSideAreUnderstood() throws {
      let fixture = try Fixture()
      try run(fixture, "one")
      let copy = try fixture.copy(to: "backup")
      for text in ["two", "three"] { try run(fixture, text) }
      try putBack(fixture, copy)
      try run(fixture, "four", isRestored: true)
      try run(fixture, "five")
      let lines = try String(decoding: Fixture.read(fixture.root + "/anchors"), as: UTF8.self).split(separator: "\n")
      #expect(lines.count == 10)
      // 0 1 | 2 3 4 5 | 2' 3' 4' 5'
      for kept in [
        [0, 1, 2, 3, 4, 5, 7, 8], [0, 1, 6, 7, 8, 9], [0, 1, 2, 3, 8, 9], [0, 1, 2, 3, 4, 5], [3, 9], [0, 1, 4, 5, 6, 7, 8, 9],
      ] {
        try Files.unlink(fixture.root + "/anchors")
        try Fixture.write(Array((kept.map { lines[$0] } + [""]).joined(separator: "\n").utf8), to: fixture.root + "/anchors")
        let report = try fixture.verify(anchor: fixture.root + "/anchors")
        #expect(!report.isBroken, "\(kept): \(report.verdict)")
      }
    }
  }
}
