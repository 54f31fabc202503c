import Control
import TestKit
import Testing
import VaultFormat

@testable import StrongroomCLI

private let time = WallTime("2026-03-01T08:00:00.000000001Z")!

private func grant(_ id: UInt64, path: String = "/clients", to: String = "group:审计", reason: String) -> GrantReport {
  GrantReport(
    id: RuleID(id), path: VaultPath(text: path)!, to: PrincipalName(to)!, rights: [.list, .read], from: nil, until: time,
    giver: PrincipalName("user:zhang")!, given: time, reason: reason, state: .live)
}

private func lines(_ text: String) throws -> [GrantImportRequest.Line] {
  try GrantCSV.lines(of: Array(text.utf8), reason: "import")
}

private func failure(_ text: String) -> String? {
  do { _ = try lines(text) } catch { return (error as? CommandFailure)?.message.text(in: .english) }
  return nil
}

@Test(arguments: [
  "plain", "=1+1", "'=1+1", "''", "'", "-", "a,b", "say \"so\"", "\"", " 空 格 ", "@", "+8613", "'quoted'", ";",
])
func whatExportWritesImportReads(_ reason: String) throws {
  let grants = [grant(1, reason: reason), grant(2, path: #"/a,"\\\xff"#, to: "user:o\"neil", reason: reason)]
  let read = try lines(GrantCSV.header + grants.map { GrantCSV.line($0) }.joined())
  #expect(
    read
      == zip(2..., grants).map { line, grant in
        GrantImportRequest.Line(
          line: line, id: grant.id,
          grant: GrantAddRequest(
            path: grant.path, to: grant.to, rights: grant.rights, from: grant.from, until: grant.until, reason: grant.reason))
      })
}

@Test func linesByHandNeedFewColumns() throws {
  let read = try lines("\u{feff}rights,to,path\nreader,user:li,/clients\n\n\"list,add\",group:文员,\"/a\nb\"\nsteward,user:wang,/")
  #expect(read.map(\.line) == [2, 4, 6])
  #expect(read.map(\.grant.rights) == [[.list, .read], [.list, .add], [.list, .grant]])
  #expect(read.map(\.grant.path.text) == ["/clients", "/a\nb", "/"])
  #expect(read.allSatisfy { $0.id == nil && $0.grant.reason == "import" && $0.grant.from == nil })
}

@Test(arguments: [
  ("", "the file is empty"), ("path,to\n", "line 1: the column 'rights' is missing"),
  ("path,to,rights,colour\n", "line 1: unknown column 'colour'"),
  ("path,to,rights,to\n", "line 1: the column 'to' stands there twice"),
  ("path,to,rights\n/,user:li\n", "line 2: 2 cells where the first line has 3"),
  ("path,to,rights\n\n/a,user:li,reader\n/b,user:li,\"reader\n", "line 4: a quote is never closed"),
  ("path,to,rights\n/b,us\"er:li,reader\n", "line 2: a quote stands where none may"),
  ("path,to,rights\n\"/b\"x,user:li,reader\n", "line 2: a quote stands where none may"),
  ("path,to,rights\nclients,user:li,reader\n", "line 2: 'clients' is no path of a vault"),
  ("path,to,rights\n/,li,reader\n", "line 2: 'li' is neither user:NAME nor group:NAME"),
  ("path,to,rights\n/,user:li,all\n", "line 2: 'all' are no rights"),
  ("path,to,rights,id\n/,user:li,reader,x\n", "line 2: 'x' is no number of a rule"),
  ("path,to,rights,until\n/,user:li,reader,soon\n", "line 2: 'soon' for --until is no time"),
  (
    "path,to,rights,from,until\n/,user:li,reader,2026-03-02,2026-03-01\n",
    "line 2: the time of --until is not after that of --from"
  ),
])
func whatIsWrongIsSaidWithItsLine(_ text: String, _ expected: String) { #expect(failure(text) == expected) }

@Test func otherEncodingsAreRefused() {
  #expect(throws: CommandFailure(.usage, .csvNotUTF8)) { try GrantCSV.lines(of: [0x70, 0xff], reason: "r") }
}

@Test func exportSaysWhichGrantsNameNobodyAnyMore() {
  var orphan = grant(7, reason: "r")
  orphan.state = .orphaned
  let mount = { ScriptedMount([.grants([orphan, grant(8, reason: "r")])]) }
  let lines = run(["grant", "export"], mount: mount()).output.split(separator: "\r\n")
  #expect(lines.map { $0.contains(",orphaned,") } == [false, true, false])
  let json = run(["grant", "export", "--json"], mount: mount()).output.split(separator: "\n")
  #expect(json.map { $0.contains(#""state":"orphaned""#) } == [true, false])
}

@Test func exportPrintsLinesThatImportSends() {
  let folder = TemporaryFolder()
  let exported = run(["grant", "export"], mount: ScriptedMount([.grants([grant(7, reason: "=x")])]))
  #expect(exported.code == .done)
  #expect(
    exported.output
      == "id,path,to,rights,from,until,reason,state,giver,given\r\n"
      + "7,/clients,group:审计,\"list,read\",,2026-03-01T08:00:00.000000001Z,'=x,live,user:zhang,2026-03-01T08:00:00.000000001Z\r\n"
  )
  let mount = ScriptedMount()
  let file = folder.write("grants.csv", exported.output)
  let ran = run(["grant", "import", file, "--dry-run", "--reason", "again"], mount: mount)
  #expect(ran.code == .done)
  #expect(ran.errors == "would give 0, replace 0, revoke 0, leave 1 as they are\n")
  guard case .grantImport(let request) = mount.requests.first else {
    Issue.record("nothing was asked")
    return
  }
  #expect(request.isDryRun && request.pruning == nil && request.reason == "again")
  #expect(request.lines.map(\.id) == [RuleID(7)] && request.lines.map(\.grant.reason) == ["=x"])
}

@Test func problemsOfAnImportAreErrorsWithTheirLines() {
  let folder = TemporaryFolder()
  let file = folder.write("grants.csv", "path,to,rights\n/a,user:li,reader\n/b,user:li,reader\n/c,user:li,reader\n")
  let refusal = ControlFailure(
    code: "not-permitted", arguments: ["right": "grant", "path": "/b"], hint: "ask-administrator", exitCode: 4)
  let mount = ScriptedMount([
    .grantSteps([
      GrantStepReport(kind: .add, line: 2, grant: grant(0, reason: "r")),
      GrantStepReport(kind: .problem, line: 3, problem: refusal),
      GrantStepReport(
        kind: .problem, line: 4, problem: ControlFailure(code: "repeats-line", arguments: ["line": "2"], exitCode: 2)),
    ])
  ])
  let ran = run(["grant", "import", file, "--reason", "r"], mount: mount)
  #expect(ran.code == .refusedByRights)
  #expect(
    ran.errors == """
      strongroom: error: line 3: this needs the right 'grant' on '/b'
      strongroom: hint: ask who manages rights there
      strongroom: error: line 4: it says again what line 2 says
      nothing was changed: 2 lines cannot be done

      """)
}
