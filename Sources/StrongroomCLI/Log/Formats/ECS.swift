import VaultFormat

/// Records as documents of the Elastic Common Schema 8.17. What it has no place for is under `strongroom`, by the names of our JSON Lines.
///
/// Source: github.com/elastic/ecs, schemas/{base,event,file,process,user,rule,error}.yml and the categorization fields.
enum ECS {
  static let version = "8.17.0"

  static func write(_ entry: LogEntry, vault: String?, to json: inout JSONWriter) {
    let record = entry.record
    json.set("@timestamp", time: record.wall)
    json.object("ecs") { $0.set("version", version) }
    json.object("event") { event(entry, vault, to: &$0) }
    if let actor = record.actor {
      json.object("user") {
        $0.set("id", quoted: UInt64(actor.uid))
        if !actor.name.isEmpty { $0.set("name", actor.name) }
      }
      json.object("process") { process(actor, to: &$0) }
    }
    if let place = record.object { json.object("file") { file(place, entry, to: &$0) } }
    if record.errno != 0 { json.object("error") { $0.set("code", LogWords.errno(record.errno)) } }
    if let rule = record.decision.flatMap({ LogWords.rule($0) }) { json.object("rule") { $0.set("id", quoted: rule.value) } }
    json.object("strongroom") {
      $0.set("vault", vault)
      RecordJSON.write(entry, to: &$0, without: [.sequence, .time, .errno, .actor, .object, .rule])
    }
  }

  private static func event(_ entry: LogEntry, _ vault: String?, to json: inout JSONWriter) {
    let record = entry.record
    let (category, type) = category(record.action)
    json.set("kind", word: record.action == .alert ? "alert" : "event")
    json.set("category", one: category)
    json.set("type", one: type)
    json.set("action", record.action.name.lowercased())
    json.set("outcome", word: record.outcome == .done ? "success" : "failure")
    json.set("provider", word: "strongroom")
    json.set("module", word: "strongroom")
    json.set("dataset", word: "strongroom.trail")
    json.set("sequence", entry.sequence)
    json.set("id", vault.map { "\($0)-\(entry.sequence)" } ?? String(entry.sequence))
    if let decision = record.decision { json.set("reason", LogWords.reason(decision)) }
  }

  /// Of the values that the schema allows together.
  private static func category(_ action: Record.Action) -> (category: StaticString, type: StaticString) {
    switch action {
    case .open, .read, .pages, .list, .deny: ("file", "access")
    case .release: ("file", "info")
    case .write, .rename: ("file", "change")
    case .create: ("file", "creation")
    case .remove: ("file", "deletion")
    case .grant, .barrier: ("iam", "creation")
    case .revoke: ("iam", "deletion")
    case .boundary, .key, .reviewer, .duty, .certify: ("iam", "change")
    case .mount, .auditStart: ("host", "start")
    case .unmount, .auditStop: ("host", "end")
    case .recovery, .restore: ("host", "change")
    case .review: ("host", "access")
    case .alert: ("host", "info")
    case .unlock: ("authentication", "start")
    }
  }

  private static func process(_ actor: Record.Actor, to json: inout JSONWriter) {
    if actor.pid != 0 { json.set("pid", signed: Int64(actor.pid)) }
    guard let program = actor.program else { return }
    json.set("executable", program)
    json.set("name", LogWords.programName(program))
  }

  private static func file(_ place: Record.Object, _ entry: LogEntry, to json: inout JSONWriter) {
    if !place.path.isEmpty {
      let name = LogWords.nameSlice(place.path)
      json.set("path", path: place.path)
      json.set("name", path: name)
      json.set("directory", path: LogWords.folderSlice(place.path))
      if let dot = name.lastIndex(of: 0x2e), dot > name.startIndex, dot + 1 < name.endIndex {
        json.set("extension", path: name[(dot + 1)...])
      }
    }
    if place.node != .none { json.set("inode", quoted: place.node.value) }
    json.set("size", place.size)
    switch ObjectKind(entry) {
    case .document: json.set("type", word: "file")
    case .folder: json.set("type", word: "dir")
    case .symlink: json.set("type", word: "symlink")
    case .unknown: break
    }
  }
}
