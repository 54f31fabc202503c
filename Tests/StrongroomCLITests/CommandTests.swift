import ArgumentParser
import Control
import Glibc
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

@Test(
  arguments: [
    (
      ["grant", "revoke", "812", "--reason", "left"],
      ControlRequest.grantRevoke(RuleRemoveRequest(id: RuleID(812), reason: "left"))
    ),
    (["barrier", "remove", "5", "--reason", "x"], .barrierRemove(RuleRemoveRequest(id: RuleID(5), reason: "x"))),
    (
      ["barrier", "add", "/mnt/档案", "--against", "user:zhang", "--name", "wall", "--reason", "x"],
      .barrierAdd(BarrierAddRequest(path: .root, against: PrincipalName("user:zhang")!, name: "wall", reason: "x"))
    ),
    (
      ["boundary", "set", "/mnt/档案/a", "--reason", "x"], .boundarySet(BoundaryRequest(path: VaultPath(text: "/a")!, reason: "x"))
    ),
    (
      ["boundary", "clear", "/mnt/档案/a", "--reason", "x"],
      .boundaryClear(BoundaryRequest(path: VaultPath(text: "/a")!, reason: "x"))
    ),
    (["boundary", "list"], .boundaryList(RuleListRequest())),
    (["access", "who", "/mnt/档案"], .accessWho(WhoRequest(path: .root))),
    (["access", "what", "user:zhang"], .accessWhat(WhatRequest(principal: PrincipalName("user:zhang")!))),
    (["reviewer", "list"], .reviewerList),
  ] as [([String], ControlRequest)])
func eachCommandAsksItsQuestion(_ words: [String], _ request: ControlRequest) {
  let mount = ScriptedMount()
  #expect(run(words, mount: mount).code == .done)
  #expect(mount.requests == [request])
}

@Test(arguments: [
  ["grant", "add", "/mnt/档案", "--to", "zhang", "--rights", "reader", "--reason", "r"],
  ["grant", "add", "/mnt/档案", "--to", "user:", "--rights", "reader", "--reason", "r"],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "reader,fly", "--reason", "r"],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "", "--reason", "r"],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "reader", "--reason", " "],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "reader", "--reason", String(repeating: "x", count: 4097)],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "reader"],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "reader", "--reason", "r", "--until", "soon"],
  ["grant", "add", "/mnt/档案", "--to", "user:z", "--rights", "reader", "--reason", "r", "--from", "2d", "--until", "1d"],
  ["grant", "revoke", "x", "--reason", "r"], ["grant", "revoke", "0", "--reason", "r"],
  ["grant", "revoke", "-1", "--reason", "r"],
  ["barrier", "add", "/mnt/档案", "--against", "user:z", "--name", "", "--reason", "r"],
  ["access", "explain", "user:z", "reader", "/mnt/档案"], ["access", "explain", "user:z", "list,read", "/mnt/档案"],
  ["access", "what", "z"],
  ["grant", "list", "--frob"], ["frobnicate"], ["grant", "frobnicate"], ["status", "a", "b"], ["unmount"],
  ["unmount", "/mnt/档案", "--wait", "long"],
])
func usageErrorsAreTwoAndAskNobody(_ words: [String]) {
  let mount = ScriptedMount()
  let ran = run(words, mount: mount)
  #expect(ran.code == .usage)
  #expect(mount.requests == [])
  #expect(ran.output == "")
  let lines = ran.errors.split(separator: "\n")
  #expect((1...2).contains(lines.count), "\(ran.errors)")
  #expect(lines[0].hasPrefix("strongroom: error: ") && !lines[0].hasSuffix("."))
  if lines.count == 2 { #expect(lines[1].hasPrefix("strongroom: hint: ")) }
}

@Test func aRefusalEndsWithItsCode() {
  let refusal = CommandFailure(
    ControlFailure(.refusedByRights, .notPermitted, ["right": "grant", "path": "/clients"], hint: .askAdministrator))
  let ran = run(["grant", "revoke", "7", "--reason", "r"], mount: ScriptedMount(failure: refusal))
  #expect(ran.code == .refusedByRights)
  #expect(
    ran.errors
      == "strongroom: error: this needs the right 'grant' on '/clients'\nstrongroom: hint: ask who manages rights there\n")
  let chinese = run(["grant", "revoke", "7", "--reason", "r"], mount: ScriptedMount(failure: refusal), language: .chinese)
  #expect(chinese.errors == "strongroom: error: 此操作需要对“/clients”拥有 grant 权限\nstrongroom: hint: 请联系管理该处权限的人\n")
  let json = run(["grant", "revoke", "7", "--reason", "r", "--json"], mount: ScriptedMount(failure: refusal))
  #expect(json.errors.contains(#""code":"not-permitted""#) && json.errors.contains(#""exit":4"#))
}

@Test func withoutAMountPeopleAreToldWhatToDo() {
  let failure = CommandFailure(ControlError.notRunning)
  #expect(failure.message.text(in: .english) == "no mount of this vault is running")
  #expect(failure.hint?.text(in: .english) == "mount it first: strongroom mount VAULT MOUNTPOINT")
  let ran = run(["status"], table: "")
  #expect(ran.code == .noVault)
  #expect(ran.errors.contains("no vault is mounted"))
}

@Test func helpIsAResult() {
  for words in [["--help"], ["help"], ["grant", "--help"], ["help", "grant", "add"], ["--version"], []] {
    let ran = run(words)
    #expect(ran.code == .done, "\(words)")
    #expect(ran.errors == "")
    if !words.isEmpty { #expect(!ran.output.isEmpty) }
  }
}

@Test func optionsForAllMayStandFirst() {
  #expect(GlobalOptions.movedBehindTheCommand(["--json", "-q", "grant", "list"]) == ["grant", "list", "--json", "-q"])
  #expect(GlobalOptions.movedBehindTheCommand(["--json", "a", "--", "b"]) == ["a", "--json", "--", "b"])
  #expect(GlobalOptions.movedBehindTheCommand(["grant", "--json"]) == ["grant", "--json"])
}

@Test func unmountReturnsWhenTheMountIsGone() {
  let mount = ScriptedMount()
  let screen = Screen()
  let code = StrongroomCLI.run(["strongroom", "unmount", "/mnt/档案"], environment: [:]) { options in
    CommandContext(
      console: screen.console(options), environment: [:],
      // It is there until it was asked to end.
      mountTable: { MountTable(parsing: Array((mount.requests.isEmpty ? mountInfo : "").utf8)) }, connect: { _ in mount })
  }
  #expect(code == .done)
  #expect(mount.requests == [.status, .unmount])
  #expect(screen.errors == "/mnt/档案 is unmounted\n")
  let stuck = run(["unmount", "/mnt/档案", "--wait", "50ms"])
  #expect(stuck.code == .inUse)
  let other = run(["unmount", "/home"])
  #expect(other.code == .noVault)
}

@Test func whatMountCallsForFstabIsACommand() {
  // As mount(8) calls it: no option of ours is there.
  #expect(run(["mount-helper", "/nowhere/vault", "/tmp", "-o", "rw,nosuid"]).code == .noVault)
}

@Test func aReviewersKeyIsOneLine() {
  let folder = TemporaryFolder()
  let key = folder.write("r.pub", "strongroom-reviewer AAAA 内审\n")
  let mount = ScriptedMount([.reviewers([ReviewerReport(label: "内审", publicKey: "k", fingerprint: "f00")])])
  let ran = run(["reviewer", "add", key, "--label", "内审"], mount: mount)
  #expect(ran.code == .done)
  #expect(mount.requests == [.reviewerAdd(ReviewerAddRequest(label: "内审", publicKey: "strongroom-reviewer AAAA 内审"))])
  #expect(ran.errors == "内审 (f00) can read the trail from now on\n")
  for content in ["", "a\nb\n", String(repeating: "x", count: 5000)] {
    #expect(run(["reviewer", "add", folder.write("bad", content), "--label", "x"]).code == .usage)
  }
  #expect(run(["reviewer", "add", folder.path + "/none", "--label", "x"]).code == .error)
}

@Test func aReviewerIsRetired() {
  let mount = ScriptedMount([.reviewers([ReviewerReport(label: "内审", publicKey: "k", fingerprint: "f00")])])
  let ran = run(["reviewer", "retire", "内审"], mount: mount)
  #expect(ran.code == .done)
  #expect(mount.requests == [.reviewerRetire(ReviewerRetireRequest(reviewer: "内审"))])
  #expect(ran.errors.hasPrefix("内审 (f00) reads nothing of the trail from now on"))
}

@Test func theConfigurationIsShown() {
  let folder = TemporaryFolder()
  let file = folder.write("c.yaml", "workers: 3\n")
  let ran = run(["config", "show", file, "-o", "poll=0"])
  #expect(ran.code == .done)
  #expect(ran.output.contains("\nworkers: 3\n") && ran.output.contains("\npoll: 0\n"))
  let bad = run(["config", "show", folder.write("d.yaml", "workers: 3\npage-cach: 1MiB\n")])
  #expect(bad.code == .usage)
  #expect(
    bad.errors
      == "strongroom: error: \(folder.path)/d.yaml:2: unknown setting 'page-cach'\nstrongroom: hint: did you mean 'page-cache'?\n"
  )
}

@Test func filtersOfTheTrailAreRead() throws {
  let query = try LogQuery.parse([
    "/v", "--identity", "/i", "--user", "zhang", "--path", "/clients", "--action", "open,READ", "--action", "AUDIT-START",
    "--outcome",
    "refused", "--since", "2026-03-01T00:00:00Z", "--until", "-1h", "--path", "/mnt/档案/张伟", "--grant", "7,8", "--group",
    "group:审计",
  ])
  let table = MountTable(parsing: Array(mountInfo.utf8))
  let filter = try query.filter.filter(table)
  #expect(filter.users == ["zhang"] && filter.groups == ["审计"])
  #expect(filter.paths.map(\.text) == ["/clients", "/张伟"])
  #expect(filter.grants == [RuleID(7), RuleID(8)])
  #expect(filter.actions == [.open, .read, .auditStart])
  #expect(filter.outcomes == [.refused])
  #expect(filter.since == WallTime("2026-03-01T00:00:00Z"))
  #expect(filter.until != nil)
  for bad in [
    ["--action", "FLY"], ["--outcome", "maybe"], ["--since", "soon"], ["--path", "clients"], ["--grant", "0"],
    ["--since", "now", "--until", "-1h"],
  ] {
    let query = try LogQuery.parse(["/v", "--identity", "/i"] + bad)
    #expect(throws: CommandFailure.self) { try query.filter.filter(table) }
  }
}

@Test func aCommandReachesARealSocket() throws {
  let folder = TemporaryFolder()
  let environment = ["XDG_RUNTIME_DIR": folder.path]
  let vault = ID128.random()
  let found = FoundVault(vault: vault, mounter: geteuid(), mountpoint: nil)
  #expect(throws: CommandFailure(.inUse, .notMounted, hint: .mountFirst)) {
    try SocketConnection(to: found, environment: environment)
  }
  let address = ControlAddress(
    folder: ControlAddress.serverFolder(uid: geteuid(), environment: environment), vault: vault)
  let server = try ControlServer(at: address) { (request, peer, replies) throws(ControlFailure) in
    guard request != .unmount else { throw ControlFailure(.refusedByRights, .onlyOperator) }
    replies.send(.reviewers([ReviewerReport(label: "\(peer.uid)", publicKey: "", fingerprint: "")]))
  }
  defer { server.stop() }
  let connection = try SocketConnection(to: found, environment: environment)
  var answers: [ControlResponse] = []
  try connection.ask(.reviewerList) { answers.append($0) }
  #expect(answers == [.reviewers([ReviewerReport(label: "\(geteuid())", publicKey: "", fingerprint: "")])])
  #expect(throws: CommandFailure(.refusedByRights, .onlyOperator)) { try connection.ask(.unmount) { _ in } }
}
