import VaultFormat

/// The names of a trail's files, for those who tell people of them.
package enum TrailFiles {
  /// Of a segment, by its number.
  package static func segment(_ number: UInt64) -> String { TrailFolder.segmentName(number) }
}

/// How reviewers are named in segments, records and lists.
package enum TrailReviewers {
  /// Of a public key, in hexadecimal: 32 digits.
  package static func fingerprint(of publicKey: [UInt8]) -> String { Hex.encode(Chain.fingerprint(of: publicKey)) }
}
