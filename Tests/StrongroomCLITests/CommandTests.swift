import ArgumentParser
import Control
import Glibc
import TestKit
import Testing
import VaultFormat

@testable import StrongroomCLI

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
