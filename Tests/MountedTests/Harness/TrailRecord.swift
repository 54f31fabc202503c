import Foundation

/// A JSON value, looked into by name.
struct JSON {
  let value: Any

  init(_ value: Any) { self.value = value }

  init?(_ text: String) {
    guard let value = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed) else { return nil }
    self.value = value
  }

  subscript(key: String) -> JSON? {
    guard let found = (value as? [String: Any])?[key], !(found is NSNull) else { return nil }
    return JSON(found)
  }

  var text: String? { value as? String }
  var number: Int? { (value as? NSNumber)?.intValue }
  var list: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
  /// The first of a list, or the value itself: commands that make one thing may print either.
  var first: JSON { list.first ?? self }
}

/// One record of the trail as `log query --json` prints it: the only place in these tests that knows its field names.
struct TrailRecord: CustomStringConvertible {
  let json: JSON

  init(_ json: JSON) { self.json = json }

  var action: String { json["action"]?.text ?? "" }
  /// `done`, `refused` or `failed`.
  var outcome: String { json["outcome"]?.text ?? "" }
  var errno: String? { json["errno"]?.text }
  var user: String { json["user"]?.text ?? "" }
  var process: Int? { json["pid"]?.number }
  var opener: String? { json["opener"]?["user"]?.text }
  var path: String { json["path"]?.text ?? "" }
  var newPath: String? { json["target_path"]?.text }
  var count: Int? { json["count"]?.number }
  var decision: JSON? { json["decision"] }
  var handle: Int? { json["handle"]?.number }

  struct Range: Equatable, CustomStringConvertible {
    let offset, asked, returned: Int
    var description: String { "\(offset)+\(asked)→\(returned)" }
  }

  var range: Range? {
    guard let offset = json["offset"]?.number else { return nil }
    return Range(offset: offset, asked: json["asked"]?.number ?? 0, returned: json["returned"]?.number ?? 0)
  }

  func detail(_ key: String) -> String? {
    json["details"]?[key]?.text ?? json["details"]?.list.first { $0["key"]?.text == key }?["value"]?.text
  }

  var description: String {
    "\(action) \(outcome) \(errno ?? "") \(user) \(path)\(newPath.map { " → " + $0 } ?? "") \(range.map(\.description) ?? "")"
  }
}

extension [TrailRecord] {
  func of(_ user: TestUser) -> [TrailRecord] { filter { $0.user == user.name } }
  func at(_ path: String) -> [TrailRecord] { filter { $0.path == path || $0.newPath == path } }
  func beneath(_ path: String) -> [TrailRecord] { filter { $0.path == path || $0.path.hasPrefix(path + "/") } }
  func actions(_ names: String...) -> [TrailRecord] { filter { names.contains($0.action) } }
  var refusals: [TrailRecord] { actions("DENY") }
  /// The exact ranges that READ records name.
  var ranges: [TrailRecord.Range] { actions("READ").compactMap(\.range) }
}
