import VaultFormat

/// The formats of `log export`; docs/log-fields.md has their fields.
package enum LogFormat: String, CaseIterable, Sendable {
  case jsonl, csv, ocsf, ecs, cef

  /// What comes before the first record.
  var header: String? { self == .csv ? CSV.line(RecordCSV.fields) + "\r" : nil }

  /// Whether a handle's OPEN that is repeated at the start of a segment is exported: it is a record and no event.
  var holdsRestated: Bool { self == .jsonl || self == .csv }

}

/// Turns records into lines of one format, with one buffer for all. One thread.
struct LogFormatter {
  private let format: LogFormat
  private let vault: VaultID?
  private let vaultName: String?
  private var json = JSONWriter()

  init(_ format: LogFormat, vault: VaultID?) {
    self.format = format
    self.vault = vault
    vaultName = vault?.description
  }

  /// The record on one line, with its end.
  mutating func line(_ entry: LogEntry) -> String {
    switch format {
    case .csv: return RecordCSV.line(entry) + "\r\n"
    case .cef: return CEF.line(entry, vault: vault) + "\n"
    case .jsonl, .ocsf, .ecs: break
    }
    json.removeAll()
    let (format, vaultName) = (format, vaultName)
    json.line {
      switch format {
      case .ocsf: OCSF.write(entry, vault: vaultName, to: &$0)
      case .ecs: ECS.write(entry, vault: vaultName, to: &$0)
      case .jsonl, .csv, .cef: RecordJSON.write(entry, to: &$0)
      }
    }
    return String(decoding: json.bytes, as: UTF8.self)
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
