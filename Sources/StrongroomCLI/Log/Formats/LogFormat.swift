import VaultFormat

/// The formats of `log export`; docs/log-fields.md has their fields.
package enum LogFormat: String, CaseIterable, Sendable {
  case jsonl, csv, ocsf, ecs, cef

  /// What comes before the first record.
  var header: String? { self == .csv ? CSV.line(RecordCSV.fields) + "\r" : nil }

  /// Whether a handle's OPEN that is repeated at the start of a segment is exported: it is a record and no event.
  var holdsRestated: Bool { self == .jsonl || self == .csv }

  /// The record on one line.
  func line(_ entry: LogEntry, vault: VaultID?) -> String {
    switch self {
    case .jsonl: RecordJSON.object(entry).line
    case .csv: RecordCSV.line(entry) + "\r"
    case .ocsf: OCSF.object(entry, vault: vault).line
    case .ecs: ECS.object(entry, vault: vault).line
    case .cef: CEF.line(entry, vault: vault)
    }
  }
}

/// What kind of thing a record's object is, as far as the record says.
enum ObjectKind {
  case document, folder, symlink, unknown

  init(_ entry: LogEntry) {
    switch entry.record.action {
    case .open, .read, .pages, .release: self = .document
    case .list, .grant, .revoke, .barrier, .boundary: self = .folder
    default:
      switch entry.detail("kind") {
      case "document": self = .document
      case "folder": self = .folder
      case "symlink": self = .symlink
      // Of these only documents have a size.
      default: self = entry.record.object?.size != nil || entry.record.handle != nil ? .document : .unknown
      }
    }
  }
}
