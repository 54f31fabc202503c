import VaultFormat

/// Records as events of the Open Cybersecurity Schema Framework 1.7: File System Activity (1001) for what is done to documents and folders, File
/// Hosting Activity (6006) for rights given and taken, Base Event (0) for the program's own records.
///
/// Source: github.com/ocsf/ocsf-schema, events/system/filesystem.json, events/application/file_hosting.json, objects/file.json.
enum OCSF {
  static let version = "1.7.0"

  private struct Activity {
    var classUID: UInt64
    var id: UInt64
    var name: String
    var categoryUID: UInt64 { classUID / 1000 }
    var typeUID: UInt64 { classUID * 100 + id }

    var className: String {
      switch classUID {
      case 1001: "File System Activity"
      case 6006: "File Hosting Activity"
      default: "Base Event"
      }
    }

    var categoryName: String {
      switch categoryUID {
      case 1: "System Activity"
      case 6: "Application Activity"
      default: "Uncategorized"
      }
    }
  }

  static func object(_ entry: LogEntry, vault: VaultID?) -> JSONObject {
    let record = entry.record
    let activity = activity(entry)
    var object = JSONObject()
    object.set("activity_id", activity.id)
    object.set("activity_name", activity.name)
    object.set("category_uid", activity.categoryUID)
    object.set("category_name", activity.categoryName)
    object.set("class_uid", activity.classUID)
    object.set("class_name", activity.className)
    object.set("type_uid", activity.typeUID)
    object.set("type_name", "\(activity.className): \(activity.name)")
    object.set("time", record.wall / 1_000_000)
    let severity = severity(record)
    object.set("severity_id", severity.id)
    object.set("severity", severity.name)
    object.set("status_id", UInt64(record.outcome == .done ? 1 : 2))
    object.set("status", record.outcome == .done ? "Success" : "Failure")
    if record.errno != 0 { object.set("status_code", LogWords.errno(record.errno)) }
    if let decision = record.decision { object.set("status_detail", LogWords.reason(decision)) }
    object.set("count", record.count)
    object.set("metadata", metadata(entry))
    object.set("actor", actor(record.actor))
    let name = vault.map { "strongroom:\($0)" } ?? "strongroom"
    if activity.classUID == 6006 {
      var endpoint = JSONObject()
      endpoint.set("name", name)
      object.set("src_endpoint", endpoint)
    } else if activity.classUID == 1001 {
      var device = JSONObject()
      device.set("name", name)
      device.set("type_id", UInt64(0))
      object.set("device", device)
    }
    if activity.classUID != 0 {
      // Mounting is done to the vault's root.
      let place = record.object ?? Record.Object(node: .root, path: [0x2f])
      object.set("file", file(place, kind: record.object == nil ? .folder : ObjectKind(entry)))
      if let target = record.target { object.set("file_result", file(target, kind: ObjectKind(entry))) }
    }
    object.setUnlessEmpty("unmapped", unmapped(entry))
    return object
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
    case .key, .reviewer, .duty, .auditStart, .auditStop, .recovery, .restore, .review, .alert, .unlock:
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

  private static func severity(_ record: Record) -> (id: UInt64, name: String) {
    switch (record.action, record.outcome) {
    case (.alert, _): (4, "High")
    case (.recovery, _), (.restore, _), (_, .failed): (3, "Medium")
    case (_, .refused): (2, "Low")
    default: (1, "Informational")
    }
  }

  private static func metadata(_ entry: LogEntry) -> JSONObject {
    var product = JSONObject()
    product.set("name", "Strongroom")
    product.set("vendor_name", "Strongroom")
    product.set("version", Strongroom.version)
    var metadata = JSONObject()
    metadata.set("version", version)
    metadata.set("product", product)
    metadata.set("log_name", "trail")
    metadata.set("event_code", entry.record.action.name)
    metadata.set("sequence", entry.sequence)
    metadata.set("original_time", LogWords.time(entry.record.wall))
    return metadata
  }

  private static func actor(_ actor: Record.Actor?) -> JSONObject {
    var object = JSONObject()
    guard let actor else {
      object.set("app_name", "strongroom")
      return object
    }
    var user = JSONObject()
    if !actor.name.isEmpty { user.set("name", actor.name) }
    user.set("uid", String(actor.uid))
    user.set("type_id", UInt64(actor.uid == 0 ? 2 : 1))
    object.set("user", user)
    guard actor.pid != 0 || actor.program != nil else { return object }
    var process = JSONObject()
    if actor.pid != 0 { process.set("pid", actor.pid) }
    if let program = actor.program {
      let name = String(program.split(separator: "/").last ?? Substring(program))
      process.set("name", name)
      var file = JSONObject()
      file.set("name", name)
      file.set("path", program)
      file.set("type_id", UInt64(1))
      process.set("file", file)
    }
    object.set("process", process)
    return object
  }

  private static func file(_ place: Record.Object, kind: ObjectKind) -> JSONObject {
    let type: (id: UInt64, name: String) =
      switch kind {
      case .document: (1, "Regular File")
      case .folder: (2, "Folder")
      case .symlink: (7, "Symbolic Link")
      case .unknown: (0, "Unknown")
      }
    var file = JSONObject()
    // Required; of a node whose path is not known its number.
    file.set("name", place.path.isEmpty ? "#\(place.node)" : LogWords.path(LogWords.name(place.path)))
    if !place.path.isEmpty {
      file.set("path", LogWords.path(place.path))
      file.set("parent_folder", LogWords.path(LogWords.folder(place.path)))
    }
    file.set("type_id", type.id)
    file.set("type", type.name)
    file.set("size", place.size)
    if place.node != .none { file.set("uid", place.node.description) }
    return file
  }

  /// What the schema has no place for, by the names of our JSON Lines.
  private static func unmapped(_ entry: LogEntry) -> JSONObject {
    let mapped: Set<String> = [
      "sequence", "time", "action", "errno", "user", "uid", "pid", "program", "node", "path", "size", "target_node",
      "target_path",
      "target_size", "count",
    ]
    var object = JSONObject()
    for field in RecordJSON.object(entry).fields where !mapped.contains(field.name) { object.set(field.name, value: field.value) }
    return object
  }
}
