import Control
import Testing
import VaultFormat

@testable import StrongroomCLI

/// Worksheets of reviews as files.
@Suite struct WorksheetCSVTests {
  private let item = ReviewItemReport(
    review: RuleID(3), grant: RuleID(812), path: VaultPath(text: "/clients/a,b"), to: PrincipalName("group:staff")!,
    isOrphan: true,
    rights: [.list, .read], from: nil, until: nil, giver: PrincipalName("user:wang")!, given: WallTime(nanoseconds: 0),
    reason: "=1+1",
    owner: nil, useCount: 7, lastUse: nil, countedSince: WallTime(nanoseconds: 0), state: "shrunk", decision: .shrink,
    decidedBy: nil, decided: nil, note: "'quoted'", newGrant: RuleID(9), newRights: .list, newUntil: nil)

  private func lines(_ text: String) throws -> [ReviewDecideRequest.Line] {
    try WorksheetCSV.lines(of: Array(text.utf8), reason: "default")
  }

  private func code(_ text: String) -> String {
    do { _ = try lines(text) } catch { return (error as? CommandFailure)?.message.text(in: .english) ?? "\(error)" }
    return "read"
  }

  @Test func whatWasWrittenIsReadBack() throws {
    let text = WorksheetCSV.header + WorksheetCSV.line(item)
    #expect(text.contains("\"/clients/a,b\"") && text.contains(",'=1+1,") && text.contains(",yes,"))
    #expect(
      try lines(text) == [
        ReviewDecideRequest.Line(line: 2, grant: RuleID(812), decision: .shrink, rights: .list, until: nil, note: "'quoted'")
      ])
  }

  @Test func linesWithoutADecisionAreNoAnswers() throws {
    let read = try lines("grant,decision,note\n1,,x\n2,keep,\n3,revoke,gone\n")
    #expect(
      read.map(\.grant) == [RuleID(2), RuleID(3)] && read.map(\.line) == [3, 4] && read.map(\.note) == ["default", "gone"])
  }

  @Test(arguments: [
    ("grant,decision\n1,maybe\n", "line 2"), ("grant,decision\n1,shrink\n", "no less"), ("grant\n1\n", "decision"),
    ("grant,decision,new-rights\n1,keep,list\n", "only 'shrink'"), ("grant,decision,colour\n1,keep,red\n", "colour"),
    ("grant,decision\nx,keep\n", "line 2"),
  ]) func whatCannotBeUnderstoodIsToldWithItsLine(_ text: String, _ said: String) {
    #expect(code(text).contains(said), "\(code(text))")
  }
}
