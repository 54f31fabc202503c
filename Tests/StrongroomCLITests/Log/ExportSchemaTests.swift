import Control
import Foundation
import Glibc
import Testing
import VaultFormat

@testable import StrongroomCLI

/// The attributes of the published schemas that an exported record may use, copied from there by hand and by name. What a line holds beyond
/// these is a mistake of ours; so is what it lacks of the required ones.
private enum Schema {
  /// github.com/ocsf/ocsf-schema, version 1.7.0 (commit dc6359b4), which `metadata.version` names: events/base_event.json,
  /// events/system/file_activity.json (class 1001), events/application/file_hosting.json (6006),
  /// objects/{metadata,product,actor,user,process,process_entity,file,device,endpoint}.json. 1.9.0-dev (a5cfc68e) has them too.
  static let ocsf: [String: Set<String>] = [
    "": [
      "activity_id", "activity_name", "category_uid", "category_name", "class_uid", "class_name", "count", "metadata", "severity",
      "severity_id", "status", "status_code", "status_detail", "status_id", "time", "type_name", "type_uid", "unmapped", "actor",
      "device", "file", "file_result", "src_endpoint",
    ],
    "metadata": ["version", "product", "log_name", "event_code", "sequence", "original_time"],
    "metadata.product": ["name", "vendor_name", "version"],
    "actor": ["user", "process", "app_name"],
    "actor.user": ["name", "uid", "type_id"],
    "actor.process": ["pid", "name", "file"],
    "actor.process.file": ["name", "path", "type_id"],
    "device": ["name", "type_id"], "src_endpoint": ["name"],
    "file": ["name", "path", "parent_folder", "type", "type_id", "size", "uid"],
    "file_result": ["name", "path", "parent_folder", "type", "type_id", "size", "uid"],
  ]
  static let ocsfRequired: [String: Set<String>] = [
    "": ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"],
    "metadata": ["version", "product"], "metadata.product": ["name"], "device": ["type_id"], "file": ["name", "type_id"],
    "file_result": ["name", "type_id"],
  ]
  /// Of class 1001 and of 6006; 99 is Other in every class.
  static let fileActivities: Set<Int> = Set(0...14).union([99])
  static let hostingActivities: Set<Int> = Set(0...17).union([99])

  /// github.com/elastic/ecs, commit b85f7573 (2026-05-29): schemas/{base,ecs,event,user,process,file,error,rule}.yml. `strongroom` is our own
  /// field set, as ECS asks of custom fields.
  static let ecs: [String: Set<String>] = [
    "": ["@timestamp", "ecs", "event", "user", "process", "file", "error", "rule", "strongroom"],
    "ecs": ["version"],
    "event": [
      "kind", "category", "type", "action", "outcome", "provider", "module", "dataset", "sequence", "id", "reason",
    ],
    "user": ["id", "name"], "process": ["pid", "executable", "name"],
    "file": ["path", "name", "directory", "extension", "inode", "size", "type"],
    "error": ["code"], "rule": ["id"],
  ]
  static let ecsKinds: Set<String> = ["alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"]
  /// `expected_event_types` of the categories that we use.
  static let ecsTypes: [String: Set<String>] = [
    "file": ["access", "change", "creation", "deletion", "info"],
    "iam": ["admin", "change", "creation", "deletion", "group", "info", "user"],
    "host": ["access", "change", "end", "info", "start"], "authentication": ["start", "end", "info"],
  ]

  /// "ArcSight Common Event Format Implementation Standard", version 27, chapter 2: those of its producers' dictionary that are used, all of them there since
  /// version 0.1 and under the same names in version 25.
  static let cef: Set<String> = [
    "rt", "externalId", "deviceExternalId", "act", "outcome", "reason", "suser", "suid", "spid", "sproc", "oldFilePath",
    "oldFileName", "filePath", "fname", "fileId", "fsize", "cnt", "cs1", "cs1Label", "cs2", "cs2Label", "cs3", "cs3Label", "cs4",
    "cs4Label", "cn1", "cn1Label", "cn2", "cn2Label", "cn3", "cn3Label",
  ]
  /// Of these, the ones of type integer, long or time stamp (milliseconds).
  static let cefNumbers: Set<String> = ["rt", "spid", "fsize", "cnt", "cn1", "cn2", "cn3"]
}

/// One of every action, with everything that it may hold.
private let everyAction: [LogEntry] = Record.Action.allCases.enumerated().map { index, action in
  var record = Record(action)
  record.wall = 1_780_000_000_123_456_789
  record.boot = 5
  record.actor = TrailFixture.lin
  record.opener = TrailFixture.bob
  record.object = Record.Object(node: NodeID(7), path: TrailFixture.wang, size: 10)
  record.target = Record.Object(node: NodeID(8), path: Array("/x/y.txt".utf8), size: 11)
  record.handle = HandleID(3)
  record.range = Record.Range(offset: 1, asked: 2, returned: 1)
  record.outcome = index % 2 == 0 ? .done : .refused
  record.errno = index % 2 == 0 ? 0 : EACCES
  record.decision = .grant(RuleID(4))
  record.count = 6
  record.usage = Record.Usage(readByteCount: 1, distinctByteCount: 1, writtenByteCount: 0)
  record.details = [Record.Detail("operation", "open"), Record.Detail("kind", "document")]
  return LogEntry(segment: 1, sequence: UInt64(index) + 1, record: record)
}

private func object(_ format: LogFormat, _ entry: LogEntry) throws -> [String: Any] {
  var formatter = LogFormatter(format, vault: vaultID)
  let line = formatter.line(entry)
  #expect(line.hasSuffix("\n") && line.split(separator: "\n").count == 1)
  return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
}

/// Every name in the object is one that the schema has there; every required one is there.
private func check(
  _ object: [String: Any], _ place: String, _ allowed: [String: Set<String>], _ required: [String: Set<String>], open: Set<String>
) {
  let names = Set(object.keys)
  let unknown = names.subtracting(allowed[place] ?? [])
  let missing = (required[place] ?? []).subtracting(names)
  #expect(unknown.isEmpty && missing.isEmpty, "\(place): \(unknown) \(missing)")
  for (name, value) in object where !open.contains(name) {
    if let inner = value as? [String: Any] {
      check(inner, place.isEmpty ? name : place + "." + name, allowed, required, open: open)
    }
  }
}

@Test func ocsfUsesOnlyWhatItsSchemaHas() throws {
  for entry in everyAction {
    let line = try object(.ocsf, entry)
    check(line, "", Schema.ocsf, Schema.ocsfRequired, open: ["unmapped"])
    let (classUID, activity) = (line["class_uid"] as? Int, line["activity_id"] as? Int ?? -1)
    #expect(line["type_uid"] as? Int == (classUID ?? 0) * 100 + activity)
    #expect(line["category_uid"] as? Int == (classUID ?? 0) / 1000)
    switch classUID {
    case 1001: #expect(Schema.fileActivities.contains(activity) && line["device"] != nil && line["file"] != nil)
    case 6006: #expect(Schema.hostingActivities.contains(activity) && line["src_endpoint"] != nil && line["file"] != nil)
    default: #expect(classUID == 0 && activity == 99)
    }
  }
}

@Test func ecsUsesOnlyWhatItsSchemaHas() throws {
  for entry in everyAction {
    let line = try object(.ecs, entry)
    check(line, "", Schema.ecs, ["": ["@timestamp", "ecs"]], open: ["strongroom"])
    let event = try #require(line["event"] as? [String: Any])
    #expect(Schema.ecsKinds.contains(event["kind"] as? String ?? ""))
    let category = try #require((event["category"] as? [String])?.first)
    #expect(Schema.ecsTypes[category]?.contains((event["type"] as? [String])?.first ?? "") == true, "\(entry.record.action)")
  }
}

@Test func cefUsesOnlyKeysOfItsDictionary() throws {
  for entry in everyAction {
    let parts = CEF.line(entry, vault: vaultID).split(separator: "|", omittingEmptySubsequences: false)
    #expect(parts.count == 8 && parts[0] == "CEF:0")
    let pairs = parts[7].replacingOccurrences(of: #"\="#, with: "").split(separator: " ").map { $0.split(separator: "=") }
    let keys = pairs.filter { $0.count > 1 }.map { String($0[0]) }
    #expect(Set(keys).isSubset(of: Schema.cef), "\(Set(keys).subtracting(Schema.cef))")
    for pair in pairs where pair.count > 1 && Schema.cefNumbers.contains(String(pair[0])) {
      #expect(Int64(pair[1]) != nil, "\(pair)")
    }
  }
}

// MARK: Escaping

/// What a name may hold, and how each format writes it. `path` is `/` and then the name.
@Test(arguments: [
  // name, JSON (as text), CSV cell, CEF value
  ("a\nb", #""/a\nb""#, #"/a\nb"#, #"/a\nb"#),
  ("a\rb", #""/a\rb""#, #"/a\rb"#, #"/a\rb"#),
  ("a\tb", #""/a\tb""#, #"/a\tb"#, #"/a\\u{9}b"#),
  ("a\u{0}b", #""/a\u0000b""#, #"/a\u{0}b"#, #"/a\\u{0}b"#),
  ("a\u{1b}[2Jb", #""/a\u001b[2Jb""#, #"/a\e[2Jb"#, #"/a\\u{1B}[2Jb"#),
  ("a\u{7f}b", #""/a\u007fb""#, #"/a\u{7F}b"#, #"/a\\u{7F}b"#),
  ("a\u{85}b", #""/a\u0085b""#, #"/a\u{85}b"#, #"/a\\u{85}b"#),
  ("a\"b", #""/a\"b""#, #""/a""b""#, #"/a"b"#),
  // One character with what stands after it, and a quote all the same.
  ("a\"\u{301},b", #""/a\"\#u{301},b""#, #""/a""\#u{301},b""#, #"/a"\#u{301},b"#),
  ("a\"\u{200d},b", #""/a\"\#u{200d},b""#, #""/a""\#u{200d},b""#, #"/a"\#u{200d},b"#),
  ("a'b", #""/a'b""#, #"/a'b"#, #"/a'b"#),
  ("a,b", #""/a,b""#, #""/a,b""#, #"/a,b"#),
  ("a=b", #""/a=b""#, #"/a=b"#, #"/a\=b"#),
  ("a|b", #""/a|b""#, #"/a|b"#, #"/a|b"#),
  ("a\\b", #""/a\\\\b""#, #"/a\\b"#, #"/a\\\\b"#),
  ("a\\nb", #""/a\\\\nb""#, #"/a\\nb"#, #"/a\\\\nb"#),
  ("a\u{202e}b", #""/a\u202eb""#, #"/a\u{202E}b"#, #"/a\\u{202E}b"#),
  ("a\u{2066}b", #""/a\u2066b""#, #"/a\u{2066}b"#, #"/a\\u{2066}b"#),
  ("a\u{200f}b", #""/a\u200fb""#, #"/a\u{200F}b"#, #"/a\\u{200F}b"#),
  ("a\u{61c}b", #""/a\u061cb""#, #"/a\u{61C}b"#, #"/a\\u{61C}b"#),
  ("a\u{ad}b", #""/a\u00adb""#, #"/a\u{AD}b"#, #"/a\\u{AD}b"#),
  ("a\u{feff}b", #""/a\ufeffb""#, #"/a\u{FEFF}b"#, #"/a\\u{FEFF}b"#),
  ("a\u{2028}b", #""/a\u2028b""#, #"/a\u{2028}b"#, #"/a\\u{2028}b"#),
  ("a\u{e0041}b", #""/a\udb40\udc41b""#, #"/a\u{E0041}b"#, #"/a\\u{E0041}b"#),
  ("合同 é", #""/合同 é""#, #""/合同 é""#, #"/合同 é"#),
])
func everyFormatWritesEveryNameSafely(_ name: String, _ json: String, _ csv: String, _ cef: String) throws {
  var record = TrailFixture.denial(TrailFixture.lin, "/" + name, "open")
  record.details.append(Record.Detail("reason", name))
  let entry = LogEntry(segment: 1, sequence: 9, record: record)
  #expect(RecordJSON.line(entry).contains(#""path":\#(json),"#))
  #expect(RecordCSV.line(entry).contains("," + csv + ","))
  #expect(CEF.line(entry, vault: nil).contains(" filePath=\(cef) "))
  for format in LogFormat.allCases {
    var formatter = LogFormatter(format, vault: vaultID)
    let line = formatter.line(entry)
    let steering = line.unicodeScalars.filter { Escaping.isSteering($0) }.map(\.value)
    #expect(steering == (format == .csv ? [13, 10] : [10]), "\(format)")
    guard format != .csv, format != .cef else { continue }
    // What programs read is the name as it was.
    let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    let path = format == .jsonl ? object["path"] : (object["file"] as? [String: Any])?["path"]
    #expect(path as? String == "/" + name.replacingOccurrences(of: "\\", with: "\\\\"))
  }
}

@Test func actionsHaveOneName() {
  for action in Record.Action.allCases { #expect("\(LogWords.action(action))" == action.name) }
}

@Test func theWriterOfLinesAgreesWithTheOneOfValues() {
  for text in ["", "plain", "a\"b\\c\n\u{202e}合同", "\u{0}", String(repeating: "x", count: 5_000)] {
    var writer = JSONWriter()
    writer.line { $0.set("a", text) }
    #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a":\#(JSONValue.string(text).line)}"# + "\n")
  }
  for wall: Int64 in [0, -1, 1, 1_780_000_000_123_456_789, -1_780_000_000_123_456_789, .max, .min, 951_782_399_999_999_999] {
    var bytes: [UInt8] = []
    bytes.append(time: wall)
    #expect(String(decoding: bytes, as: UTF8.self) == LogWords.time(wall))
  }
  for value: UInt64 in [0, 9, 10, 18_446_744_073_709_551_615] {
    var bytes: [UInt8] = []
    bytes.append(decimal: value)
    #expect(String(decoding: bytes, as: UTF8.self) == String(value))
  }
  var writer = JSONWriter()
  writer.line {
    $0.object("empty") { _ in }
    $0.object("a") { $0.object("b") { _ in } }
    $0.set("c", UInt64(1))
  }
  #expect(String(decoding: writer.bytes, as: UTF8.self) == "{\"c\":1}\n")
}
