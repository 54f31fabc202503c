import Control
import Testing
import VaultFormat

@testable import StrongroomCLI

private let path = VaultPath(text: "/clients/张伟")!
private let zhang = PrincipalName("user:zhang")!
private let audit = PrincipalName("group:审计")!
private let given = WallTime("2026-03-01T08:00:00+08:00")!

private let grant = GrantReport(
  id: RuleID(812), path: path, to: audit, rights: [.list, .read], from: nil, until: WallTime("2026-12-31T16:00:00Z"),
  giver: zhang,
  given: given, reason: "年度审计\n", state: .live)
private let bare = GrantReport(
  id: RuleID(7), path: .root, to: zhang, rights: [.list, .remove], from: nil, until: nil, giver: zhang, given: given, reason: "r",
  state: .orphaned)

private func status(_ problems: [StatusReport.Problem] = []) -> StatusReport {
  StatusReport(
    vault: vaultID, mountpoint: "/mnt/档案", pid: 42, mounted: given, generation: 3, commitNumber: 99, nodeCount: 1000,
    uncommittedNodeCount: 2,
    openHandleCount: 5, grantCount: 6, barrierCount: 1, boundaryCount: 0, trailSegment: 4, trailRecordCount: 12345,
    unsyncedRecordCount: 0,
    lastCheckpoint: nil, problems: problems, configuration: ["workers": "0"])
}

extension InChina {
  @Test func grantsAreListedInColumns() {
    let mount = ScriptedMount([.grants([grant]), .grants([bare])])
    let ran = run(["grant", "list", "/mnt/档案/clients", "--to", "group:审计"], mount: mount)
    #expect(ran.code == .done)
    #expect(mount.requests == [.grantList(RuleListRequest(path: VaultPath(text: "/clients"), to: audit))])
    #expect(
      ran.output == """
         ID  PATH           TO          RIGHTS       FROM  UNTIL                      STATE     GIVEN BY    REASON
        812  /clients/张伟  group:审计  reader       -     2027-01-01T00:00:00+08:00  live      user:zhang  年度审计\\n
          7  /              user:zhang  list,remove  -     -                          orphaned  user:zhang  r

        """)
  }

  @Test func grantsAreListedInChinese() {
    let ran = run(["grant", "list"], mount: ScriptedMount([.grants([bare])]), language: .chinese)
    #expect(
      ran.output == """
        编号  路径  授权对象    权限         开始  结束  状态  授予人      理由
           7  /     user:zhang  list,remove  -     -     无主  user:zhang  r

        """)
  }

  @Test func aGrantIsAsIfWrittenByHand() {
    let mount = ScriptedMount([.grants([grant])])
    let ran = run(
      [
        "grant", "add", "/mnt/档案/clients/张伟", "--to", "group:审计", "--rights", "reader", "--until", "2027-01-01", "--reason",
        " 年度审计 ",
      ], mount: mount)
    #expect(ran.code == .done)
    #expect(ran.output == "")
    #expect(ran.errors == "grant 812: group:审计 has reader on /clients/张伟\n")
    #expect(
      mount.requests == [
        .grantAdd(
          GrantAddRequest(
            path: path, to: audit, rights: [.list, .read], until: WallTime("2027-01-01T00:00:00+08:00"), reason: "年度审计"))
      ])
  }

  @Test func statusSaysWhatIsWrong() {
    let healthy = run(["status"], mount: ScriptedMount([.status(status())]))
    #expect(healthy.code == .done)
    #expect(
      healthy.output == """
        vault            \(vaultID)
        mounted on       /mnt/档案
        process          42
        since            2026-03-01T08:00:00+08:00
        generation       3
        commit           99
        nodes            1000, 2 not committed
        open handles     5
        rules            6 grants, 1 barriers, 0 boundaries
        trail            segment 4, 12345 records, 0 not synced
        last checkpoint  none yet
        all is well

        """)
    let problem = StatusReport.Problem(trouble: .trailRefusing, reason: "write: No space left on device", since: given)
    let ran = run(["status", "/mnt/档案"], mount: ScriptedMount([.status(status([problem]))]))
    #expect(ran.code == .findings)
    #expect(
      ran.output.hasSuffix(
        "problem since 2026-03-01T08:00:00+08:00: the trail cannot be written, operations are refused (write: No space left on device)\n"
      ))
  }

  @Test func statusSaysHowBusyTheMountIs() {
    var busy = status()
    busy.load = StatusReport.Load(
      operationCount: 981, queuedOperationCount: 3, refusalCount: 2, residentByteCount: 90 << 20, unsealedByteCount: 4 << 20,
      descriptorCount: nil, trailLagNanoseconds: 42_900_000)
    let ran = run(["status"], mount: ScriptedMount([.status(busy)]))
    #expect(
      ran.output.contains(
        """
        trail lag        42 ms
        operations       981, 3 not answered yet, 2 refused
        memory           90.0 MiB, 4.0 MiB of content to be sealed
        last checkpoint  none yet
        """), "\(ran.output)")
    busy.load?.descriptorCount = 17
    let chinese = run(["status"], mount: ScriptedMount([.status(busy)]), language: .chinese)
    #expect(chinese.output.contains("981 次，3 次未答复，2 次被拒绝") && chinese.output.contains("文件描述符"), "\(chinese.output)")
  }

  @Test func whoIsNobodyAnyMoreIsSaid() throws {
    let entries = [
      WhoReport(principal: audit, isOrphan: true, rights: [.list, .read], grants: [RuleID(812)], until: nil),
      WhoReport(principal: zhang, isOrphan: false, rights: .list, grants: [RuleID(7), RuleID(9)], until: nil),
      WhoReport(principal: zhang, isOrphan: nil, rights: .list, grants: [RuleID(7)], until: nil),
    ]
    func who(_ entries: ArraySlice<WhoReport>, _ options: [String] = [], _ language: Language = .english) -> Ran {
      run(options + ["access", "who", "/mnt/档案"], mount: ScriptedMount([.who(Array(entries))]), language: language)
    }
    let all = who(entries[...])
    #expect(
      all.output == """
        WHO                    RIGHTS  UNTIL  BY GRANTS
        group:审计 (orphaned)  reader  -      812
        user:zhang             list    -      7,9
        user:zhang             list    -      7

        """)
    #expect(all.errors == "the system did not say in time whether 1 of them still exist\n")
    let chinese = who(entries.prefix(1), [], .chinese)
    #expect(chinese.output.contains("group:审计 (无主)") && chinese.errors == "", "\(chinese)")
    let json = who(entries[...], ["--json"]).output.split(separator: "\n")
    #expect(json.map { $0.contains(#""isOrphan":true"#) } == [true, false, false])
    #expect(json.map { $0.contains("isOrphan") } == [true, true, false])
  }

  @Test func anExplanationSaysThatARuleNamesNobodyAnyMore() {
    let explanation = ExplanationReport(
      principal: zhang, right: .read, path: path, at: given, verdict: .refused, decided: [],
      nearMisses: [
        .init(kind: .grant, id: RuleID(812), path: path, via: zhang, rights: [.list, .read], effect: .orphaned),
        .init(kind: .grant, id: RuleID(9), path: path, via: zhang, rights: .list, effect: .suspended, review: RuleID(3)),
      ])
    func explain(_ language: Language) -> String {
      run(
        ["access", "explain", "user:zhang", "read", "/mnt/档案/clients/张伟"], mount: ScriptedMount([.explanation(explanation)]),
        language: language
      ).output
    }
    #expect(explain(.english).contains("grant 812 on /clients/张伟, by user:zhang, its name and id are no longer one\n"))
    #expect(explain(.english).contains("grant 9 on /clients/张伟, by user:zhang, is suspended by review 3\n"))
    #expect(explain(.chinese).contains("授权 812（/clients/张伟），通过 user:zhang，名称与编号已不对应\n"))
  }

  @Test func anExplanationNamesTheRulesAndTheNearMisses() {
    let explanation = ExplanationReport(
      principal: zhang, right: .read, path: path, at: given, verdict: .refused,
      decided: [.init(kind: .barrier, id: RuleID(5), path: .root, via: audit, effect: .decided, name: "并购")],
      nearMisses: [
        .init(kind: .grant, id: RuleID(812), path: path, via: zhang, rights: [.list, .read], effect: .ended, time: given),
        .init(kind: .grant, id: RuleID(9), path: .root, rights: .list, effect: .otherRights),
      ])
    let mount = ScriptedMount([.explanation(explanation)])
    let ran = run(["access", "explain", "user:zhang", "read", "/mnt/档案/clients/张伟", "--with", "3"], mount: mount)
    #expect(ran.code == .done)
    #expect(mount.requests == [.accessExplain(ExplainRequest(principal: zhang, right: .read, path: path, supposing: RuleID(3)))])
    #expect(
      ran.output == """
        refused: user:zhang has no read on /clients/张伟 at 2026-03-01T08:00:00+08:00
        decided by:
          barrier 5 '并购' on /, by group:审计, stands
        nearly:
          grant 812 on /clients/张伟, by user:zhang, ended 2026-03-01T08:00:00+08:00
          grant 9 on /, gives list only

        """)
  }

  /// The cells of a table, for those that need no look at their alignment.
  private func cells(_ output: String) -> [[String]] {
    output.split(separator: "\n").map { line in
      line.split(separator: "  ").map { String($0.drop { $0 == " " }) }.filter { !$0.isEmpty }
    }
  }

  @Test func everyKindOfReportHasItsColumns() {
    let since = "2026-03-01T08:00:00+08:00"
    let barrier = BarrierReport(
      id: RuleID(5), path: path, against: audit, name: "并购", owner: zhang, raised: given, reason: "r", from: given, until: nil,
      state: .notYet)
    #expect(
      cells(run(["barrier", "list"], mount: ScriptedMount([.barriers([barrier])])).output) == [
        ["ID", "PATH", "AGAINST", "NAME", "FROM", "UNTIL", "STATE", "OWNER", "REASON"],
        ["5", "/clients/张伟", "group:审计", "并购", since, "-", "not yet", "user:zhang", "r"],
      ])
    let boundary = BoundaryReport(id: RuleID(6), path: path, owner: zhang, set: given, reason: "r")
    #expect(
      cells(run(["boundary", "list"], mount: ScriptedMount([.boundaries([boundary])])).output) == [
        ["ID", "PATH", "SET", "OWNER", "REASON"], ["6", "/clients/张伟", since, "user:zhang", "r"],
      ])
    let duty = DutyReport(
      id: RuleID(8), duty: .administrator, principal: zhang, giver: zhang, given: given, reason: "r", state: .orphaned)
    #expect(
      cells(run(["duty", "list"], mount: ScriptedMount([.duties([duty])])).output) == [
        ["DUTY", "WHO", "STATE", "GIVEN BY", "SET", "REASON"],
        ["administrator", "user:zhang", "orphaned", "user:zhang", since, "r"],
      ])
    let reviewer = ReviewerReport(label: "内审", publicKey: "k", fingerprint: "f00")
    #expect(
      cells(run(["reviewer", "list"], mount: ScriptedMount([.reviewers([reviewer])])).output) == [
        ["LABEL", "FINGERPRINT"], ["内审", "f00"],
      ])
    let conflicts = run(
      ["access", "conflicts"],
      mount: ScriptedMount([
        .conflicts([
          ConflictReport(principal: zhang, duties: [.reviewer], right: .grant, grant: RuleID(7), node: 12, path: path),
          ConflictReport(principal: audit, duties: [.operator], right: .read, grant: RuleID(8), node: 13),
        ])
      ]))
    #expect(
      cells(conflicts.output) == [
        ["WHO", "DUTY", "RIGHTS", "BY GRANTS", "PATH"], ["user:zhang", "reviewer", "grant", "7", "/clients/张伟"],
        ["group:审计", "operator", "read", "8", "#13"],
      ])
    #expect(conflicts.code == .findings)
    let what = WhatReport(path: path, rights: [.list, .read], grants: [RuleID(7), RuleID(9)], until: given)
    #expect(
      cells(run(["access", "what", "user:zhang"], mount: ScriptedMount([.what([what])])).output) == [
        ["PATH", "RIGHTS", "UNTIL", "BY GRANTS"], ["/clients/张伟", "reader", since, "7,9"],
      ])
  }

  @Test func everyChangeIsToldInANoteOrAsJSON() {
    let barrier = BarrierReport(
      id: RuleID(5), path: path, against: audit, name: "并购", owner: zhang, raised: given, reason: "r", from: nil, until: nil,
      state: .live)
    let boundary = BoundaryReport(id: RuleID(6), path: path, owner: zhang, set: given, reason: "r")
    let duty = DutyReport(
      id: RuleID(8), duty: .administrator, principal: zhang, giver: zhang, given: given, reason: "r", state: .live)
    let folder = "/mnt/档案/clients/张伟"
    let changes: [(words: [String], answer: ControlResponse, note: String)] = [
      (["grant", "revoke", "812"], .grants([grant]), "grant 812 is revoked"),
      (
        ["barrier", "add", folder, "--against", "group:审计", "--name", "并购"], .barriers([barrier]),
        "barrier 5: group:审计 is shut out of /clients/张伟"
      ),
      (["barrier", "remove", "5"], .barriers([barrier]), "barrier 5 is lifted"),
      (["boundary", "set", folder], .boundaries([boundary]), "/clients/张伟 is a boundary"),
      (["boundary", "clear", folder], .boundaries([boundary]), "/clients/张伟 is no boundary any more"),
      (["duty", "add", "administrator", "user:zhang"], .duties([duty]), "user:zhang is administrator from now on"),
      (["duty", "remove", "administrator", "user:zhang"], .duties([duty]), "user:zhang is administrator no more"),
    ]
    for (words, answer, note) in changes {
      let told = run(words + ["--reason", "r"], mount: ScriptedMount([answer]))
      #expect(told.code == .done && told.output == "" && told.errors == note + "\n", "\(words)")
      let json = run(words + ["--reason", "r", "--json"], mount: ScriptedMount([answer]))
      #expect(json.output.split(separator: "\n").count == 1 && json.output.hasPrefix("{") && json.errors == "", "\(words)")
      #expect(run(words + ["--reason", "r", "--quiet"], mount: ScriptedMount([answer])).errors == "", "\(words)")
    }
  }
}

@Test func jsonIsOneObjectALine() throws {
  let ran = run(["--json", "grant", "list"], mount: ScriptedMount([.grants([grant, bare])]))
  let lines = ran.output.split(separator: "\n")
  #expect(lines.count == 2)
  #expect(
    lines.last
      == #"{"given":"2026-03-01T00:00:00.000000000Z","giver":"user:zhang","id":7,"path":"/","reason":"r","rights":["list","remove"],"state":"orphaned","to":"user:zhang"}"#
  )
  #expect(ran.errors == "")
}

@Test func anEmptyListIsANoteAndNoResult() {
  let ran = run(["barrier", "list"], mount: ScriptedMount([.barriers([])]))
  #expect(ran.output == "" && ran.errors == "none\n" && ran.code == .done)
  #expect(run(["barrier", "list", "--quiet"]).errors == "")
}
