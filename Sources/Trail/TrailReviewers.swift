import VaultFormat

/// How reviewers are named in segments, records and lists.
package enum TrailReviewers {
  /// Of a public key, in hexadecimal: 32 digits.
  package static func fingerprint(of publicKey: [UInt8]) -> String { Hex.encode(Chain.fingerprint(of: publicKey)) }
}
