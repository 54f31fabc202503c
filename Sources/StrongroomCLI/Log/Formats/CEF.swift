import VaultFormat

/// Records as lines of the ArcSight Common Event Format, version 0.
///
/// Source: Micro Focus, "ArcSight Common Event Format Implementation Standard": in the header `\` and `|` are escaped, in the extension `\` and
/// `=`, and line ends become `\n` and `\r`. It has no escape for other controls: those are written as on the terminal (`\u{202E}`, in which
/// the backslash is escaped again), with a backslash in a name doubled before.
enum CEF {
  static func line(_ entry: LogEntry, vault: VaultID?) -> String {
    let record = entry.record
    let action = record.action.name
    var line =
      "CEF:0|Strongroom|Strongroom|\(header(Strongroom.version))|\(header(action))|\(header(name(entry)))|\(severity(record))|"
    var isFirst = true
    func add(_ key: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      line += (isFirst ? "" : " ") + key + "=" + extensionValue(value)
      isFirst = false
    }
    func custom(_ key: String, _ label: String, _ value: String?) {
      guard let value, !value.isEmpty else { return }
      add(key + "Label", label)
      add(key, value)
    }
    add("rt", String(record.wall / 1_000_000))
    add("externalId", String(entry.sequence))
    add("deviceExternalId", vault?.description)
    add("act", action)
    add("outcome", record.outcome == .done ? "success" : "failure")
    add("reason", record.errno == 0 ? nil : LogWords.errno(record.errno))
    add("suser", record.actor?.name)
    add("suid", record.actor.map { String($0.uid) })
    add("spid", record.actor.flatMap { $0.pid == 0 ? nil : String($0.pid) })
    add("sproc", record.actor?.program)
    if let target = record.target {
      add("oldFilePath", record.object.map { text($0.path) })
      add("oldFileName", record.object.map { text(LogWords.name($0.path)) })
      add("filePath", text(target.path))
      add("fname", text(LogWords.name(target.path)))
    } else if let place = record.object {
      add("filePath", text(place.path))
      add("fname", text(LogWords.name(place.path)))
    }
    add("fileId", record.object.flatMap { $0.node == .none ? nil : $0.node.description })
    add("fsize", record.object?.size.map { String($0) })
    add("cnt", record.count.map { String($0) })
    custom("cs1", "decision", record.decision.map { LogWords.reason($0) })
    custom("cs2", "opener", record.opener.map { $0.name.isEmpty ? String($0.uid) : $0.name })
    custom("cs3", "handle", record.handle.map { String($0.value) })
    custom("cs4", "details", record.details.map { "\($0.key)=\($0.value)" }.joined(separator: "; "))
    custom("cn1", "offset", record.range.map { String($0.offset) })
    custom("cn2", "bytes", record.range.map { String($0.returned) } ?? record.usage.map { String($0.readByteCount) })
    custom("cn3", "distinctBytes", record.usage.map { String($0.distinctByteCount) })
    return line
  }

  private static func name(_ entry: LogEntry) -> String {
    if let operation = entry.detail("operation"), entry.record.action == .deny { return "Refused \(operation)" }
    let words = entry.record.action.name.lowercased()
    return words.prefix(1).uppercased() + words.dropFirst()
  }

  private static func severity(_ record: Record) -> Int {
    switch (record.action, record.outcome) {
    case (.alert, _): 8
    case (.recovery, _), (.restore, _): 6
    case (_, .refused): 5
    case (_, .failed): 4
    default: 2
    }
  }

  /// A path, with what is not UTF-8 as `\xHH` and a backslash doubled.
  private static func text(_ path: [UInt8]) -> String { LogWords.path(path) }

  static func header(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\", "|": text += "\\\(scalar)"
      case "\n", "\r": text += " "
      case _ where Escaping.isSteering(scalar): text += #"\\u{\#(String(scalar.value, radix: 16, uppercase: true))}"#
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }

  static func extensionValue(_ value: String) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\", "=": text += "\\\(scalar)"
      case "\n": text += #"\n"#
      case "\r": text += #"\r"#
      case _ where Escaping.isSteering(scalar): text += #"\\u{\#(String(scalar.value, radix: 16, uppercase: true))}"#
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
