/// A reviewer's identity file: the secret key, sealed under a passphrase. Five lines of text:
///
/// ```
/// strongroom-identity 1
/// label <label>
/// public <64 hexadecimal digits>
/// argon2id <passes> <bytes of memory> <32 hexadecimal digits of salt>
/// sealed <144 hexadecimal digits: nonce (24) ‖ ciphertext (32) ‖ tag (16)>
/// ```
package struct IdentityFile: Hashable, Sendable {
  package static let byteCountMax = 1024

  package var key: ReviewerKey
  package var passes: UInt64
  package var memoryByteCount: UInt64
  package var salt: [UInt8]
  package var sealed: [UInt8]

  package init(key: ReviewerKey, passes: UInt64, memoryByteCount: UInt64, salt: [UInt8], sealed: [UInt8]) {
    self.key = key
    self.passes = passes
    self.memoryByteCount = memoryByteCount
    self.salt = salt
    self.sealed = sealed
  }

  /// The lines before the sealed one, which its tag covers with the domain `reviewerIdentity` before them.
  private var lines: String {
    """
    strongroom-identity 1
    label \(key.label)
    public \(Hex.encode(key.publicKey))
    argon2id \(passes) \(memoryByteCount) \(Hex.encode(salt))

    """
  }

  package var associated: [UInt8] { Domain.reviewerIdentity.bytes + Array(lines.utf8) }

  package func encode() -> String { lines + "sealed \(Hex.encode(sealed))\n" }

  package init(parsing text: String) throws(FormatError) {
    guard text.utf8.count <= Self.byteCountMax else { throw .malformed("not an identity file") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let title = lines[0].split(separator: " ", omittingEmptySubsequences: false)
    guard title.count == 2, title[0] == "strongroom-identity" else { throw .malformed("not an identity file") }
    if let version = UInt64(title[1]), version > 1 { throw .newerVersion(version) }
    guard title[1] == "1", lines.count == 6, lines[5].isEmpty else { throw .malformed("identity file") }

    let label = try Self.value(of: "label", in: lines[1])
    guard let publicKey = Hex.decode(try Self.value(of: "public", in: lines[2])) else { throw .malformed("public key") }
    guard let key = ReviewerKey(publicKey: publicKey, label: String(label)) else { throw .malformed("public key") }
    let parameters = try Self.value(of: "argon2id", in: lines[3]).split(separator: " ", omittingEmptySubsequences: false)
    guard parameters.count == 3, let salt = Hex.decode(parameters[2]), salt.count == 16 else { throw .malformed("parameters") }
    let sealed = Hex.decode(try Self.value(of: "sealed", in: lines[4]))
    guard let sealed, sealed.count == 72 else { throw .malformed("sealed key") }
    self.init(
      key: key, passes: try Self.number(parameters[0]), memoryByteCount: try Self.number(parameters[1]), salt: salt,
      sealed: sealed)
  }

  private static func value(of word: String, in line: Substring) throws(FormatError) -> Substring {
    guard line.hasPrefix(word + " ") else { throw .malformed("identity file has no \(word)") }
    return line.dropFirst(word.count + 1)
  }

  private static func number(_ text: Substring) throws(FormatError) -> UInt64 {
    guard let value = UInt64(text), String(value) == text else { throw .malformed("number") }
    return value
  }
}
