import Control
import Foundation
import Glibc
import Platform
import Sodium
import Testing
import Trail
import VaultFormat

@testable import StrongroomCLI

private let wang = "/clients/王小明/合同.pdf"

/// The table without its first column, whose times are those of now.
private func rows(_ ran: Ran) -> [String] {
  ran.output.split(separator: "\n").map { line in
    line.split(separator: " ", maxSplits: 1).last.map { $0.drop { $0 == " " } }.map { String($0) } ?? ""
  }
}

private func objects(_ text: String) throws -> [[String: Any]] {
  try text.split(separator: "\n").map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
}

@Test func whatWasDoneThroughAHandleIsOneLine() throws {
  let ran = try TrailFixture().log(["query"])
  #expect(ran.code == .done, "\(ran.errors)")
  #expect(
    rows(ran) == [
      "RECORD  USER  ACTION     OUTCOME         READ            BY       PROGRAM  PATH",
      "#2  #0    MOUNT      done            -               -        -        -",
      "#3  root  GRANT      done            -               grant 1  -        /clients (rule=7, reason=年度审计, to=user:lin)",
      "#4  lin   READ       done            6144/10000 61%  grant 7  python3  /clients/王小明/合同.pdf",
      #"#6  bob   READ       done            4000/4000 100%  grant 7  cat      /clients/a\nb\u{202E}.txt (through kernel pages)"#,
      "#8  bob   DENY open  refused EACCES  -               no read  cat      /clients/李",
      "#11  lin   RENAME     done            -               grant 8  python3  /clients/x.pdf → /archive/x.pdf",
      "#12  lin   OPEN       done            -               grant 8  python3  /archive/y",
      "#15  -     UNMOUNT    done            -               -        -        -",
    ])
  #expect(ran.errors == "14 shown of 14 matching (14 read), chain verified to #16\n")
}

@Test func everyRecordIsShownRaw() throws {
  let ran = try TrailFixture().log(["query", "--raw", "--action", "read,pages"])
  #expect(
    rows(ran) == [
      "RECORD  USER  ACTION  OUTCOME  READ        BY       PROGRAM  PATH",
      "#5  lin   READ    done     @0+4096     grant 7  python3  \(wang)",
      "#7  lin   READ    done     @2048+4096  grant 7  python3  \(wang)",
      #"#9  bob   PAGES   done     @0+4096     grant 7  cat      /clients/a\nb\u{202E}.txt"#,
    ])
  #expect(ran.errors == "3 shown of 3 matching (14 read), chain verified to #16\n")
}

@Test func theTableIsInChinese() throws {
  let ran = try TrailFixture().log(["query", "--action", "DENY"], language: .chinese)
  #expect(rows(ran).first == "记录  用户  动作       结果         读取范围  依据       程序  路径")
  #expect(ran.errors == "符合条件 1 条，显示 1 条（共读取 14 条），链已校验至 #16\n")
}

@Test func recordsAreJSONLinesWithASummary() throws {
  let ran = try TrailFixture().log(["query", "--json"])
  #expect(ran.code == .done && ran.errors.isEmpty)
  let lines = try objects(ran.output)
  #expect(lines.count == 15)
  let read = lines[3]
  // What the record itself does not hold comes from its handle's OPEN.
  #expect(read["action"] as? String == "READ" && read["user"] as? String == "lin" && read["path"] as? String == wang)
  #expect(read["rule"] as? Int == 7 && read["decision"] as? String == "grant" && read["program"] as? String == "/usr/bin/python3")
  #expect(read["offset"] as? Int == 0 && read["returned"] as? Int == 4096 && read["handle"] as? Int == 1)
  // Its path has a newline and a bidi mark: as JSON says them, never as they are.
  #expect(lines[4]["path"] as? String == "/clients/a\nb\u{202e}.txt")
  #expect(ran.output.contains(#""path":"/clients/a\nb\u202e.txt""#))
  let denial = lines[6]
  #expect(
    denial["outcome"] as? String == "refused" && denial["errno"] as? String == "EACCES" && denial["missing"] as? String == "read")
  #expect((denial["details"] as? [String: String]) == ["operation": "open"])
  #expect(lines[8]["bytes_distinct"] as? Int == 6144 && lines[8]["pid"] as? Int == 4711)
  #expect(lines[9]["target_path"] as? String == "/archive/x.pdf")
  let summary = try #require(lines[14]["summary"] as? [String: Any])
  #expect(summary["shown"] as? Int == 14 && summary["matching"] as? Int == 14 && summary["verified_to"] as? Int == 16)
}

@Test func recordsAreCSV() throws {
  let ran = try TrailFixture().log(["query", "--csv", "--user", "bob", "--action", "OPEN"])
  let lines = ran.output.components(separatedBy: "\r\n")
  #expect(lines.count == 3 && lines[2].isEmpty)
  #expect(lines[0] == RecordCSV.fields.joined(separator: ","))
  let cells = lines[1].split(separator: ",", omittingEmptySubsequences: false)
  #expect(cells.count == RecordCSV.fields.count)
  #expect(cells[14] == #"/clients/a\nb\u{202E}.txt"#)
  #expect(cells[6] == "bob" && cells[22] == "grant" && cells[23] == "7" && cells[29] == "mode=r")
}

@Test(arguments: [
  (["--user", "bob"], 4), (["--user", "1001"], 4), (["--user", "user:lin"], 7), (["--user", "lin", "--user", "bob"], 11),
  (["--path", "/clients"], 10), (["--path", "/clients/王小明"], 4), (["--path", "/clients/王"], 0), (["--path", "/"], 12),
  (["--path", "/archive"], 3), (["--path", "/archive", "--path", "/clients/李"], 4), (["--action", "READ"], 2),
  (["--action", "open,release"], 6), (["--outcome", "refused"], 1), (["--outcome", "done,refused"], 14), (["--grant", "7"], 6),
  (["--grant", "8"], 2), (["--program", "cat"], 4), (["--program", "/usr/bin/cat"], 4), (["--program", "/bin/cat"], 0),
  (["--since", "1h ago"], 14), (["--until", "1h ago"], 0), (["--user", "lin", "--path", "/clients", "--action", "READ"], 2),
  (["--user", "bob", "--action", "READ"], 0), (["--user", "bob", "--outcome", "refused", "--program", "cat"], 1),
])
func filtersAreCombined(_ words: [String], _ count: Int) throws {
  let ran = try TrailFixture().log(["query", "--json"] + words)
  #expect(ran.code == .done)
  let lines = try objects(ran.output)
  #expect(lines.count == count + 1, "\(ran.output)")
  #expect((lines.last?["summary"] as? [String: Any])?["matching"] as? Int == count)
}

@Test func aLimitHidesNothing() throws {
  let ran = try TrailFixture().log(["query", "--raw", "--limit", "3"])
  #expect(rows(ran).count == 4)
  #expect(ran.errors == "3 shown of 14 matching (14 read), chain verified to #16\n")
}

@Test func damageIsToldAfterWhatCouldBeRead() throws {
  let fixture = try TrailFixture()
  try fixture.write([TrailFixture.denial(TrailFixture.lin, "/x", "open")])
  let whole = fixture.log(["query", "--raw"])
  #expect(whole.code == .done && rows(whole).count == 16)
  // Inside the second segment's only record: a checkpoint of 352 bytes stands at each end.
  let size = try File(fixture.segmentPath(2), O_RDONLY).size()
  try fixture.flip(segment: 2, byte: size - Int(Checkpoint.byteCount) - 60)
  let ran = fixture.log(["query", "--raw"])
  #expect(ran.code == .trailBroken)
  #expect(rows(ran).count == 15, "\(ran.output)")
  let errors = ran.errors.split(separator: "\n")
  #expect(errors.first?.hasPrefix("14 shown of 14 matching (14 read), chain verified to #") == true)
  #expect(
    errors.dropFirst().first?.hasPrefix("strongroom: error: the trail is broken: segment 2: byte ") == true, "\(ran.errors)")
  let json = fixture.log(["query", "--json"])
  #expect(json.code == .trailBroken)
  let summary = try #require(try objects(json.output).last?["summary"] as? [String: Any])
  #expect((summary["broken"] as? String)?.hasPrefix("segment 2: byte ") == true)
}

@Test func eachWrongKeyHasItsAnswer() throws {
  let fixture = try TrailFixture()
  let wrong = fixture.log(
    ["query"], identity: ["--identity", fixture.identity, "--identity-passphrase-file", fixture.root + "/wrong"])
  #expect(wrong.code == .wrongSecret && wrong.output.isEmpty)
  #expect(wrong.errors.contains("does not open"))
  let none = fixture.log(
    ["query"], identity: ["--identity", fixture.identity + ".pub", "--identity-passphrase-file", fixture.passphrase])
  #expect(none.code == .error)
  #expect(none.errors.contains("is no reviewer's identity") && none.errors.contains("without .pub"))
  // Somebody else's identity opens nothing.
  let other = try ReviewerIdentity.make(label: "other")
  try other.save(to: fixture.root + "/other", passphrase: TrailFixture.secret("correct horse"), parameters: .interactive)
  let stranger = fixture.log(
    ["query"], identity: ["--identity", fixture.root + "/other", "--identity-passphrase-file", fixture.passphrase])
  #expect(stranger.code == .wrongSecret)
  #expect(stranger.errors.contains("nothing in this trail is sealed to 'other'"))
}

@Test func aTrailIsFoundInTheVaultOrAlone() throws {
  let fixture = try TrailFixture()
  let words = ["--identity", fixture.identity, "--identity-passphrase-file", fixture.passphrase]
  let mount = ScriptedMount(failure: CommandFailure(.error, .notMounted))
  #expect(run(["log", "query", fixture.trail] + words, mount: mount, table: "").code == .done)
  let none = run(["log", "query", fixture.root + "/none"] + words, mount: mount, table: "")
  #expect(none.code == .noVault)
  #expect(none.errors.contains("there is no trail in"))
}

@Test func theReadingIsToldToTheMount() throws {
  let fixture = try TrailFixture()
  let mount = ScriptedMount()
  let ran = fixture.log(["query", "--user", "lin", "--action", "READ"], mount: mount, table: mountInfo)
  #expect(ran.code == .done)
  #expect(
    mount.requests == [
      .review(
        ReviewNotice(
          fingerprint: TrailReviewers.fingerprint(of: fixture.reviewer.publicKey), command: "query",
          filters: ["user": "lin", "action": "READ"]))
    ])
  // A mount that cannot record the reading: nothing is read.
  let refusing = ScriptedMount(failure: CommandFailure(.error, .trailUnavailable, ["reason": "full"]))
  let refused = fixture.log(["query"], mount: refusing, table: mountInfo)
  #expect(refused.code == .error && refused.output.isEmpty)
  // A mount that is there must answer.
  let silent = fixture.log(["query"], mount: ScriptedMount(failure: CommandFailure(.error, .notMounted)), table: mountInfo)
  #expect(silent.code == .error && silent.output.isEmpty)
}
