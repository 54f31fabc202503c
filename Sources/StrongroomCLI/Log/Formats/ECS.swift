import VaultFormat

/// Records as documents of the Elastic Common Schema 8.17. What it has no place for is under `strongroom`, by the names of our JSON Lines.
///
/// Source: github.com/elastic/ecs, schemas/{base,event,file,process,user,rule,error}.yml and the categorization fields.
enum ECS {
  static let version = "8.17.0"

  static func object(_ entry: LogEntry, vault: VaultID?) -> JSONObject {
    let record = entry.record
    var object = JSONObject()
    object.set("@timestamp", LogWords.time(record.wall))
    var ecs = JSONObject()
    ecs.set("version", version)
    object.set("ecs", ecs)
    object.set("event", event(entry, vault))
    if let actor = record.actor {
      var user = JSONObject()
      user.set("id", String(actor.uid))
      if !actor.name.isEmpty { user.set("name", actor.name) }
      object.set("user", user)
      object.setUnlessEmpty("process", process(actor))
    }
    if let place = record.object { object.setUnlessEmpty("file", file(place, entry)) }
    if record.errno != 0 {
      var error = JSONObject()
      error.set("code", LogWords.errno(record.errno))
      object.set("error", error)
    }
    if let rule = record.decision.flatMap({ LogWords.rule($0) }) {
      var inner = JSONObject()
      inner.set("id", rule.description)
      object.set("rule", inner)
    }
    object.setUnlessEmpty("strongroom", own(entry, vault))
    return object
  }

  private static func event(_ entry: LogEntry, _ vault: VaultID?) -> JSONObject {
    let record = entry.record
    let (category, type) = category(record.action)
    var event = JSONObject()
    event.set("kind", record.action == .alert ? "alert" : "event")
    event.set("category", [category])
    event.set("type", [type])
    event.set("action", record.action.name.lowercased())
    event.set("outcome", record.outcome == .done ? "success" : "failure")
    event.set("provider", "strongroom")
    event.set("module", "strongroom")
    event.set("dataset", "strongroom.trail")
    event.set("sequence", entry.sequence)
    event.set("id", (vault.map { "\($0)-" } ?? "") + String(entry.sequence))
    if let decision = record.decision { event.set("reason", LogWords.reason(decision)) }
    return event
  }

  /// Of the values that the schema allows together.
  private static func category(_ action: Record.Action) -> (category: String, type: String) {
    switch action {
    case .open, .read, .pages, .list, .deny: ("file", "access")
    case .release: ("file", "info")
    case .write, .rename: ("file", "change")
    case .create: ("file", "creation")
    case .remove: ("file", "deletion")
    case .grant, .barrier: ("iam", "creation")
    case .revoke: ("iam", "deletion")
    case .boundary, .key, .reviewer, .duty: ("iam", "change")
    case .mount, .auditStart: ("host", "start")
    case .unmount, .auditStop: ("host", "end")
    case .recovery, .restore: ("host", "change")
    case .review: ("host", "access")
    case .alert: ("host", "info")
    case .unlock: ("authentication", "start")
    }
  }

  private static func process(_ actor: Record.Actor) -> JSONObject {
    var process = JSONObject()
    if actor.pid != 0 { process.set("pid", actor.pid) }
    if let program = actor.program {
      process.set("executable", program)
      process.set("name", String(program.split(separator: "/").last ?? Substring(program)))
    }
    return process
  }

  private static func file(_ place: Record.Object, _ entry: LogEntry) -> JSONObject {
    var file = JSONObject()
    if !place.path.isEmpty {
      let name = LogWords.name(place.path)
      file.set("path", LogWords.path(place.path))
      file.set("name", LogWords.path(name))
      file.set("directory", LogWords.path(LogWords.folder(place.path)))
      if let dot = name.lastIndex(of: 0x2e), dot > 0, dot + 1 < name.count {
        file.set("extension", LogWords.path(Array(name[(dot + 1)...])))
      }
    }
    if place.node != .none { file.set("inode", place.node.description) }
    file.set("size", place.size)
    switch ObjectKind(entry) {
    case .document: file.set("type", "file")
    case .folder: file.set("type", "dir")
    case .symlink: file.set("type", "symlink")
    case .unknown: break
    }
    return file
  }

  private static func own(_ entry: LogEntry, _ vault: VaultID?) -> JSONObject {
    let mapped: Set<String> = ["sequence", "time", "errno", "user", "uid", "pid", "program", "node", "path", "size", "rule"]
    var object = JSONObject()
    object.set("vault", vault?.description)
    for field in RecordJSON.object(entry).fields where !mapped.contains(field.name) { object.set(field.name, value: field.value) }
    return object
  }
}
