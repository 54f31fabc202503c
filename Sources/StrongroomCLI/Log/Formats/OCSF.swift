import VaultFormat

/// Records as events of the Open Cybersecurity Schema Framework 1.7: File System Activity (1001) for what is done to documents and folders, File
/// Hosting Activity (6006) for rights given and taken, Base Event (0) for the program's own records.
///
/// Source: github.com/ocsf/ocsf-schema, events/system/file_activity.json, events/application/file_hosting.json, objects/file.json
/// and the objects that these name; ExportSchemaTests holds what is used of them.
enum OCSF {
  static let version = "1.7.0"

  private struct Activity {
    var classUID: UInt64
    var id: UInt64
    var name: String
    var categoryUID: UInt64 { classUID / 1000 }
    var typeUID: UInt64 { classUID * 100 + id }

    var className: StaticString {
      switch classUID {
      case 1001: "File System Activity"
      case 6006: "File Hosting Activity"
      default: "Base Event"
      }
    }

    var categoryName: StaticString {
      switch categoryUID {
      case 1: "System Activity"
      case 6: "Application Activity"
      default: "Uncategorized"
      }
    }
  }

  static func write(_ entry: LogEntry, vault: String?, to json: inout JSONWriter) {
    let record = entry.record
    let activity = activity(entry)
    json.set("activity_id", activity.id)
    json.set("activity_name", activity.name)
    json.set("category_uid", activity.categoryUID)
    json.set("category_name", word: activity.categoryName)
    json.set("class_uid", activity.classUID)
    json.set("class_name", word: activity.className)
    json.set("type_uid", activity.typeUID)
    json.set("type_name", "\(activity.className): \(activity.name)")
    json.set("time", signed: record.wall / 1_000_000)
    let severity = severity(record)
    json.set("severity_id", severity.id)
    json.set("severity", word: severity.name)
    json.set("status_id", UInt64(record.outcome == .done ? 1 : 2))
    json.set("status", word: record.outcome == .done ? "Success" : "Failure")
    if record.errno != 0 { json.set("status_code", LogWords.errno(record.errno)) }
    if let decision = record.decision { json.set("status_detail", LogWords.reason(decision)) }
    json.set("count", record.count)
    json.object("metadata") { metadata(entry, to: &$0) }
    json.object("actor") { actor(record.actor, to: &$0) }
    let name = vault.map { "strongroom:" + $0 } ?? "strongroom"
    if activity.classUID == 6006 {
      json.object("src_endpoint") { $0.set("name", name) }
    } else if activity.classUID == 1001 {
      json.object("device") {
        $0.set("name", name)
        $0.set("type_id", UInt64(0))
      }
    }
    if activity.classUID != 0 {
      // Mounting is done to the vault's root.
      let place = record.object ?? Record.Object(node: .root, path: [0x2f])
      json.object("file") { file(place, kind: record.object == nil ? .folder : ObjectKind(entry), to: &$0) }
      if let target = record.target { json.object("file_result") { file(target, kind: ObjectKind(entry), to: &$0) } }
    }
    // What the schema has no place for, by the names of our JSON Lines.
    json.object("unmapped") {
      RecordJSON.write(entry, to: &$0, without: [.sequence, .time, .action, .errno, .actor, .object, .target, .count])
    }
  }

  private static func activity(_ entry: LogEntry) -> Activity {
    func file(_ id: UInt64, _ name: String) -> Activity { Activity(classUID: 1001, id: id, name: name) }
    func other(_ name: String) -> Activity { Activity(classUID: 0, id: 99, name: name) }
    switch entry.record.action {
    case .open: return file(14, "Open")
    case .read, .pages: return file(2, "Read")
    case .write:
      let kind = entry.detail("kind")
      return kind == "attributes" || kind?.contains("xattr") == true ? file(6, "Set Attributes") : file(3, "Update")
    case .release: return file(99, "Close")
    case .list: return file(99, "List")
    case .deny: return denied(entry)
    case .create: return file(1, "Create")
    case .rename: return file(5, "Rename")
    case .remove: return file(4, "Delete")
    case .grant: return Activity(classUID: 6006, id: 12, name: "Share")
    case .revoke: return Activity(classUID: 6006, id: 13, name: "Unshare")
    case .barrier, .boundary: return file(7, "Set Security")
    case .mount: return file(12, "Mount")
    case .unmount: return file(13, "Unmount")
    case .key, .reviewer, .duty, .certify, .auditStart, .auditStop, .recovery, .restore, .review, .alert, .unlock:
      return other(entry.record.action.name)
    }
  }

  /// What was asked for.
  private static func denied(_ entry: LogEntry) -> Activity {
    func file(_ id: UInt64, _ name: String) -> Activity { Activity(classUID: 1001, id: id, name: name) }
    switch entry.detail("operation") {
    case "open": return file(14, "Open")
    case "read", "pages", "mmap", "seek", "readlink": return file(2, "Read")
    case "write", "truncate", "allocate", "copy": return file(3, "Update")
    case "create", "mkdir", "symlink", "link", "mknod": return file(1, "Create")
    case "unlink", "rmdir": return file(4, "Delete")
    case "rename": return file(5, "Rename")
    case "setattr", "setxattr", "removexattr": return file(6, "Set Attributes")
    case "lookup", "getattr", "access", "getxattr", "listxattr", "statfs", "why": return file(8, "Get Attributes")
    case "administer": return file(7, "Set Security")
    case .some(let operation): return file(99, operation)
    case nil: return file(0, "Unknown")
    }
  }

  private static func severity(_ record: Record) -> (id: UInt64, name: StaticString) {
    switch (record.action, record.outcome) {
    case (.alert, _): (4, "High")
    case (.recovery, _), (.restore, _), (_, .failed): (3, "Medium")
    case (_, .refused): (2, "Low")
    default: (1, "Informational")
    }
  }

  private static func metadata(_ entry: LogEntry, to json: inout JSONWriter) {
    json.set("version", version)
    json.object("product") {
      $0.set("name", word: "Strongroom")
      $0.set("vendor_name", word: "Strongroom")
      $0.set("version", Strongroom.version)
    }
    json.set("log_name", word: "trail")
    json.set("event_code", word: LogWords.action(entry.record.action))
    json.set("sequence", entry.sequence)
    json.set("original_time", time: entry.record.wall)
  }

  private static func actor(_ actor: Record.Actor?, to json: inout JSONWriter) {
    guard let actor else { return json.set("app_name", word: "strongroom") }
    json.object("user") {
      if !actor.name.isEmpty { $0.set("name", actor.name) }
      $0.set("uid", quoted: UInt64(actor.uid))
      $0.set("type_id", UInt64(actor.uid == 0 ? 2 : 1))
    }
    json.object("process") {
      if actor.pid != 0 { $0.set("pid", signed: Int64(actor.pid)) }
      guard let program = actor.program else { return }
      let name = LogWords.programName(program)
      $0.set("name", name)
      $0.object("file") {
        $0.set("name", name)
        $0.set("path", program)
        $0.set("type_id", UInt64(1))
      }
    }
  }

  private static func file(_ place: Record.Object, kind: ObjectKind, to json: inout JSONWriter) {
    let type: (id: UInt64, name: StaticString) =
      switch kind {
      case .document: (1, "Regular File")
      case .folder: (2, "Folder")
      case .symlink: (7, "Symbolic Link")
      case .unknown: (0, "Unknown")
      }
    if place.path.isEmpty {
      // Required; of a node whose path is not known its number.
      json.set("name", "#\(place.node)")
    } else {
      json.set("name", path: LogWords.nameSlice(place.path))
      json.set("path", path: place.path)
      json.set("parent_folder", path: LogWords.folderSlice(place.path))
    }
    json.set("type_id", type.id)
    json.set("type", word: type.name)
    json.set("size", place.size)
    if place.node != .none { json.set("uid", quoted: place.node.value) }
  }
}
