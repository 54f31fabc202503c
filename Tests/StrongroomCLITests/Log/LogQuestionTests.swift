import Access
import Control
import Foundation
import Glibc
import Platform
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

private func objects(_ ran: Ran) throws -> [[String: Any]] {
  try ran.output.split(separator: "\n").map {
    try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
  }
}

/// The rows without the summary.
private func rows(_ ran: Ran) throws -> [[String: Any]] { try objects(ran).filter { $0["summary"] == nil } }

@Test func whoReadADocumentOrAFolder() throws {
  let fixture = try TrailFixture()
  let document = try rows(fixture.log(["who", "/clients/王小明/合同.pdf", "--json"]))
  #expect(document.count == 1)
  #expect(document[0]["user"] as? String == "lin" && document[0]["bytes_read"] as? Int == 8192)
  #expect(document[0]["coverage_percent"] as? Int == 61 && document[0]["documents_complete"] as? Int == 0)
  #expect(document[0]["by"] as? [String] == ["grant 7"])
  let folder = try rows(fixture.log(["who", "/mnt/档案/clients", "--json"], mount: ScriptedMount(), table: mountInfo))
  #expect(folder.map { $0["user"] as? String } == ["lin", "bob"])
  #expect(folder[1]["documents_complete"] as? Int == 1 && folder[1]["denials"] as? Int == 1 && folder[1]["opened"] as? Int == 1)
  #expect(folder[1]["by"] as? [String] == ["grant 7", "missing read"])
  let table = fixture.log(["who", "/clients"])
  #expect(table.output.hasPrefix("USER   UID  FIRST"))
  #expect(table.errors == "8 shown of 8 matching (14 read), chain verified to #16\n")
}

@Test func whoFollowsADocumentThroughRenames() throws {
  let old = Array("/clients/old.pdf".utf8)
  let fixture = try TrailFixture([
    TrailFixture.open(1, TrailFixture.bob, old, size: 100, node: 70), TrailFixture.read(1, 0, 100),
    TrailFixture.release(1, TrailFixture.bob, read: 100, distinct: 100),
    TrailFixture.rename(TrailFixture.lin, "/clients/old.pdf", "/clients/new.pdf"),
    // Another document that got the old name.
    TrailFixture.open(2, TrailFixture.lin, old, size: 100, node: 71), TrailFixture.read(2, 0, 100),
  ])
  #expect(try rows(fixture.log(["who", "/clients/new.pdf", "--json"])).map { $0["user"] as? String } == ["bob"])
  // Both have borne the old name.
  #expect(try rows(fixture.log(["who", "/clients/old.pdf", "--json"])).map { $0["user"] as? String } == ["bob", "lin"])
  #expect(try rows(fixture.log(["who", "/clients/none", "--json"])).isEmpty)
}

@Test func whatAUserTouched() throws {
  let lines = try rows(try TrailFixture().log(["user", "lin", "--json"]))
  #expect(lines.map { $0["path"] as? String } == ["/clients/王小明/合同.pdf", "/clients/x.pdf", "/archive/y"])
  #expect(lines[0]["records"] as? Int == 4 && lines[0]["actions"] as? [String] == ["OPEN", "READ", "RELEASE"])
  #expect(lines[2]["opened"] as? Int == 1 && lines[2]["coverage_percent"] == nil)
}

@Test func whatOthersDidThroughAUsersHandleIsCountedApart() throws {
  var read = TrailFixture.read(1, 0, 300)
  read.actor = TrailFixture.bob
  read.opener = TrailFixture.lin
  let fixture = try TrailFixture([
    TrailFixture.open(1, TrailFixture.lin, TrailFixture.wang, size: 1000), TrailFixture.read(1, 0, 100), read,
    TrailFixture.release(1, TrailFixture.lin, read: 400, distinct: 300),
  ])
  let lin = try rows(fixture.log(["user", "lin", "--json"]))
  #expect(lin.count == 1 && lin[0]["bytes_read"] as? Int == 100 && lin[0]["bytes_by_others"] as? Int == 300)
  #expect(lin[0]["coverage_percent"] as? Int == 10 && lin[0]["records"] as? Int == 4)
  let bob = try rows(fixture.log(["user", "1001", "--json"]))
  #expect(bob.count == 1 && bob[0]["bytes_read"] as? Int == 300 && bob[0]["bytes_by_others"] as? Int == 0)
}

@Test(arguments: [
  ["query"], ["who", "/clients"], ["user", "lin"], ["denials"], ["first-access"], ["top"], ["around", "7"], ["off-hours"],
  ["health"],
])
func csvAndJSONAreNotBothGiven(_ words: [String]) throws {
  let ran = try TrailFixture().log(words + ["--csv", "--json"])
  #expect(ran.code == .usage && ran.output.isEmpty && ran.errors.contains("--csv and --json cannot be used together"))
}

@Test func denialsHaveOneOutcome() throws {
  let fixture = try TrailFixture()
  let ran = fixture.log(["denials", "--outcome", "done"])
  #expect(ran.code == .usage && ran.output.isEmpty && ran.errors.contains("leave --outcome out"))
  #expect(fixture.log(["denials", "--outcome", "refused"]).code == .done)
}

@Test func aRenameIntoAGrantsFolderIsNearIt() throws {
  let fixture = try TrailFixture([
    TrailFixture.rule(.grant, 70, "/clients/in"), TrailFixture.rename(TrailFixture.bob, "/archive/y", "/clients/in/y"),
    TrailFixture.rename(TrailFixture.bob, "/clients/in/y", "/archive/z"),
    TrailFixture.rename(TrailFixture.bob, "/archive/z", "/clients/inner"),
  ])
  let lines = try rows(fixture.log(["around", "70", "--json"]))
  #expect(lines.filter { $0["action"] as? String == "RENAME" }.map { $0["path"] as? String } == ["/archive/y", "/clients/in/y"])
}

@Test func denialsAreCounted() throws {
  var flood = TrailFixture.denial(TrailFixture.bob, "/clients/李", "open")
  flood.count = 41
  let fixture = try TrailFixture(TrailFixture.records + [flood, TrailFixture.denial(TrailFixture.lin, "/x", "rename")])
  let lines = try rows(fixture.log(["denials", "--json"]))
  #expect(lines.count == 2)
  #expect(
    lines[0]["count"] as? Int == 42 && lines[0]["user"] as? String == "bob" && lines[0]["reason"] as? String == "missing read")
  #expect(lines[1]["operation"] as? String == "rename" && lines[1]["errno"] as? String == "EACCES")
}

@Test func firstAccessKnowsWhatCameBefore() throws {
  let fixture = try TrailFixture()
  let all = try rows(fixture.log(["first-access", "--json"]))
  #expect(
    all.map { "\($0["user"] ?? "") \($0["folder"] ?? "")" } == [
      "lin /clients/王小明", "bob /clients", "lin /clients", "lin /archive",
    ])
  let shallow = try rows(fixture.log(["first-access", "--depth", "1", "--json"]))
  #expect(shallow.map { "\($0["user"] ?? "") \($0["folder"] ?? "")" } == ["lin /clients", "bob /clients", "lin /archive"])
  // Nothing is first in the future, and the trail before it was read all the same.
  usleep(2_000)
  let now = WallTime.now().utc
  try fixture.write([
    TrailFixture.open(9, TrailFixture.lin, TrailFixture.wang, size: 1),
    TrailFixture.open(8, TrailFixture.bob, TrailFixture.wang, size: 1),
  ])
  let since = try rows(fixture.log(["first-access", "--since", now, "--json"]))
  #expect(since.map { "\($0["user"] ?? "") \($0["folder"] ?? "")" } == ["bob /clients/王小明"])
}

@Test func topCountsByWhatIsAsked() throws {
  let fixture = try TrailFixture()
  let users = try rows(fixture.log(["top", "--json"]))
  #expect(users.map { $0["user"] as? String } == ["lin", "bob", "#0", "root", nil])
  #expect(users[0]["records"] as? Int == 7 && users[0]["bytes_read"] as? Int == 8192)
  let limited = fixture.log(["top", "--by", "action", "--limit", "1", "--json"])
  #expect(try rows(limited).map { $0["action"] as? String } == ["OPEN"])
  let summary = try #require(try objects(limited).last?["summary"] as? [String: Any])
  #expect(summary["shown"] as? Int == 3 && summary["matching"] as? Int == 14)
  #expect(fixture.log(["top", "--by", "moon"]).code == .usage)
  let csv = fixture.log(["top", "--csv", "--limit", "1"]).output.components(separatedBy: "\r\n")
  #expect(csv[0] == "records,opened,reads,bytes_read,bytes_written,denials,first,last,user" && csv[1].hasSuffix(",lin"))
}

@Test func aGrantsLifeIsShownWithItsSurroundings() throws {
  let fixture = try TrailFixture()
  let lines = try rows(fixture.log(["around", "7", "--json"]))
  // Given, used, everything at or below its folder within the window, and what its giver did then; not what others did in /archive.
  #expect(lines.prefix(2).map { $0["action"] as? String } == ["MOUNT", "GRANT"])
  #expect(lines.count == 11 && !lines.contains { $0["path"] as? String == "/archive/y" })
  let own = try rows(fixture.log(["around", "8", "--json"]))
  // Grant 8 was not given in this trail: only its uses.
  #expect(own.map { $0["action"] as? String } == ["RENAME", "OPEN"])
  let none = fixture.log(["around", "99"])
  #expect(none.code == .done && none.errors.contains("grant 99 is not in this trail"))
  #expect(fixture.log(["around", "x"]).code == .usage)
}

@Test func healthShowsRunsAndVerifies() throws {
  let fixture = try TrailFixture()
  let ran = fixture.log(["health"])
  #expect(ran.code == .done, "\(ran.output)\(ran.errors)")
  #expect(ran.output.contains("MOUNT") && ran.output.contains("chain: whole to \(fixture.end)"))
  // A run that ended without closing.
  let writer = try fixture.writer()
  try writer.append(TrailFixture.denial(TrailFixture.lin, "/x", "open"))
  try writer.sync()
  try fixture.crash(writer)
  try fixture.write([])
  let after = fixture.log(["health"])
  #expect(after.code == .findings, "\(after.output)\(after.errors)")
  #expect(after.output.contains("RECOVERY") && after.output.contains("a run ended without closing"))
  try fixture.flip(segment: 1, byte: -500)
  #expect(fixture.log(["health"]).code == .trailBroken)
}

extension InChina {
  @Test func offHoursAreThoseOfTheZone() throws {
    // Monday 2026-03-02.
    let office = try #require(WorkingHours(hours: nil, days: nil))
    let night = try #require(WorkingHours(hours: "22:00-06:00", days: "fri-sun"))
    for (text, inOffice, inNight) in [
      ("2026-03-02T07:59:59+08:00", false, false), ("2026-03-02T08:00:00+08:00", true, false),
      ("2026-03-02T18:59:59+08:00", true, false),
      ("2026-03-02T19:00:00+08:00", false, false), ("2026-03-01T12:00:00+08:00", false, false),
      ("2026-03-01T23:00:00+08:00", false, true),
      ("2026-03-02T05:59:00+08:00", false, true), ("2026-03-02T06:00:00+08:00", false, false),
      ("2026-03-02T23:00:00+08:00", false, false),
    ] {
      let wall = try #require(WallTime(text)).nanoseconds
      #expect(office.contains(wall) == inOffice, "\(text)")
      #expect(night.contains(wall) == inNight, "\(text)")
    }
    for bad in [
      ("8-19", nil), ("08:00-25:00", nil), ("08:00-08:00", nil), ("08:00", nil), (nil, "mon-"), (nil, "mond"),
      (nil, "mon-wed-fri"),
    ] as [(String?, String?)] {
      #expect(WorkingHours(hours: bad.0, days: bad.1) == nil, "\(bad)")
    }
  }

  @Test func offHoursLeaveOutWhatIsDoneAtWork() throws {
    let fixture = try TrailFixture()
    let all = fixture.log(["off-hours", "--hours", "00:00-24:00", "--days", "sun-sat", "--raw"])
    #expect(all.output.isEmpty)
    #expect(all.errors == "0 shown of 0 matching (14 read), chain verified to #16\n")
    let day = WorkingHours.dayNames[(Calendar(identifier: .gregorian).component(.weekday, from: Date()) + 2) % 7]
    #expect(try rows(fixture.log(["off-hours", "--days", day, "--json"])).count == 12)
    #expect(fixture.log(["off-hours", "--hours", "late"]).code == .usage)
  }
}
