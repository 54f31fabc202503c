import Control
import Foundation
import Glibc
import Testing
import VaultFormat

@testable import StrongroomCLI

private func objects(_ text: String) throws -> [[String: Any]] {
  try text.split(separator: "\n").map { try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]) }
}

/// A record whose names hold everything that a format could stumble over.
private let nasty: LogEntry = {
  var record = TrailFixture.denial(
    Record.Actor(uid: 7, name: "a|b=c\\d", pid: 3, program: "/opt/x \"y\"|=\n"), "/k\n\r\t=|\\\"\u{202e}\u{2028},;", "open")
  record.details.append(Record.Detail("note", "=1+1,\u{0}"))
  return LogEntry(segment: 1, sequence: 9, record: record)
}()

@Test(arguments: [("ocsf", 14), ("ecs", 14), ("jsonl", 14), ("csv", 15), ("cef", 14)])
func everyFormatIsOneLineARecord(_ format: String, _ count: Int) throws {
  let ran = try TrailFixture().log(["export", "--format", format])
  #expect(ran.code == .done)
  #expect(ran.output.split(whereSeparator: { $0 == "\n" || $0 == "\r\n" }).count == count)
  #expect(ran.errors == "14 shown of 14 matching (14 read), chain verified to #16\n")
  // Nothing that steers a terminal leaves, whatever the format.
  let steering = ran.output.unicodeScalars.filter { $0 != "\n" && $0 != "\r" && Escaping.isSteering($0) }
  #expect(steering.isEmpty)
}

@Test func exportIsFilteredAndTold() throws {
  let fixture = try TrailFixture()
  let mount = ScriptedMount()
  let ran = fixture.log(["export", "--format", "ocsf", "--user", "bob"], mount: mount, table: mountInfo)
  #expect(try objects(ran.output).count == 4)
  guard let request = mount.requests.first, case .review(let notice) = request else {
    Issue.record("not told")
    return
  }
  #expect(notice.command == "export" && notice.filters == ["format": "ocsf", "user": "bob"])
}

@Test func ocsfHasTheFieldsOfItsClass() throws {
  let lines = try objects(try TrailFixture().log(["export", "--format", "ocsf"]).output)
  for line in lines {
    let classUID = try #require(line["class_uid"] as? Int)
    let activityID = try #require(line["activity_id"] as? Int)
    #expect(line["type_uid"] as? Int == classUID * 100 + activityID)
    #expect(line["category_uid"] as? Int == classUID / 1000)
    let metadata = try #require(line["metadata"] as? [String: Any])
    #expect(metadata["version"] as? String == "1.7.0")
    #expect((metadata["product"] as? [String: Any])?["vendor_name"] as? String == "Strongroom")
    #expect(line["severity_id"] is Int && line["time"] is Int && line["actor"] is [String: Any])
    if classUID == 1001 { #expect((line["device"] as? [String: Any])?["type_id"] as? Int == 0) }
    if classUID == 6006 { #expect(line["src_endpoint"] is [String: Any]) }
    let file = try #require(line["file"] as? [String: Any])
    #expect(file["name"] is String && file["type_id"] is Int)
  }
  #expect(
    lines.map { $0["type_uid"] as? Int } == [
      100_112, 600_612, 100_114, 100_102, 100_114, 100_102, 100_114, 100_102, 100_199, 100_105, 100_114, 100_199, 100_199,
      100_113,
    ])
  let read = lines[3]
  #expect((read["file"] as? [String: Any])?["path"] as? String == "/clients/王小明/合同.pdf")
  #expect((read["file"] as? [String: Any])?["parent_folder"] as? String == "/clients/王小明")
  #expect(((read["actor"] as? [String: Any])?["user"] as? [String: Any])?["uid"] as? String == "1000")
  #expect((read["unmapped"] as? [String: Any])?["returned"] as? Int == 4096)
  let denial = lines[6]
  #expect(denial["status_id"] as? Int == 2 && denial["status_code"] as? String == "EACCES")
  #expect(denial["status_detail"] as? String == "missing read")
  #expect((lines[9]["file_result"] as? [String: Any])?["path"] as? String == "/archive/x.pdf")
}

@Test func ecsHasItsFields() throws {
  let lines = try objects(try TrailFixture().log(["export", "--format", "ecs"]).output)
  let read = lines[3]
  #expect((read["ecs"] as? [String: Any])?["version"] as? String == "8.17.0")
  let event = try #require(read["event"] as? [String: Any])
  #expect(event["category"] as? [String] == ["file"] && event["type"] as? [String] == ["access"])
  #expect(event["action"] as? String == "read" && event["outcome"] as? String == "success" && event["kind"] as? String == "event")
  let file = try #require(read["file"] as? [String: Any])
  #expect(
    file["name"] as? String == "合同.pdf" && file["extension"] as? String == "pdf" && file["directory"] as? String == "/clients/王小明"
  )
  #expect((read["user"] as? [String: Any])?["id"] as? String == "1000")
  #expect((read["process"] as? [String: Any])?["executable"] as? String == "/usr/bin/python3")
  #expect((read["rule"] as? [String: Any])?["id"] as? String == "7")
  #expect((lines[6]["error"] as? [String: Any])?["code"] as? String == "EACCES")
  #expect((lines[1]["event"] as? [String: Any])?["category"] as? [String] == ["iam"])
}

@Test func cefIsEscapedAsItsStandardSays() {
  let line = CEF.line(nasty, vault: nil)
  #expect(line.hasPrefix("CEF:0|Strongroom|Strongroom|0.1|DENY|Refused open|5|rt="))
  #expect(line.contains(#" suser=a|b\=c\\d "#))
  #expect(line.contains(#" sproc=/opt/x "y"|\=\n "#))
  // A backslash in a name is doubled as in all paths, then once more for CEF; a tab and bidi marks have no escape of CEF's own.
  #expect(line.contains(#" filePath=/k\n\r\\u{9}\=|\\\\"\\u{202E}\\u{2028},; "#))
  #expect(CEF.header("a|b\\c\nd") == #"a\|b\\c d"#)
  #expect(!line.contains("\n") && !line.contains("\u{202e}"))
}

@Test func csvIsQuotedAndNoFormula() {
  let line = RecordCSV.line(nasty)
  #expect(line.contains(#""/k\n\r\t=|\\""\u{202E}\u{2028},;""#))
  #expect(line.contains(#","operation=open; note==1+1,\u{0}""#) && !line.contains("\n"))
  #expect(CSV.line(["=1+1", "-5", "+x", "@y", "a,b", "", "plain"]) == #"'=1+1,-5,'+x,'@y,"a,b",,plain"#)
}

@Test func jsonIsEscaped() throws {
  let line = RecordJSON.line(nasty)
  #expect(line.contains(#"\n\r\t=|\\\\\"\u202e\u2028,;"#))
  let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
  // A path is text that can be turned back into its bytes: its backslash is doubled before JSON escapes.
  #expect(object["path"] as? String == "/k\n\r\t=|\\\\\"\u{202e}\u{2028},;")
  #expect(JSONValue.string("\u{e0041}").line == #""\udb40\udc41""#)
}

@Test func namesThatAreNotTextAreExported() throws {
  var entry = nasty
  entry.record.object?.path = [0x2f, 0xff, 0x61]
  #expect(try objects(RecordJSON.line(entry))[0]["path"] as? String == #"/\xffa"#)
  #expect(CEF.line(entry, vault: nil).contains(#" filePath=/\\xffa "#))
  #expect(RecordCSV.line(entry).contains(#",/\xffa,"#))
}
