package import Control
package import VaultFormat

/// Words for records that programs read: English, stable, the same in every format.
package enum LogWords {
  /// Vault paths are bytes: a backslash is `\\` and a byte that is not part of UTF-8 `\xHH`.
  package static func path(_ bytes: [UInt8]) -> String { PathText.encode(bytes) }

  package static func time(_ wall: Int64) -> String { moment(wall).utc }

  /// Times at the very ends of what 64 bits hold, which only a forged record has, are moved inwards, where calendars and zones can be computed.
  package static func moment(_ wall: Int64) -> WallTime {
    let margin: Int64 = 172_800_000_000_000
    return WallTime(nanoseconds: min(max(wall, .min + margin), .max - margin))
  }

  package static func outcome(_ outcome: Record.Outcome) -> String { "\(outcomeWord(outcome))" }

  static func outcomeWord(_ outcome: Record.Outcome) -> StaticString {
    switch outcome {
    case .done: "done"
    case .refused: "refused"
    case .failed: "failed"
    }
  }

  /// `Record.Action.name`, without making a text.
  static func action(_ action: Record.Action) -> StaticString {
    switch action {
    case .open: "OPEN"
    case .read: "READ"
    case .pages: "PAGES"
    case .write: "WRITE"
    case .release: "RELEASE"
    case .list: "LIST"
    case .deny: "DENY"
    case .create: "CREATE"
    case .rename: "RENAME"
    case .remove: "REMOVE"
    case .grant: "GRANT"
    case .revoke: "REVOKE"
    case .barrier: "BARRIER"
    case .boundary: "BOUNDARY"
    case .key: "KEY"
    case .reviewer: "REVIEWER"
    case .mount: "MOUNT"
    case .unmount: "UNMOUNT"
    case .auditStart: "AUDIT-START"
    case .auditStop: "AUDIT-STOP"
    case .recovery: "RECOVERY"
    case .restore: "RESTORE"
    case .review: "REVIEW"
    case .alert: "ALERT"
    case .unlock: "UNLOCK"
    case .duty: "DUTY"
    case .certify: "CERTIFY"
    }
  }

  /// What kind of thing decided.
  package static func decision(_ decision: Record.Decision) -> String {
    switch decision {
    case .grant: "grant"
    case .missing: "missing"
    case .barrier: "barrier"
    case .creator: "creator"
    case .identityUnknown: "identity-unknown"
    case .foreignHandle: "foreign-handle"
    case .neverAllowed: "never-allowed"
    case .open: "open"
    }
  }

  /// The grant or barrier that decided.
  package static func rule(_ decision: Record.Decision) -> RuleID? {
    switch decision {
    case .grant(let id), .creator(let id), .barrier(let id): id
    default: nil
    }
  }

  package static func missing(_ decision: Record.Decision) -> Rights? {
    if case .missing(let rights) = decision { rights } else { nil }
  }

  /// In one word and number: `grant 7`, `missing read`.
  package static func reason(_ decision: Record.Decision) -> String {
    let kind = Self.decision(decision)
    if let rule = rule(decision) { return "\(kind) \(rule)" }
    if let rights = missing(decision) { return "\(kind) \(rights.names)" }
    return kind
  }

  /// `EACCES`; the number for one that has no name here.
  package static func errno(_ code: Int32) -> String { names[code] ?? String(code) }

  // The numbers of Linux on every architecture that Swift runs on (asm-generic/errno*.h).
  private static let names: [Int32: String] = [
    1: "EPERM", 2: "ENOENT", 4: "EINTR", 5: "EIO", 6: "ENXIO", 9: "EBADF", 11: "EAGAIN", 12: "ENOMEM", 13: "EACCES", 16: "EBUSY",
    17: "EEXIST", 18: "EXDEV", 19: "ENODEV", 20: "ENOTDIR", 21: "EISDIR", 22: "EINVAL", 24: "EMFILE", 25: "ENOTTY", 26: "ETXTBSY",
    27: "EFBIG", 28: "ENOSPC", 30: "EROFS", 31: "EMLINK", 34: "ERANGE", 35: "EDEADLK", 36: "ENAMETOOLONG", 37: "ENOLCK",
    38: "ENOSYS",
    39: "ENOTEMPTY", 40: "ELOOP", 61: "ENODATA", 75: "EOVERFLOW", 95: "EOPNOTSUPP", 110: "ETIMEDOUT", 116: "ESTALE",
    122: "EDQUOT",
  ]

  /// The last name of a path; the path itself for the root.
  package static func name(_ path: [UInt8]) -> [UInt8] { Array(nameSlice(path)) }

  static func nameSlice(_ path: [UInt8]) -> ArraySlice<UInt8> {
    guard let slash = path.lastIndex(of: 0x2f), slash + 1 < path.count else { return path[...] }
    return path[(slash + 1)...]
  }

  /// The folder that holds it; the root for what is in the root, and for the root.
  package static func folder(_ path: [UInt8]) -> [UInt8] {
    Array(folderSlice(path))
  }

  static func folderSlice(_ path: [UInt8]) -> ArraySlice<UInt8> {
    guard let slash = path.lastIndex(of: 0x2f), slash > 0 else { return [0x2f] }
    return path[..<slash]
  }

  /// A program's name without its folder.
  static func programName(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: 0x2f), slash < path.utf8.index(before: path.utf8.endIndex) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }
}
