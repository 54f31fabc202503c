/// Every purpose a key or a hash is used for: the only place where these strings and numbers stand.
package enum Domain {
  /// The `crypto_kdf` context of all subkeys of the root key.
  package static let rootContext: StaticString = "strngrm1"

  package static let pageAAD: StaticString = "strongroom page 1"
  package static let segmentKeyCommitment: StaticString = "strongroom trail segment key 1"
  package static let chainStart: StaticString = "strongroom trail chain 1"
  package static let checkpoint: StaticString = "strongroom trail checkpoint 1"
  package static let mark: StaticString = "strongroom trail mark 1"
  package static let reviewerFingerprint: StaticString = "strongroom reviewer 1"
  package static let keySlot: StaticString = "strongroom key slot 1"
  package static let keyFile: StaticString = "strongroom key file 1"
  package static let trailSigner: StaticString = "strongroom trail signer 1"
  package static let reviewerIdentity: StaticString = "strongroom reviewer identity 1"
  package static let blobKey: StaticString = "strongroom blob key 1"
  package static let evidence: StaticString = "strongroom evidence 1"
  package static let evidenceSigner: StaticString = "strongroom evidence signer 1"
}

/// The purposes of the root key's subkeys: the id given to `crypto_kdf`. Never renumbered.
package enum Subkey: UInt64, CaseIterable, Sendable {
  case vaultFile = 1
  case rows = 2
  case nameTags = 3
  case rowDigests = 4
  case blobWrapping = 5
  case packDigests = 6
  case trailMarks = 7
  case trailSigner = 8
  case catalogFile = 9
  case bucketSeals = 10
}

/// The catalog's tables, as their AAD names them. Never renumbered.
package enum Table: UInt8, CaseIterable, Sendable {
  case node = 1
  case extent = 2
  case grant = 3
  case barrier = 4
  case boundary = 5
  case meta = 6
  case pack = 7
  case bucket = 8
  case duty = 9
  case use = 10
  case review = 11
  case reviewItem = 12
  case suspension = 13
}

extension StaticString {
  package var bytes: [UInt8] { withUTF8Buffer { [UInt8]($0) } }
}
