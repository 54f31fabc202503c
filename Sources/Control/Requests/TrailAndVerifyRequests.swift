/// "A reviewer reads the trail on this machine": becomes a REVIEW record.
package struct ReviewNotice: Codable, Sendable, Hashable {
  /// Of the identity that opens the segments.
  package var fingerprint: String
  /// One of `commands`.
  package var command: String
  /// The filters, by option name.
  package var filters: [String: String]

  /// The words after `log` of the commands that open a trail with an identity.
  package static let commands: Set<String> = [
    "around", "denials", "export", "first-access", "health", "off-hours", "pack", "query", "top", "user", "verify", "who",
  ]

  package init(fingerprint: String, command: String, filters: [String: String]) {
    self.fingerprint = fingerprint
    self.command = command
    self.filters = filters
  }
}

/// Verify the vault while it is mounted.
package struct VerifyRequest: Codable, Sendable, Hashable {
  package var isQuick: Bool
  /// Go on where an interrupted verification was.
  package var isResuming: Bool

  package init(isQuick: Bool, isResuming: Bool) {
    self.isQuick = isQuick
    self.isResuming = isResuming
  }
}
