/// One setting of a mount: its name, what values it takes, and where the value lies.
package struct MountSetting: Sendable {
  package enum Kind: Sendable, Equatable {
    case count(ClosedRange<Int>)
    /// Nanoseconds.
    case duration(ClosedRange<Int64>)
    case size(ClosedRange<Int>)
    case flag
    case word([String])
    /// Free text of a certain shape; the words say which.
    case text(String)
    case list(String)
  }

  package let name: String
  package let kind: Kind
  package let help: HelpText
  /// The value as it is written; empty where nothing is set. Items of lists are separated by `,`.
  package let show: @Sendable (MountConfiguration) -> String
  /// False where the text is no value of it.
  private let set: @Sendable (inout MountConfiguration, String) -> Bool

  package static let all: [MountSetting] = [
    .count("workers", 0...64, \.workerCount, .settingWorkers),
    .duration("poll", 0...10_000_000, \.pollNanoseconds, .settingPoll),
    .size("page-cache", 1 << 20...64 << 30, \.pageCacheByteCount, .settingPageCache),
    .size("read-ahead", 0...64 << 20, \.readAheadByteCount, .settingReadAhead),
    .count("max-background", 1...65_535, \.backgroundRequestCountMax, .settingMaxBackground),
    .duration("commit-interval", 10_000_000...60_000_000_000, \.commitIntervalNanoseconds, .settingCommitInterval),
    .count("commit-documents", 1...1_000_000, \.commitDocumentCount, .settingCommitDocuments),
    .flag("strict-trail", \.isTrailStrict, .settingStrictTrail),
    .text("trail-group", "a group's name", \.trailGroup, .settingTrailGroup, isName),
    .count("record-rate", 10...1_000_000, \.recordRatePerUser, .settingRecordRate),
    .list(
      "anchors", "syslog, syslog:unix:/path, syslog:tcp:HOST:PORT, syslog:tls:HOST:PORT or folder:/path", \.anchors,
      .settingAnchors
    ) { $0 == "syslog" || SyslogTarget($0) != nil || isPath($0, after: "folder:") },
    .list(
      "forward-records", "syslog:unix:/path, syslog:tcp:HOST:PORT, syslog:tls:HOST:PORT or folder:/path", \.recordSinks,
      .settingForwardRecords
    ) { SyslogTarget($0) != nil || isPath($0, after: "folder:") },
    .text("tls-authorities", "an absolute path", \.tlsAuthorities, .settingTLSAuthorities) { isPath($0, after: "") },
    .text("user", "a user's name", \.privateUser, .settingUser, isName),
    .flag("allow-other", \.allowsOthers, .settingAllowOther),
    .duration("identity-cache", 1_000_000_000...300_000_000_000, \.identityCacheNanoseconds, .settingIdentityCache),
    .word("log-level", ["debug", "info", "notice", "warning", "error"], \.logLevel, .settingLogLevel),
    .text("log-to", "stderr, syslog or file:/path", \.logTarget, .settingLogTo) {
      $0 == "stderr" || $0 == "syslog" || isPath($0, after: "file:")
    },
    .text("syslog-identifier", "1 to 32 letters, digits, '-', '_' or '.'", \.syslogIdentifier, .settingSyslogIdentifier) {
      (1...32).contains($0.utf8.count) && $0.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    },
    .text("passphrase-file", "an absolute path or -", \.passphraseFile, .settingPassphraseFile) {
      $0 == "-" || isPath($0, after: "")
    },
    .text("key-file", "an absolute path", \.keyFile, .settingKeyFile) { isPath($0, after: "") },
  ]

  /// - Throws: `config-unknown`, with the nearest name as a hint.
  package static func named(_ name: String, place: String) throws(CommandFailure) -> MountSetting {
    if let setting = all.first(where: { $0.name == name }) { return setting }
    let nearest = all.map { (name: $0.name, distance: EditDistance.between($0.name, name)) }.min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, name.count / 3) else {
      throw CommandFailure(.usage, .configUnknown, ["place": place, "name": name], hint: .settings)
    }
    throw CommandFailure(.usage, .configUnknown, ["place": place, "name": name, "suggestion": nearest.name], hint: .didYouMean)
  }

  /// Puts a value into its place; adds it, for a list.
  /// - Throws: `config-bad-…` naming `place` (`staff.yaml:12`), the setting and what it takes.
  package func apply(_ value: String, to configuration: inout MountConfiguration, place: String) throws(CommandFailure) {
    guard set(&configuration, value) else { throw refusal(of: value, place: place) }
  }

  /// The single values of a text: its items, for a list.
  func parts(_ text: String) -> [String] {
    guard case .list = kind else { return [text] }
    return text.split(separator: ",").map { String($0) }
  }

  private func refusal(of value: String, place: String) -> CommandFailure {
    var arguments = ["place": place, "name": name, "value": value]
    func bounds(_ min: String, _ max: String) {
      arguments["min"] = min
      arguments["max"] = max
    }
    switch kind {
    case .count(let range):
      bounds(String(range.lowerBound), String(range.upperBound))
      return CommandFailure(.usage, .configBadCount, arguments)
    case .duration(let range):
      bounds(TimeSpan.shown(range.lowerBound), TimeSpan.shown(range.upperBound))
      return CommandFailure(.usage, .configBadDuration, arguments, hint: .durations)
    case .size(let range):
      bounds(ByteSize.shown(range.lowerBound), ByteSize.shown(range.upperBound))
      return CommandFailure(.usage, .configBadSize, arguments, hint: .sizes)
    case .flag:
      return CommandFailure(.usage, .configBadFlag, arguments)
    case .word(let words):
      arguments["words"] = words.joined(separator: ", ")
      return CommandFailure(.usage, .configBadWord, arguments)
    case .text(let words), .list(let words):
      arguments["words"] = words
      return CommandFailure(.usage, .configBadText, arguments)
    }
  }
}

extension MountSetting {
  private typealias Place<Value> = WritableKeyPath<MountConfiguration, Value> & Sendable

  private static func count(_ name: String, _ range: ClosedRange<Int>, _ place: any Place<Int>, _ help: HelpText) -> MountSetting
  {
    MountSetting(name: name, kind: .count(range), help: help, show: { String($0[keyPath: place]) }) { configuration, text in
      guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let value = Int(text), range.contains(value) else {
        return false
      }
      configuration[keyPath: place] = value
      return true
    }
  }

  private static func duration(_ name: String, _ range: ClosedRange<Int64>, _ place: any Place<Int64>, _ help: HelpText)
    -> MountSetting
  {
    MountSetting(name: name, kind: .duration(range), help: help, show: { TimeSpan.shown($0[keyPath: place]) }) {
      configuration, text in
      guard let value = TimeSpan.nanoseconds(text), range.contains(value) else { return false }
      configuration[keyPath: place] = value
      return true
    }
  }

  private static func size(_ name: String, _ range: ClosedRange<Int>, _ place: any Place<Int>, _ help: HelpText) -> MountSetting {
    MountSetting(name: name, kind: .size(range), help: help, show: { ByteSize.shown($0[keyPath: place]) }) {
      configuration, text in
      guard let value = ByteSize.parse(text), range.contains(value) else { return false }
      configuration[keyPath: place] = value
      return true
    }
  }

  private static func flag(_ name: String, _ place: any Place<Bool>, _ help: HelpText) -> MountSetting {
    MountSetting(name: name, kind: .flag, help: help, show: { String($0[keyPath: place]) }) { configuration, text in
      guard let value = Bool(text) else { return false }
      configuration[keyPath: place] = value
      return true
    }
  }

  private static func word(_ name: String, _ words: [String], _ place: any Place<String>, _ help: HelpText) -> MountSetting {
    MountSetting(name: name, kind: .word(words), help: help, show: { $0[keyPath: place] }) { configuration, text in
      guard words.contains(text) else { return false }
      configuration[keyPath: place] = text
      return true
    }
  }

  private static func text(
    _ name: String, _ words: String, _ place: any Place<String>, _ help: HelpText, _ accepts: @escaping @Sendable (String) -> Bool
  ) -> MountSetting {
    MountSetting(name: name, kind: .text(words), help: help, show: { $0[keyPath: place] }) { configuration, text in
      guard accepts(text) else { return false }
      configuration[keyPath: place] = text
      return true
    }
  }

  private static func text(
    _ name: String, _ words: String, _ place: any Place<String?>, _ help: HelpText,
    _ accepts: @escaping @Sendable (String) -> Bool
  ) -> MountSetting {
    MountSetting(name: name, kind: .text(words), help: help, show: { $0[keyPath: place] ?? "" }) { configuration, text in
      guard accepts(text) else { return false }
      configuration[keyPath: place] = text
      return true
    }
  }

  private static func list(
    _ name: String, _ words: String, _ place: any Place<[String]>, _ help: HelpText,
    _ accepts: @escaping @Sendable (String) -> Bool
  ) -> MountSetting {
    MountSetting(name: name, kind: .list(words), help: help, show: { $0[keyPath: place].joined(separator: ",") }) {
      configuration, text in
      guard accepts(text), !configuration[keyPath: place].contains(text) else { return false }
      configuration[keyPath: place].append(text)
      return true
    }
  }

  /// A name of a user or group as NSS could know it.
  @Sendable private static func isName(_ text: String) -> Bool {
    (1...255).contains(text.utf8.count) && !text.contains { $0 == ":" || $0 == "," || $0 == "/" || $0.isWhitespace }
  }

  /// An absolute path behind a word. Commas separate options and are not allowed in it.
  private static func isPath(_ text: String, after word: String) -> Bool {
    text.hasPrefix(word + "/") && text.utf8.count <= 4096 && !text.contains { $0 == "," || $0.isNewline }
  }
}

/// How many letters must be put in, left out or changed between two words.
enum EditDistance {
  static func between(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, letter) in left.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let above = row[column + 1]
        row[column + 1] = min(diagonal + (letter == right[column] ? 0 : 1), above + 1, row[column] + 1)
        diagonal = above
      }
    }
    return row[right.count]
  }
}
