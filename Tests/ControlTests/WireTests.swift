import Testing
import Vault
import VaultFormat

@testable import Control

private let path = VaultPath(text: "/clients/张伟")!
private let zhang = PrincipalName("user:zhang")!
private let time = WallTime("2026-03-01T08:00:00+08:00")!
private let vault = ID128(high: 1, low: 2)

private let requests: [ControlRequest] = [
  .status,
  .grantAdd(GrantAddRequest(path: path, to: zhang, rights: [.list, .read], from: time, until: nil, reason: "审计")),
  .grantList(RuleListRequest()), .grantList(RuleListRequest(path: path, to: zhang)),
  .grantList(RuleListRequest(endingBy: time)),
  .grantImport(
    GrantImportRequest(
      lines: [.init(line: 2, id: RuleID(9), grant: GrantAddRequest(path: path, to: zhang, rights: .list, reason: "r"))],
      pruning: .root, reason: "r", isDryRun: true)),
  .grantRevoke(RuleRemoveRequest(id: RuleID(812), reason: "left\nthe firm")),
  .barrierAdd(BarrierAddRequest(path: path, against: PrincipalName("group:ib")!, name: "wall", reason: "r", until: time)),
  .barrierList(RuleListRequest()), .barrierRemove(RuleRemoveRequest(id: RuleID(1), reason: "r")),
  .boundarySet(BoundaryRequest(path: .root, reason: "r")), .boundaryClear(BoundaryRequest(path: path, reason: "r")),
  .boundaryList(RuleListRequest()),
  .accessExplain(ExplainRequest(principal: zhang, right: .read, path: path, at: time, supposing: RuleID(3))),
  .accessWho(WhoRequest(path: path)), .accessWhat(WhatRequest(principal: zhang, at: time)),
  .accessConflicts, .dutyList, .dutyAdd(DutyRequest(duty: .recordsOfficer, principal: zhang, reason: "r")),
  .dutyRemove(DutyRequest(duty: .operator, principal: zhang, reason: "r")),
  .reviewOpen(ReviewOpenRequest(path: path, due: time, suspendsWhenDue: true, reason: "r")), .reviewList,
  .reviewShow(ReviewShowRequest(id: RuleID(3), owner: zhang)), .reviewClose(RuleRemoveRequest(id: RuleID(3), reason: "r")),
  .reviewDecide(
    ReviewDecideRequest(
      id: RuleID(3),
      lines: [.init(line: 2, grant: RuleID(9), decision: .shrink, rights: [.list, .read], until: time, note: "备注")],
      isDryRun: true)),
  .keyList, .keyChange(KeyChangeRequest(action: .add, slot: 2, vaultFile: "{}")),
  .reviewerAdd(ReviewerAddRequest(label: "内审", publicKey: "k")), .reviewerRetire(ReviewerRetireRequest(reviewer: "内审")),
  .reviewerList,
  .review(ReviewNotice(fingerprint: "f", command: "query", filters: ["user": "zhang"])), .unmount,
  .verify(VerifyRequest(isQuick: true, isResuming: false)),
]

@Test func everyRequestComesBackAsItWas() throws {
  for request in requests {
    let bytes = ControlFrame.request(request).encode()
    #expect(try ControlFrame(parsing: bytes) == .request(request))
    #expect(try ControlFrame(parsing: bytes).encode() == bytes)
  }
}

@Test func everyResponseComesBackAsItWas() throws {
  let rule = ExplanationReport.Rule(kind: .barrier, id: RuleID(5), path: .root, effect: .decided, name: "wall")
  let responses: [ControlResponse] = [
    .status(
      StatusReport(
        vault: vault, mountpoint: "/mnt/档案", pid: 7, mounted: time, generation: 1, commitNumber: 2, nodeCount: 3,
        uncommittedNodeCount: 4,
        openHandleCount: 5, grantCount: 6, barrierCount: 7, boundaryCount: 8, trailSegment: 9,
        trailRecordCount: UInt64(Int64.max),
        unsyncedRecordCount: 11, lastCheckpoint: nil, problems: [.init(trouble: .trailRefusing, reason: "write: x", since: time)],
        configuration: ["workers": "2"])),
    .grants([
      GrantReport(
        id: RuleID(1), path: path, to: zhang, rights: .all, from: nil, until: time, giver: zhang, given: time, reason: "",
        state: .live)
    ]),
    .grantSteps([
      GrantStepReport(kind: .problem, line: 3, problem: .busy), GrantStepReport(kind: .revoke, line: nil),
    ]),
    .barriers([
      BarrierReport(
        id: RuleID(1), path: path, against: zhang, name: "n", owner: zhang, raised: time, reason: "", from: nil, until: nil,
        state: .ended)
    ]),
    .boundaries([BoundaryReport(id: RuleID(1), path: path, owner: zhang, set: time, reason: "")]),
    .explanation(
      ExplanationReport(principal: zhang, right: .read, path: path, at: time, verdict: .refused, decided: [rule], nearMisses: [])),
    .who([
      WhoReport(principal: zhang, isOrphan: true, rights: .list, grants: [RuleID(4)], until: nil),
      WhoReport(principal: zhang, isOrphan: nil, rights: .list, grants: [], until: nil),
    ]),
    .what([WhatReport(path: .root, rights: .grant, grants: [], until: time)]),
    .conflicts([
      ConflictReport(principal: zhang, duties: [.reviewer], right: .grant, grant: RuleID(3), node: 8, path: path),
      ConflictReport(principal: zhang, duties: [.operator], right: .read, grant: RuleID(3), node: 8),
      ConflictReport(principal: zhang, duties: [.administrator, .operator]),
    ]),
    .duties([
      DutyReport(id: RuleID(1), duty: .administrator, principal: zhang, giver: zhang, given: time, reason: "", state: .orphaned)
    ]),
    .reviews([
      ReviewReport(
        id: RuleID(3), path: path, opener: zhang, opened: time, due: time, suspendsWhenDue: false, reason: "r", state: .overdue,
        counts: ["pending": 2], unassignedCount: 1)
    ]),
    .reviewItems([
      ReviewItemReport(
        review: RuleID(3), grant: RuleID(9), path: nil, to: zhang, isOrphan: true, rights: .all, from: nil, until: time,
        giver: zhang, given: time, reason: "", owner: nil, useCount: 7, lastUse: time, countedSince: time, state: "shrunk",
        decision: .shrink, decidedBy: zhang, decided: time, note: "n", newGrant: RuleID(10), newRights: .list, newUntil: nil)
    ]),
    .reviewSteps([
      ReviewStepReport(line: 2, grant: RuleID(9), decision: .keep, path: path, to: zhang, rights: .list, restores: true),
      ReviewStepReport(line: 3, grant: RuleID(9), problem: .busy),
    ]),
    .keySlots([KeySlotReport(number: 0, kind: "passphrase", label: "l", created: time)]),
    .reviewers([ReviewerReport(label: "l", publicKey: "k", fingerprint: "f")]),
    .verifyProgress(VerifyProgressReport(VerifyProgress(phase: .content, doneCount: 1, totalCount: .max))),
    .findings([
      FindingReport(Finding(.blob, "blob 7", .contentChanged, ["detail": "page 3"], node: NodeID(9)), path: path),
      FindingReport(Finding(.stray, "a\u{202e}b", .foreignFile, severity: .notice)),
    ]),
    .verified(VerifyReport()),
  ]
  for response in responses {
    #expect(try ControlFrame(parsing: ControlFrame.item(response).encode()) == .item(response))
  }
  #expect(try ControlFrame(parsing: ControlFrame.end.encode()) == .end)
  #expect(try ControlFrame(parsing: ControlFrame.failure(.busy).encode()) == .failure(.busy))
}

@Test func theBytesOfARequestStayAsTheyAre() {
  let request = ControlRequest.grantRevoke(RuleRemoveRequest(id: RuleID(812), reason: "left"))
  let text = #"{"request":{"body":{"id":812,"reason":"left"},"kind":"grant-revoke"},"version":1}"#
  #expect(String(decoding: ControlFrame.request(request).encode(), as: UTF8.self) == text)
}

@Test(arguments: [
  (#"{"version":1,"request":{"kind":"brew-tea"}}"#, "control-unknown-request"),
  (#"{"version":2,"request":{"kind":"brew-tea","new":true},"more":1}"#, "control-newer-version"),
  (#"{"version":0,"request":{"kind":"status"}}"#, "control-malformed"),
  (#"{"request":{"kind":"status"}}"#, "control-malformed"),
  (#"{"version":1}"#, "control-malformed"),
  (#"{"version":1,"end":false}"#, "control-malformed"),
  (#"{"version":1,"end":true,"request":{"kind":"status"}}"#, "control-malformed"),
  (#"{"version":1,"request":{"kind":"grant-list"}}"#, "control-malformed"),
  (#"{"version":1,"request":{"kind":"grant-list","body":{"path":"clients"}}}"#, "control-malformed"),
  (#"{"version":1,"request":{"kind":"grant-list","body":{"to":"zhang"}}}"#, "control-malformed"),
  (#"{"version":1,"request":{"kind":"grant-revoke","body":{"id":-1,"reason":""}}}"#, "control-malformed"),
  ("", "control-malformed"), ("[", "control-malformed"), ("\u{0}", "control-malformed"),
])
func damagedFramesAreRefusedWithAReason(_ text: String, _ code: String) {
  #expect(throws: ControlFailure.self) { try ControlFrame(parsing: Array(text.utf8)) }
  do { _ = try ControlFrame(parsing: Array(text.utf8)) } catch { #expect(error.code == code) }
}

@Test func deepNestingIsRefused() {
  let text = #"{"version":1,"request":"# + String(repeating: "[", count: 400_000)
  #expect(throws: ControlFailure.malformed) { try ControlFrame(parsing: Array(text.utf8)) }
}

@Test(arguments: [
  ("/", [UInt8]("/".utf8)), ("/a", Array("/a".utf8)), ("/张伟/合同", Array("/张伟/合同".utf8)),
  (#"/a\\b"#, Array(#"/a\b"#.utf8)), (#"/\xff\xfe"#, [0x2f, 0xff, 0xfe]), ("/a\nb", Array("/a\nb".utf8)),
  (#"/张\xe5"#, Array("/张".utf8) + [0xe5]),
])
func pathsAreTextAndBytes(_ text: String, _ bytes: [UInt8]) throws {
  let path = try #require(VaultPath(text: text))
  #expect(path.bytes == bytes)
  #expect(path.text == text)
  #expect(VaultPath(bytes: bytes) == path)
}

@Test(arguments: [
  "", "a", "//", "/a//b", "/./a", "/a/..", #"/a\"#, #"/\x"#, #"/\xf"#, #"/\xFF"#, #"/\n"#,
  "/" + String(repeating: "a", count: 256),
])
func whatIsNoPathIsRefused(_ text: String) { #expect(VaultPath(text: text) == nil) }

@Test func aSlashAtTheEndIsNoName() { #expect(VaultPath(text: "/a/")?.text == "/a") }

@Test(arguments: [
  ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.000000001Z", 1), ("1969-12-31T23:59:59.999999999Z", -1),
  ("2000-02-29T12:00:00Z", 951_825_600_000_000_000), ("2026-03-01T08:00:00+08:00", 1_772_323_200_000_000_000),
  ("2026-02-28T19:30:00-04:30", 1_772_323_200_000_000_000), ("2026-03-01t00:00z", 1_772_323_200_000_000_000),
])
func timesAreRead(_ text: String, _ nanoseconds: Int64) { #expect(WallTime(text)?.nanoseconds == nanoseconds) }

@Test(arguments: [
  "", "2026", "2026-03-01", "2026-03-01T08:00:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
  "2026-01-32T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-12-31T23:59:60Z", "2026-01-01T00:00:00.Z",
  "2026-01-01T00:00:00.0000000001Z", "2026-01-01T00:00:00+0800", "2026-01-01T00:00:00Zx", "1500-01-01T00:00:00Z",
  "2300-01-01T00:00:00Z",
])
func whatIsNoTimeIsRefused(_ text: String) { #expect(WallTime(text) == nil) }

@Test func everyDayOfEightCenturiesComesBack() {
  var (year, month, day) = (1678, 1, 1)
  for number in WallTime.dayNumber(year: 1678, month: 1, day: 1)...WallTime.dayNumber(year: 2261, month: 12, day: 31) {
    let civil = WallTime.civil(day: number)
    guard civil == (year, month, day) else {
      Issue.record("day \(number) is \(civil), not \(year)-\(month)-\(day)")
      return
    }
    day += 1
    if day > WallTime.dayCount(year: year, month: month) { (month, day) = (month + 1, 1) }
    if month > 12 { (year, month) = (year + 1, 1) }
  }
}

@Test func timesArePrintedInTheirZone() {
  let time = WallTime(nanoseconds: 1_772_323_200_123_456_789)
  #expect(time.utc == "2026-03-01T00:00:00.123456789Z")
  #expect(time.text(offsetSeconds: 28_800, fractionDigits: 0) == "2026-03-01T08:00:00+08:00")
  #expect(time.text(offsetSeconds: -16_200, fractionDigits: 3) == "2026-02-28T19:30:00.123-04:30")
  #expect(WallTime(nanoseconds: -1).utc == "1969-12-31T23:59:59.999999999Z")
}
