/// The manifest of an evidence pack: text, one statement a line, whose bytes are what the reviewer signs (docs/format/evidence.md).
package struct EvidenceManifest: Hashable, Sendable {
  /// One file of the pack: its bytes and their hash.
  package struct Member: Hashable, Sendable {
    package var name: String
    package var byteCount: UInt64
    package var hash: [UInt8]

    package init(name: String, byteCount: UInt64, hash: [UInt8]) {
      self.name = name
      self.byteCount = byteCount
      self.hash = hash
    }
  }

  package struct Filter: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package static let byteCountMax = 1 << 20
  package static let textByteCountMax = 4_096

  package var vault: VaultID
  /// What the pack is for, in its maker's words.
  package var matter: String
  /// Wall clock, ns.
  package var made: Int64
  package var reviewer: ReviewerKey
  /// Ed25519.
  package var signer: [UInt8]
  /// Records that were chosen, and OPENs that these refer to.
  package var chosenCount: UInt64
  package var contextCount: UInt64
  package var checkpointCount: UInt64
  /// Whether the keys of the segments are in the pack.
  package var isOpened: Bool
  package var filters: [Filter]
  package var members: [Member]

  package init(
    vault: VaultID, matter: String, made: Int64, reviewer: ReviewerKey, signer: [UInt8], chosenCount: UInt64,
    contextCount: UInt64, checkpointCount: UInt64, isOpened: Bool, filters: [Filter], members: [Member]
  ) {
    self.vault = vault
    self.matter = matter
    self.made = made
    self.reviewer = reviewer
    self.signer = signer
    self.chosenCount = chosenCount
    self.contextCount = contextCount
    self.checkpointCount = checkpointCount
    self.isOpened = isOpened
    self.filters = filters
    self.members = members
  }

  /// Whether a text can stand in a manifest: 1…4096 bytes of UTF-8 without characters that control or steer.
  package static func isText(_ text: String) -> Bool {
    (1...textByteCountMax).contains(text.utf8.count)
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
      }
  }

  package func encode() -> String {
    var text = "strongroom-evidence 1\nvault \(vault)\ncase \(matter)\nmade \(made)\n"
    text += "reviewer \(Hex.encode(reviewer.publicKey)) \(reviewer.label)\nsigner \(Hex.encode(signer))\n"
    text += "records \(chosenCount) \(contextCount)\ncheckpoints \(checkpointCount)\nopened \(isOpened ? 1 : 0)\n"
    for filter in filters { text += "filter \(filter.name) \(filter.value)\n" }
    for member in members { text += "file \(member.name) \(member.byteCount) \(Hex.encode(member.hash))\n" }
    return text
  }

  /// - Throws: `FormatError.malformed` for anything that `encode` would not have written.
  package init(parsing text: String) throws(FormatError) {
    guard text.utf8.last == 0x0a else { throw .malformed("manifest: no last line") }
    var lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)[...]
    func field(_ name: String) throws(FormatError) -> Substring {
      // By bytes: a space before a combining mark is one character with it.
      guard let line = lines.popFirst(), let (word, rest) = Self.cut(line), word == name else {
        throw .malformed("manifest: \(name)")
      }
      return rest
    }
    func number(_ text: Substring?, _ name: String) throws(FormatError) -> UInt64 {
      guard let text, let value = UInt64(text), String(value) == text else { throw .malformed("manifest: \(name)") }
      return value
    }
    let version = try field("strongroom-evidence")
    if let number = UInt64(version), number > 1 { throw .newerVersion(number) }
    guard version == "1" else { throw .malformed("manifest: version") }
    guard let vault = Hex.decode(try field("vault")).flatMap({ ID128($0) }) else { throw .malformed("manifest: vault") }
    self.vault = vault
    matter = String(try field("case"))
    let made = try field("made")
    guard Self.isText(matter), let wall = Int64(made), String(wall) == made else { throw .malformed("manifest: case") }
    self.made = wall
    guard let (digits, label) = Self.cut(try field("reviewer")), let key = Hex.decode(digits),
      let reviewer = ReviewerKey(publicKey: key, label: String(label))
    else { throw .malformed("manifest: reviewer") }
    self.reviewer = reviewer
    guard let signer = Hex.decode(try field("signer")), signer.count == 32 else { throw .malformed("manifest: signer") }
    self.signer = signer
    let counts = try field("records").split(separator: " ", omittingEmptySubsequences: false)
    guard counts.count == 2 else { throw .malformed("manifest: records") }
    chosenCount = try number(counts[0], "records")
    contextCount = try number(counts[1], "records")
    checkpointCount = try number(try field("checkpoints"), "checkpoints")
    isOpened = try number(try field("opened"), "opened") == 1
    filters = []
    members = []
    while lines.first?.utf8.starts(with: "filter ".utf8) == true {
      guard let (name, value) = Self.cut(try field("filter")), Self.isText(String(value)) else {
        throw .malformed("manifest: filter")
      }
      filters.append(Filter(name: String(name), value: String(value)))
    }
    while !lines.isEmpty {
      let parts = try field("file").split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 3, let hash = Hex.decode(parts[2]), hash.count == 32 else { throw .malformed("manifest: file") }
      members.append(Member(name: String(parts[0]), byteCount: try number(parts[1], "file"), hash: hash))
    }
    // One way to write each manifest.
    guard encode().utf8.elementsEqual(text.utf8) else { throw .malformed("manifest") }
  }

  /// What stands before and behind the first space; nil where there is none.
  private static func cut(_ text: Substring) -> (Substring, Substring)? {
    guard let space = text.utf8.firstIndex(of: 0x20) else { return nil }
    return (text[..<space], text[text.utf8.index(after: space)...])
  }
}
