/// A reviewer's public key as its file holds it, one line: `strongroom-reviewer 1 <64 hexadecimal digits> <label>`.
package struct ReviewerKey: Hashable, Sendable {
  package static let labelByteCountMax = 128

  /// X25519, 32 bytes.
  package let publicKey: [UInt8]
  /// For people: 1…128 bytes of UTF-8 without control characters, neither beginning nor ending with a space.
  package let label: String

  /// Nil for a key that is not 32 bytes or a label that does not fit.
  package init?(publicKey: [UInt8], label: String) {
    guard publicKey.count == 32, !publicKey.allSatisfy({ $0 == 0 }), Self.isLabel(label) else { return nil }
    self.publicKey = publicKey
    self.label = label
  }

  package static func isLabel(_ text: String) -> Bool {
    (1...labelByteCountMax).contains(text.utf8.count) && text.first != " " && text.last != " "
      && text.unicodeScalars.allSatisfy { scalar in
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
      }
  }

  /// The line, with its newline.
  package func encode() -> String { "strongroom-reviewer 1 \(Hex.encode(publicKey)) \(label)\n" }

  /// Reads the content of a `.pub` file: exactly one such line.
  package init(parsing text: String) throws(FormatError) {
    guard text.utf8.last == 0x0a else { throw .malformed("no line") }
    let parts = text.dropLast().split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "strongroom-reviewer" else { throw .malformed("not a reviewer's public key") }
    if let version = UInt64(parts[1]), version > 1 { throw .newerVersion(version) }
    guard parts.count == 4, parts[1] == "1", let bytes = Hex.decode(parts[2]) else { throw .malformed("reviewer's public key") }
    guard let key = ReviewerKey(publicKey: bytes, label: String(parts[3])) else { throw .malformed("reviewer's public key") }
    self = key
  }
}
